// SPDX-License-Identifier: Apache-2.0
// What a spool file says of itself and of its sender: everything that Intake needs to take it in
// again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "conf/base/ids.h"

namespace bucky::storage {

/// How an image came. It is written into the file before the data set, so that the file alone is
/// enough.
struct Provenance {
    std::string association{}, calling_ae{}, called_ae{}, peer_address{};
    std::string tenant{};  ///< whose queue it joins
    std::string owner{};   ///< the tenant that owns the image; empty: none
    bool urgent = false;
    std::int64_t received_at_ms = 0;
    bool operator==(const Provenance&) const = default;
};

struct Spooled {
    Uid sop_instance, sop_class, study, series;
    std::string transfer_syntax, accession_number;
    bool is_of_our_make = false;
    Provenance from;
};

/// Throws bad_input (or corrupt) when the file is incomplete or contradicts itself; unavailable or
/// exhausted when it cannot be read now.
using SpooledReader = std::function<Spooled(const std::filesystem::path&)>;

}  // namespace bucky::storage
