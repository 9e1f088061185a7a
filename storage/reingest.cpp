// SPDX-License-Identifier: Apache-2.0
#include "storage/reingest.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "storage/copies.h"
#include "storage/journal.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kFileOf{"reingest.file_of", R"sql(
    SELECT file, transfer_syntax FROM instance WHERE id = :id)sql"};
constexpr Sql kNewest{"reingest.newest", R"sql(
    SELECT file FROM instance
     WHERE sop_instance = :sop_instance AND owner = :owner ORDER BY id DESC LIMIT 1)sql"};
constexpr Sql kAll[] = {kFileOf, kNewest};

void count(const char* outcome) {
    metrics::count("bucky_reingested_files_total", {{"outcome", outcome}});
}

}  // namespace

std::span<const Sql> reingest_statements() {
    return kAll;
}

/// In order of arrival: of two copies of one image the later one is current.
Reingest::Reingest(Database& db, Spool& spool, Aside& aside, const Clock& clock, StudyTimes times,
                   CopyRules copies, SpooledReader read)
    : db_(db),
      spool_(spool),
      aside_(aside),
      clock_(clock),
      times_(times),
      copies_(std::move(copies)),
      read_(std::move(read)) {
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> found;
    std::error_code missing;
    for (const auto& entry :
         std::filesystem::directory_iterator{spool_.root() / kReingestFolder, missing}) {
        std::error_code untimed;
        found.emplace_back(entry.last_write_time(untimed), entry.path());
    }
    std::sort(found.rbegin(), found.rend());
    for (auto& [at, file] : found) files_.push_back(std::move(file));
}

bool Reingest::take_in_next() {
    if (files_.empty()) return false;
    const auto file = files_.back();
    std::error_code unseen;
    try {
        if (std::filesystem::exists(file, unseen) || unseen) take_in(file);
    } catch (const Error& error) {  // the fault decides: aside, or try again
        switch (error.fault()) {
            case Fault::unavailable:
            case Fault::exhausted: throw;
            case Fault::bad_input:
            case Fault::unsupported:
            case Fault::corrupt:
            case Fault::bug: put_aside(file, Aside::Kind::image, error.what());
        }
    }
    files_.pop_back();
    return true;
}

void Reingest::take_in(const std::filesystem::path& file) {
    const auto found = read_(file);
    auto incoming = spool_.reopen(file);
    const auto& from = found.from;
    const Received received{.file = incoming,
                            .sop_instance = found.sop_instance,
                            .sop_class = found.sop_class,
                            .study = found.study,
                            .series = found.series,
                            .transfer_syntax = found.transfer_syntax,
                            .accession_number = found.accession_number,
                            .association = from.association,
                            .calling_ae = from.calling_ae,
                            .called_ae = from.called_ae,
                            .peer_address = from.peer_address,
                            .tenant = from.tenant,
                            .urgent = from.urgent,
                            .is_of_our_make = found.is_of_our_make,
                            .owner = from.owner,
                            .was_kept_before = true};
    Receipt receipt{};
    try {
        receipt = Intake{db_, spool_, clock_, times_, rules_for(found)}.receive(received);
    } catch (...) {
        // It may have its new name already, and no row: it stays here for the next try.
        std::error_code stays_there;
        if (incoming.path() != file) std::filesystem::rename(incoming.path(), file, stays_there);
        throw;
    }
    switch (receipt.kept) {
        case Receipt::Kept::fresh:
        case Receipt::Kept::conflicting:
        case Receipt::Kept::corrected:
            count("taken_in");
            Journal(db_, clock_)
                .write(received.key().str(), found.sop_instance.str(),
                       JournalEvent::image_reingested,
                       fmt::format("first received {}; the database did not know its file",
                                   iso_utc(from.received_at_ms)));
            log::event("reingest.image", {{"sop", found.sop_instance.str()},
                                          {"from", from.calling_ae},
                                          {"left", files_.size() - 1}});
            return;
        case Receipt::Kept::again: return settle_twin(incoming.path(), receipt.instance_id);
        case Receipt::Kept::own_result:
            return put_aside(incoming.path(), Aside::Kind::copy, "it is an object of our own make");
    }
    __builtin_unreachable();
}

/// A file that came before the stored copy corrects nothing. The time of arrival is read from the
/// stored file, because its row may have been made just now.
CopyRules Reingest::rules_for(const Spooled& found) {
    auto rules = copies_;
    std::string kept;
    {
        auto row = db_.prepare(kNewest);
        row.bind(":sop_instance", found.sop_instance.str()).bind(":owner", found.from.owner);
        if (row.step()) kept = spool_.absolute(row.text(0));
    }
    if (kept.empty()) return rules;
    try {
        if (read_(kept).from.received_at_ms > found.from.received_at_ms) rules.follow = false;
    } catch (const Error&) {  // a stored file that cannot be read counts as older
    }
    return rules;
}

/// The image is stored already. This file is a copy, or holds the same image in other bytes. Only a
/// copy may be deleted.
void Reingest::settle_twin(const std::filesystem::path& file, std::int64_t instance_id) {
    std::string kept, transfer_syntax;
    {
        auto row = db_.prepare(kFileOf);
        if (row.bind(":id", instance_id).step()) {
            kept = spool_.absolute(row.text(0));
            transfer_syntax = row.text(1);
        }
    }
    const auto content = [&](const std::filesystem::path& of) {
        return data_set_facts(of, transfer_syntax, true).pixels;
    };
    std::error_code unseen;
    if (!std::filesystem::exists(kept, unseen) || content(kept) != content(file)) {
        return put_aside(file, Aside::Kind::copy, "the image is kept in other bytes already");
    }
    std::error_code stays;  // a file that stays is tried at the next start
    std::filesystem::remove(file, stays);
    count("copy");
}

void Reingest::put_aside(const std::filesystem::path& file, Aside::Kind kind,
                         const std::string& why) {
    aside_.put(file, kind);
    count("aside");
    log::event(log::Level::warning, "reingest.aside",
               {{"file", file.filename().string()}, {"why", why}});
}

}  // namespace bucky::storage
