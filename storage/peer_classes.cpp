// SPDX-License-Identifier: Apache-2.0
#include "storage/peer_classes.h"

#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kTakes{"peer_class.takes", R"sql(
    SELECT taken FROM peer_class
     WHERE destination = :destination AND sop_class = :sop_class)sql"};

constexpr Sql kRemember{"peer_class.remember", R"sql(
    INSERT INTO peer_class (destination, sop_class, taken, since_ms)
    VALUES (:destination, :sop_class, :taken, :now_ms)
    ON CONFLICT (destination, sop_class) DO UPDATE SET taken = :taken, since_ms = :now_ms)sql"};

constexpr Sql kAll[] = {kTakes, kRemember};

}  // namespace

std::span<const Sql> peer_class_statements() {
    return kAll;
}

std::optional<bool> PeerClasses::takes(std::string_view destination, std::string_view sop_class) {
    auto row = db_.prepare(kTakes);
    row.bind(":destination", destination).bind(":sop_class", sop_class);
    if (!row.step()) return std::nullopt;
    return row.integer(0) != 0;
}

void PeerClasses::remember(std::string_view destination, std::string_view sop_class, bool taken) {
    if (takes(destination, sop_class) == taken) return;
    db_.prepare(kRemember)
        .bind(":destination", destination)
        .bind(":sop_class", sop_class)
        .bind(":taken", std::int64_t{taken})
        .bind(":now_ms", clock_.now_ms())
        .run();
}

}  // namespace bucky::storage
