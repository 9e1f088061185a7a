// SPDX-License-Identifier: Apache-2.0
// Archive: what an [[archive]] says that it has, and its sending to us (PS3.4 Annex C, study root).
//
// An archive may ignore a key that it does not know, and then answers with studies that nobody
// asked for: they are counted and left out. What it sends after a fetch comes in like any image, so
// it is durable before it is answered and is filed under what it says itself, whatever was asked
// for. One association serves all calls; it is opened again when the archive has closed it. Used by
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/ids.h"
#include "conf/settings.h"

namespace bucky::scp {

/// Who a patient is, by everything but the name, as an image says it.
struct PatientKeys {
    std::string id, issuer, birth_date, sex;
};

struct StudyQuery {
    std::string from, to;                 ///< YYYYMMDD, both included; empty: any
    std::vector<std::string> modalities;  ///< of the study; empty: any
    std::optional<Uid> study{};           ///< only this
    /// Only of this patient. An answer must have the ID and the birth date; issuer and sex where it
    /// says them. Nothing is asked for an ID that a query would read as a pattern.
    std::optional<PatientKeys> patient{};
};

struct ArchivedStudy {
    Uid study;
    std::string date, time;  ///< of the study, as the archive writes them
    std::string accession_number;
    std::vector<std::string> modalities;  ///< empty: the archive does not say
    std::int64_t images = 0;              ///< 0: the archive does not say
};

struct ArchivedSeries {
    Uid series;
    std::string modality, station, manufacturer, body_part, time;
    std::int64_t images = 0;  ///< 0: the archive does not say
};

template <typename Row>
struct Found {
    std::vector<Row> rows;  ///< each UID once, by date and time
    bool is_cut = false;    ///< it had more than archive.matches_max
    std::size_t unfit = 0;  ///< answers that do not fit the query, or name no study
};

struct Fetched {
    unsigned sent = 0, failed = 0;
    std::string trouble{};  ///< why not all came; empty: all did
};

class Archive {
public:
    /// Every wait ends at once when `give_up_fd` (-1: none) becomes readable.
    Archive(const conf::ArchiveSettings& archive, const AeTitle& calling, int give_up_fd = -1);
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;
    ~Archive();

    /// All calls throw unavailable when the archive does not answer, unsupported when it refuses.
    Found<ArchivedStudy> studies(const StudyQuery& query);
    Found<ArchivedSeries> series(const Uid& study);

    /// Lets it send a series to `destination`, and waits until it says that it has. What it refuses
    /// is `trouble`, and is not thrown.
    Fetched fetch(const Uid& study, const Uid& series, const AeTitle& destination);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
