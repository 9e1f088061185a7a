// SPDX-License-Identifier: Apache-2.0
// ImageFacts: what a file says of its image, for who compares copies of one SOP Instance UID.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace bucky {

struct ImageFacts {
    /// What results copy and models go by, by tag; as bytes, without padding; no empty values.
    std::map<std::uint32_t, std::string> said;
    std::string pixels;  ///< digest of the pixel data as they are encoded; empty: not asked for
};

}  // namespace bucky
