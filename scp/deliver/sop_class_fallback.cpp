// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/sop_class_fallback.h"

#include <algorithm>
#include <utility>

#include "conf/dicom/result_kinds.h"

namespace bucky::scp {

SopClassFallback::SopClassFallback(storage::Database& db, const Clock& clock,
                                   std::string destination, Sender& sender)
    : classes_(db, clock), destination_(std::move(destination)), sender_(sender) {
    for (const auto& row : kResultKinds) {
        for (const auto one : fallbacks_of(row.classes.front())) {
            if (std::ranges::find(asked_, one) == asked_.end()) asked_.push_back(one);
        }
    }
    for (const auto one : asked_) sender_.propose(one);
}

std::optional<std::string_view> SopClassFallback::instead_of(const storage::Result& result) {
    for (const auto one : asked_) {
        if (const auto taken = sender_.takes(one)) classes_.remember(destination_, one, *taken);
    }
    const auto& sop_class = result.sop_class.str();
    const bool is_offered = sender_.takes(sop_class).value_or(true);
    const bool may_go = is_offered && classes_.takes(destination_, sop_class).value_or(true);
    return may_go ? std::nullopt : best_for(result);
}

std::optional<std::string_view> SopClassFallback::after_refusal(const storage::Result& result) {
    if (fallbacks_of(result.sop_class.str()).empty()) return std::nullopt;
    // What the connection said about the class is remembered already.
    if (sender_.takes(result.sop_class.str()).value_or(true)) {
        classes_.remember_refusal(destination_, result.sop_class.str());
    }
    return best_for(result);
}

std::optional<std::string_view> SopClassFallback::best_for(const storage::Result& result) {
    for (const auto one : fallbacks_of(result.sop_class.str())) {
        const bool may_go =
            sender_.takes(one).value_or(true) && classes_.takes(destination_, one).value_or(true);
        if (may_go) return one;
    }
    return std::nullopt;
}

bool SopClassFallback::changed_since(std::string_view sop_class, std::int64_t since_ms) {
    return classes_.since_ms(destination_, sop_class) > since_ms;
}

}  // namespace bucky::scp
