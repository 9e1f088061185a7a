// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/dimse_sender.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "scp/wire/association.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/part10.h"
#include "scp/wire/status.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kContextsMax = 128;  // PS3.8 9.3.2.2: odd ids, 1 to 255

bool is_native(std::string_view transfer_syntax) {
    const auto* row = find_transfer_syntax(transfer_syntax);
    return row != nullptr && row->is_native();
}

/// What can be rewritten without loss: what is not compressed, and the pictures of results.
bool can_be_rewritten(std::string_view transfer_syntax) {
    return is_native(transfer_syntax) || transfer_syntax == transfer_syntax::kRle;
}

/// A context with the object's own syntax alone, so that the peer cannot choose another. For
/// objects that we can rewrite, a second one with the two syntaxes that every implementation has
/// (PS3.5 10.1).
std::vector<Offer> offers_for(std::string_view sop_class, std::string_view transfer_syntax) {
    std::vector<Offer> offers{{std::string{sop_class}, {std::string{transfer_syntax}}}};
    if (!can_be_rewritten(transfer_syntax)) return offers;
    Offer other{std::string{sop_class}, {}};
    for (const auto syntax : {kExplicitLittleEndian, kImplicitLittleEndian}) {
        if (syntax != transfer_syntax) other.transfer_syntaxes.emplace_back(syntax);
    }
    offers.push_back(std::move(other));
    return offers;
}

constexpr std::string_view kContextEvent = "deliver.context";

SendOutcome judged(const Association::Answer& answer, bool rewritten) {
    SendOutcome outcome;
    outcome.verdict = meaning_of_store_status(answer.status);
    outcome.status = fmt::format("{:04X}", answer.status);
    outcome.rewritten = rewritten;
    if (answer.status != kSuccess) outcome.words = words_for_store_status(answer.status);
    if (!answer.comment.empty()) outcome.words += fmt::format(" \"{}\"", answer.comment);
    if (answer.kept_text) {
        outcome.words += outcome.words.empty() ? "" : ", ";
        outcome.words += "in its own character set: its text does not fit in the destination's";
    }
    return outcome;
}

}  // namespace

struct DimseSender::Impl {
    Target target;
    AeTitle calling;
    std::vector<Offer> always;                                  ///< proposed on every association
    std::vector<Offer> wanted;                                  ///< for the next association
    std::vector<Offer> proposed;                                ///< on the open one
    std::map<std::string, std::string, std::less<>> preferred;  ///< transfer syntax by class
    std::string character_set;                                  ///< empty: as in the files
    std::unique_ptr<Association> association;

    void want(Offer offer);
    void want(const Part10Header& header);
    void connect(const Part10Header& header);
    void tell_contexts() const;
    SendOutcome send(const std::filesystem::path& file, const Part10Header& header);
    std::optional<SendOutcome> send_as_preferred(const std::filesystem::path& file,
                                                 const Part10Header& header);
    const Context* context_for(const Part10Header& header, bool rewritten) const;
    SendOutcome not_offered(const Part10Header& header) const;
};

void DimseSender::Impl::want(Offer offer) {
    if (std::find(wanted.begin(), wanted.end(), offer) != wanted.end()) return;
    if (wanted.size() == kContextsMax) wanted = always;  // the files are of other kinds now
    wanted.push_back(std::move(offer));
}

void DimseSender::Impl::want(const Part10Header& header) {
    for (auto& offer : offers_for(header.sop_class, header.transfer_syntax)) want(std::move(offer));
}

/// One event for each presentation context: what the peer answered.
void DimseSender::Impl::tell_contexts() const {
    for (const Context& context : association->contexts()) {
        const bool taken = context.refusal.empty();
        log::event(log::Level::debug, kContextEvent,
                   {{"to", target.name},
                    {"class", context.sop_class},
                    {"accepted", taken},
                    {"answer", taken ? context.transfer_syntax : context.refusal}});
    }
}

void DimseSender::Impl::connect(const Part10Header& header) {
    const Offer own = offers_for(header.sop_class, header.transfer_syntax).front();
    if (association) {
        const bool offered = std::find(proposed.begin(), proposed.end(), own) != proposed.end();
        if (offered && !association->is_dead()) return;
        if (!association->is_dead()) association->release();
        association.reset();
    }
    for (const auto& offer : always) want(offer);
    want(header);
    association = std::make_unique<Association>(target, calling, wanted);
    if (log::is_written(log::Level::debug, kContextEvent)) tell_contexts();
    proposed = wanted;
}

const Context* DimseSender::Impl::context_for(const Part10Header& header, bool rewritten) const {
    const auto& contexts = association->contexts();
    const auto fits = [&](const Context& context) {
        return context.sop_class == header.sop_class && !context.transfer_syntax.empty() &&
               (rewritten ? is_native(context.transfer_syntax)
                          : context.transfer_syntax == header.transfer_syntax);
    };
    const auto found = std::find_if(contexts.begin(), contexts.end(), fits);
    return found == contexts.end() ? nullptr : &*found;
}

/// Nothing when no other syntax is preferred or the peer does not accept it; the caller then sends
/// the file in the usual way.
std::optional<SendOutcome> DimseSender::Impl::send_as_preferred(const std::filesystem::path& file,
                                                                const Part10Header& header) {
    const auto wish = preferred.find(header.sop_class);
    if (wish == preferred.end() || wish->second == header.transfer_syntax ||
        !can_be_rewritten(header.transfer_syntax)) {
        return std::nullopt;
    }
    for (const auto& context : association->contexts()) {
        if (context.sop_class != header.sop_class || context.transfer_syntax != wish->second) {
            continue;
        }
        try {
            return judged(association->store_rewritten(file, header, context, character_set), true);
        } catch (const Error& error) {  // this syntax cannot encode this object
            if (error.fault() != Fault::unsupported) throw;
            return std::nullopt;  // it is sent as it is
        }
    }
    return std::nullopt;
}

SendOutcome DimseSender::Impl::send(const std::filesystem::path& file, const Part10Header& header) {
    if (auto outcome = send_as_preferred(file, header)) return *outcome;
    // A dataset of odd length is not valid, but PDVs must be even (PS3.7 Annex F): rewrite it.
    const bool even = (header.file_bytes - header.dataset_at) % 2 == 0;
    const bool same_text = character_set.empty() || !can_be_rewritten(header.transfer_syntax);
    const Context* as_it_is = context_for(header, false);
    if (as_it_is != nullptr && even && same_text) {
        return judged(association->store(file, header, *as_it_is), false);
    }
    if (can_be_rewritten(header.transfer_syntax)) {
        const bool keeps_pixels = as_it_is != nullptr && !is_native(header.transfer_syntax);
        const Context* other = keeps_pixels ? as_it_is : context_for(header, true);
        if (other != nullptr) {
            return judged(association->store_rewritten(file, header, *other, character_set), true);
        }
    }
    return not_offered(header);
}

/// No context fits. Where all contexts of the class were refused, it is the class.
SendOutcome DimseSender::Impl::not_offered(const Part10Header& header) const {
    SendOutcome outcome{.verdict = SendVerdict::class_not_accepted,
                        .words = fmt::format("no context for class {} in {}", header.sop_class,
                                             header.transfer_syntax)};
    for (const auto& context : association->contexts()) {
        if (context.sop_class != header.sop_class) continue;
        if (context.refusal.empty()) {
            outcome.verdict = SendVerdict::refused;
        } else {
            outcome.words = fmt::format("context not accepted for class {} in {}: {}",
                                        header.sop_class, header.transfer_syntax, context.refusal);
        }
    }
    return outcome;
}

DimseSender::DimseSender(Target target, AeTitle calling)
    : impl_(new Impl{std::move(target), std::move(calling), {}, {}, {}, {}, {}, nullptr}) {}

DimseSender::~DimseSender() {
    release();
}

void DimseSender::announce(const std::filesystem::path& file) {
    check_file_meta(file);
    const auto header = read_part10_header(file);
    // The walk protects DCMTK's parser, which recurses and runs if the file must be rewritten.
    (void)read_dataset_header(file, header.dataset_at, header.transfer_syntax);
    impl_->want(header);
}

void DimseSender::propose(std::string_view sop_class) {
    auto& always = impl_->always;
    for (auto& offer : offers_for(sop_class, kExplicitLittleEndian)) {
        if (std::find(always.begin(), always.end(), offer) == always.end()) {
            always.push_back(std::move(offer));
        }
    }
}

void DimseSender::prefer(std::string_view sop_class, std::string_view transfer_syntax) {
    impl_->preferred.emplace(sop_class, transfer_syntax);
    impl_->always.push_back({std::string{sop_class}, {std::string{transfer_syntax}}});
}

void DimseSender::write_text_in(std::string character_set) {
    impl_->character_set = std::move(character_set);
}

std::optional<bool> DimseSender::takes(std::string_view sop_class) const {
    std::optional<bool> taken;
    if (!impl_->association) return taken;
    for (const auto& context : impl_->association->contexts()) {
        if (context.sop_class != sop_class) continue;
        taken = taken.value_or(false) || !context.transfer_syntax.empty();
    }
    return taken;
}

void DimseSender::connect(const std::filesystem::path& file) {
    impl_->connect(read_part10_header(file));
}

SendOutcome DimseSender::send(const std::filesystem::path& file) {
    const Part10Header header = read_part10_header(file);
    impl_->connect(header);
    try {
        return impl_->send(file, header);
    } catch (const Error& error) {   // an outcome of this file, not of the next one
        impl_->association.reset();  // aborts: part of a message may have been sent
        const bool never = error.fault() == Fault::unsupported;
        return {.verdict = never ? SendVerdict::refused : SendVerdict::try_later,
                .words = error.what()};
    }
}

bool DimseSender::connected() const {
    return impl_->association != nullptr;
}

void DimseSender::release() noexcept {
    if (impl_->association) impl_->association->release();
    impl_->association.reset();
}

}  // namespace bucky::scp
