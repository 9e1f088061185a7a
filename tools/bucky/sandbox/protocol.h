// SPDX-License-Identifier: Apache-2.0
// What the node and its decode workers say to each other: a question on a socket, an answer in
// memory that both hold.
//
// A question is one datagram: what is wanted, and the file as a descriptor (pass_file.h). All
// questions are about one file until `forget`. An answer is one datagram of fixed size; what it
// announces lies in the shared memory, pixels as they are, all else packed. Both ends are the same
// program, so the format is nobody else's; the node bounds every number all the same, because the
// worker has been in a stranger's hands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conf/base/error.h"
#include "dicom_sr/common/object.h"
#include "inference/pixels/header.h"
#include "inference/pixels/image.h"

namespace bucky {

inline constexpr int kWorkerSocket = 3;  ///< the worker's descriptors
inline constexpr int kWorkerMemory = 4;

/// Beyond it, the memory goes back to the system before the next answer. Below, it is used again:
/// pages cost more than pixels.
inline constexpr std::int64_t kWorkerMemoryKeptBytes = 64 << 20;

/// Its exit status when the system gave it no process for a file: EX_TEMPFAIL.
inline constexpr int kNoRoomForWorker = 75;

enum class Question : std::uint8_t {
    header,
    image,
    source,  ///< what a result copies of it
    forget,  ///< no question: the next is about another file
};

struct Answer {
    enum class Kind : std::uint32_t { value, error };
    Kind kind = Kind::value;
    Fault fault = Fault::bug;         ///< of an error; the words are what is packed
    std::uint64_t packed_bytes = 0;   ///< first in the memory
    std::uint64_t pattern_bytes = 0;  ///< behind it: Frame::patterns
    std::uint64_t hidden_bytes = 0;   ///< behind these: Image::hidden
};

/// Everything of an image but its patterns and what is hidden.
std::string pack(const inference::Header& header);
std::string pack(const inference::Image& image);
std::string pack(const dicom_sr::Source& source);

/// Throw corrupt when the text is not what pack() makes.
inference::Header unpack_header(std::string_view packed);
inference::Image unpack_image(std::string_view packed);
dicom_sr::Source unpack_source(std::string_view packed);

}  // namespace bucky
