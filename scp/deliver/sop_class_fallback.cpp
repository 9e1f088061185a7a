// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/sop_class_fallback.h"

#include <utility>

#include "conf/dicom/sop_classes.h"

namespace bucky::scp {

SopClassFallback::SopClassFallback(storage::Database& db, const Clock& clock,
                                   std::string destination, Sender& sender)
    : classes_(db, clock), destination_(std::move(destination)), sender_(sender) {
    for (const auto& one : kReportClasses) sender_.propose(one);
    for (const auto& one : kPictureClasses) sender_.propose(one);
}

std::optional<std::string_view> SopClassFallback::instead_of(const storage::Result& result) {
    std::optional<std::string_view> best;
    for (const auto sop_class : fallbacks_of(result.sop_class.str())) {
        const auto taken = sender_.takes(sop_class);
        if (!taken) continue;
        classes_.remember(destination_, sop_class, *taken);
        if (*taken && !best) best = sop_class;
    }
    const bool may_go = sender_.takes(result.sop_class.str()).value_or(true);
    return may_go ? std::nullopt : best;
}

}  // namespace bucky::scp
