// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/store_parts.h"

#include "scp/web/media_type.h"
#include "scp/web/part10_prefix.h"
#include "scp/wire/contexts.h"
#include "scp/wire/status.h"

namespace bucky::scp {
namespace {

constexpr std::uint16_t kSyntaxNotSupported = 0xC122;  // PS3.18 Table I.2-2

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A type that nobody wrote is taken for a file, too.
bool may_be_file(std::string_view type) {
    const auto read = parse_media_type(type).type;
    return read.empty() || read == "application/dicom" || read == "application/octet-stream";
}

std::uint16_t reason_of(const Arrival& arrival) {
    const auto fault = arrival.failure->fault();
    const bool is_of_syntax =
        fault == Fault::unsupported && find_storage_class(arrival.sop_class) != nullptr;
    return is_of_syntax ? kSyntaxNotSupported : dimse_status(fault);
}

}  // namespace

void StoreParts::part_begins(std::string_view type) {
    is_open_ = true;
    held_.clear();
    arrival_.emplace();
    arrival_->study = study_;
    dataset_.reset();
    if (may_be_file(type)) return;
    const Error other{Fault::bad_input, "a part is not of the type application/dicom"};
    begin(&other);
}

void StoreParts::part_bytes(std::string_view bytes) {
    if (dataset_) return dataset_->take(bytes_of(bytes));
    held_ += bytes;
    look(false);
}

void StoreParts::part_ends() {
    if (!dataset_) look(true);
    arrivals_.finish(*arrival_, *dataset_);
    end();
}

void StoreParts::cut_off() {
    if (!is_open_) return;
    arrival_->fail(Error(Fault::bad_input, "the request ends within this part"));
    end();
}

/// Whether the data set has begun in what is held.
void StoreParts::look(bool is_all) {
    auto prefix = read_prefix(held_, is_all);
    switch (prefix.kind) {
        case Part10Prefix::Kind::more: return;
        case Part10Prefix::Kind::wrong: {
            const Error none{Fault::bad_input, "a part is no DICOM file"};
            return begin(&none);
        }
        case Part10Prefix::Kind::whole: break;
    }
    arrival_->sop_class = std::move(prefix.sop_class);
    arrival_->sop_instance = std::move(prefix.sop_instance);
    arrival_->transfer_syntax = std::move(prefix.transfer_syntax);
    begin(nullptr);
    dataset_->take(bytes_of(held_).subspan(prefix.dataset_at));
    held_.clear();
}

void StoreParts::begin(const Error* failure) {
    if (failure != nullptr) {
        arrival_->fail(*failure);
    } else {
        arrivals_.begin(*arrival_);
    }
    dataset_.emplace(arrivals_.dataset_of(*arrival_));
}

void StoreParts::end() {
    is_open_ = false;
    auto& part = parts_.emplace_back(
        StoredPart{.sop_class = arrival_->sop_class, .sop_instance = arrival_->sop_instance});
    if (arrival_->failure) {
        part.failure = reason_of(*arrival_);
        arrivals_.note_refused(*arrival_, part.failure);
    } else {
        arrivals_.note_kept(*arrival_);
    }
    dataset_.reset();
    arrival_.reset();  // with its file and the memory for it
}

}  // namespace bucky::scp
