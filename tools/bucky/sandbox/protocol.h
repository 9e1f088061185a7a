// SPDX-License-Identifier: Apache-2.0
// The protocol between the node and its decode workers: questions go through a socket, answers
// through shared memory.
//
// A question is one datagram: what is asked, and the file as a descriptor (pass_file.h). All
// questions are about one file until `forget`. An answer is one datagram of fixed size; the data
// that it announces lies in the shared memory, pixels as they are, everything else packed. Both
// ends are the same program, so the format needs no versions. The node still checks every number,
// because a hostile file may control the worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conf/base/error.h"
#include "dicom_sr/common/object.h"
#include "inference/pixels/header.h"
#include "inference/pixels/image.h"
#include "inference/pixels/text_search.h"

namespace bucky {

inline constexpr int kWorkerSocket = 3;  ///< the worker's descriptors
inline constexpr int kWorkerMemory = 4;

/// Above this size the memory is returned to the system before the next answer. Below, it is used
/// again: fresh pages cost more than the pixels.
inline constexpr std::int64_t kWorkerMemoryKeptBytes = 64 << 20;

/// The worker's exit status when fork() failed for a file: EX_TEMPFAIL.
inline constexpr int kNoRoomForWorker = 75;

enum class Question : std::uint8_t {
    header,
    image,
    source,           ///< the attributes that a result copies
    text_in_display,  ///< text in the pixels, as Greys
    text_in_modality,
    forget,  ///< not a question: the next is about another file
};

struct Answer {
    enum class Kind : std::uint32_t { value, error };
    Kind kind = Kind::value;
    Fault fault = Fault::bug;         ///< of an error; its message is packed
    std::uint64_t packed_bytes = 0;   ///< at the start of the memory
    std::uint64_t pattern_bytes = 0;  ///< behind it: Frame::patterns
    std::uint64_t hidden_bytes = 0;   ///< behind these: Image::hidden
};

/// Everything of an image except its patterns and the hidden part.
std::string pack(const inference::Header& header);
std::string pack(const inference::Image& image);
std::string pack(const dicom_sr::Source& source);
std::string pack(const inference::TextSearch& found);

/// Throw corrupt when the text is not what pack() makes.
inference::Header unpack_header(std::string_view packed);
inference::Image unpack_image(std::string_view packed);
dicom_sr::Source unpack_source(std::string_view packed);
inference::TextSearch unpack_text(std::string_view packed);

}  // namespace bucky
