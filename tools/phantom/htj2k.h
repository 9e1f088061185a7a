// SPDX-License-Identifier: Apache-2.0
// The High-Throughput JPEG 2000 encoder for phantoms, through OpenJPH. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/phantom/jpeg2000.h"

namespace bucky::phantom {

/// Returns a codestream (ITU-T T.814) of this progression order: LRCP, RLCP, RPCL, PCRL or CPRL.
///   err  bug when OpenJPH fails
std::vector<std::uint8_t> encode_htj2k(const Jpeg2000Picture& picture, const char* progression);

}  // namespace bucky::phantom
