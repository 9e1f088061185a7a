// SPDX-License-Identifier: Apache-2.0
// ImageFacts: the content of an image file by which copies of one SOP Instance UID are compared.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace bucky {

struct ImageFacts {
    /// The attributes that results copy and models use, by tag: bytes without padding, none empty.
    std::map<std::uint32_t, std::string> said;
    std::string pixels;  ///< digest of the encoded pixel data; empty: not requested
};

}  // namespace bucky
