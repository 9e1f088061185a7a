// SPDX-License-Identifier: Apache-2.0
// Lane: what the jobs of one queue are for, and which destination they concern. Only storage/ knows
// the text that the database keeps of a lane ("infer", "report", "deliver:NAME", "commit:NAME");
// people see the same text in tables, logs and metrics.
#pragma once

#include <string>
#include <string_view>

namespace bucky::storage {

enum class LaneKind {
    infer,    ///< analyse an image; subject: instance id
    report,   ///< report on a study; subject: study key
    deliver,  ///< send a result to a destination; subject: result UID
    commit,   ///< request storage commitment for a study from a destination; subject: study key
};

struct Lane {
    LaneKind kind = LaneKind::infer;
    std::string destination = {};  ///< its name, for deliver and commit; else empty

    static Lane infer() { return {LaneKind::infer}; }
    static Lane report() { return {LaneKind::report}; }
    static Lane deliver(std::string_view name) { return {LaneKind::deliver, std::string{name}}; }
    static Lane commit(std::string_view name) { return {LaneKind::commit, std::string{name}}; }

    bool operator==(const Lane&) const = default;
};

/// Whether lanes of this kind belong to a destination each.
bool has_destination(LaneKind kind);

/// "deliver"
std::string_view name_of(LaneKind kind);

/// "deliver:pacs"
std::string name_of(const Lane& lane);

/// The reverse of name_of(). Throws corrupt for any other text.
Lane lane_named(std::string_view text);

}  // namespace bucky::storage
