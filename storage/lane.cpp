// SPDX-License-Identifier: Apache-2.0
#include "storage/lane.h"

#include "conf/base/error.h"

namespace bucky::storage {

std::string_view name_of(LaneKind kind) {
    switch (kind) {
        case LaneKind::infer: return "infer";
        case LaneKind::report: return "report";
        case LaneKind::deliver: return "deliver";
        case LaneKind::commit: return "commit";
    }
    __builtin_unreachable();
}

bool has_destination(LaneKind kind) {
    switch (kind) {
        case LaneKind::infer:
        case LaneKind::report: return false;
        case LaneKind::deliver:
        case LaneKind::commit: return true;
    }
    __builtin_unreachable();
}

std::string name_of(const Lane& lane) {
    std::string name{name_of(lane.kind)};
    if (has_destination(lane.kind)) name.append(":").append(lane.destination);
    return name;
}

Lane lane_named(std::string_view text) {
    const auto colon = text.find(':');
    const bool names_one = colon != std::string_view::npos;
    for (const auto kind :
         {LaneKind::infer, LaneKind::report, LaneKind::deliver, LaneKind::commit}) {
        if (text.substr(0, colon) != name_of(kind) || has_destination(kind) != names_one) continue;
        return {kind, std::string{names_one ? text.substr(colon + 1) : std::string_view{}}};
    }
    throw Error(Fault::corrupt, "a job is in lane '{}', which there is not", text);
}

}  // namespace bucky::storage
