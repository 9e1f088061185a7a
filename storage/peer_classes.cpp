// SPDX-License-Identifier: Apache-2.0
#include "storage/peer_classes.h"

#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kTakes{"peer_class.takes", R"sql(
    SELECT taken, refused_at_ms, since_ms FROM peer_class
     WHERE destination = :destination AND sop_class = :sop_class)sql"};

constexpr Sql kRemember{"peer_class.remember", R"sql(
    INSERT INTO peer_class (destination, sop_class, taken, since_ms)
    VALUES (:destination, :sop_class, :taken, :now_ms)
    ON CONFLICT (destination, sop_class) DO UPDATE SET taken = :taken, since_ms = :now_ms)sql"};

constexpr Sql kRefused{"peer_class.refused", R"sql(
    INSERT INTO peer_class (destination, sop_class, taken, since_ms, refused_at_ms)
    VALUES (:destination, :sop_class, 1, :now_ms, :now_ms)
    ON CONFLICT (destination, sop_class) DO UPDATE
       SET since_ms = iif(refused_at_ms = 0, :now_ms, since_ms), refused_at_ms = :now_ms)sql"};

constexpr Sql kAll[] = {kTakes, kRemember, kRefused};

constexpr std::int64_t kBelievedMs = 7LL * 24 * 3600 * 1000;

struct Row {
    bool negotiated = false;
    std::int64_t refused_at_ms = 0;
    std::int64_t since_ms = 0;
};

std::optional<Row> row_of(Database& db, std::string_view destination, std::string_view sop_class) {
    auto row = db.prepare(kTakes);
    row.bind(":destination", destination).bind(":sop_class", sop_class);
    if (!row.step()) return std::nullopt;
    return Row{row.integer(0) != 0, row.integer(1), row.integer(2)};
}

}  // namespace

std::span<const Sql> peer_class_statements() {
    return kAll;
}

std::optional<bool> PeerClasses::takes(std::string_view destination, std::string_view sop_class) {
    const auto row = row_of(db_, destination, sop_class);
    if (!row) return std::nullopt;
    const bool is_refused =
        row->refused_at_ms != 0 && clock_.now_ms() - row->refused_at_ms < kBelievedMs;
    return row->negotiated && !is_refused;
}

std::int64_t PeerClasses::since_ms(std::string_view destination, std::string_view sop_class) {
    const auto row = row_of(db_, destination, sop_class);
    return row ? row->since_ms : 0;
}

void PeerClasses::remember_refusal(std::string_view destination, std::string_view sop_class) {
    db_.prepare(kRefused)
        .bind(":destination", destination)
        .bind(":sop_class", sop_class)
        .bind(":now_ms", clock_.now_ms())
        .run();
}

void PeerClasses::remember(std::string_view destination, std::string_view sop_class, bool taken) {
    const auto row = row_of(db_, destination, sop_class);
    if (row && row->negotiated == taken) return;
    db_.prepare(kRemember)
        .bind(":destination", destination)
        .bind(":sop_class", sop_class)
        .bind(":taken", std::int64_t{taken})
        .bind(":now_ms", clock_.now_ms())
        .run();
}

}  // namespace bucky::storage
