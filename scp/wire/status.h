// SPDX-License-Identifier: Apache-2.0
// DIMSE statuses: the number and text that we answer for each Fault, and the meaning of a peer's
// answer to a C-STORE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conf/base/error.h"
#include "conf/dicom/send_verdict.h"

namespace bucky::scp {

inline constexpr std::uint16_t kSuccess = 0x0000;
inline constexpr std::uint16_t kSopClassNotSupported = 0x0122;   // PS3.7 C.5.6
inline constexpr std::uint16_t kUnrecognizedOperation = 0x0211;  // PS3.7 C.5.25

constexpr std::uint16_t dimse_status(Fault fault) {  // PS3.4 Table B.2-1, PS3.7 Annex C
    switch (fault) {
        case Fault::bad_input: return 0xC000;    // Error: cannot understand
        case Fault::unsupported: return 0x0122;  // Refused: SOP Class not supported
        case Fault::unavailable:
        case Fault::exhausted: return 0xA700;  // Refused: out of resources; the sender may retry
        case Fault::corrupt: return 0xA900;    // Error: data set does not match SOP Class
        case Fault::bug: return 0x0110;        // Processing failure
    }
    __builtin_unreachable();
}

/// Error Comment (0000,0902), an LO of at most 64 characters: what the sender can do. It depends on
/// the fault alone and never contains an error's words: every caller reads the comment, and the
/// words may name a path, a host or a limit of this machine. The log has the words.
constexpr std::string_view error_comment(Fault fault) {
    switch (fault) {
        case Fault::bad_input: return "the data set, or a UID of it, cannot be accepted";
        case Fault::unsupported: return "this SOP class or transfer syntax is not taken";
        case Fault::unavailable: return "cannot be kept now; send it again later";
        case Fault::exhausted: return "a limit of this node is reached; send it again later";
        case Fault::corrupt: return "the data set contradicts the request or what came before";
        case Fault::bug: return "internal error; the log of this node says more";
    }
    __builtin_unreachable();
}

/// What a peer's answer to a C-STORE, or to another request, means.
SendVerdict meaning_of_store_status(std::uint16_t status);

/// "A700 (refused: out of resources)"
std::string words_for_store_status(std::uint16_t status);

}  // namespace bucky::scp
