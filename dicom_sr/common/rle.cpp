// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/rle.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "conf/base/error.h"

namespace bucky::dicom_sr {
namespace {

constexpr std::size_t kSegmentsMax = 15;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kRunMost = 128;  ///< of equal bytes or of others, in one piece
constexpr std::size_t kRunLeast = 3;   ///< shorter ones save nothing

std::uint64_t eight_at(const std::uint8_t* bytes) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes, sizeof eight);
    return eight;
}

/// The first place from `at` where a byte and the two behind it are equal; `count` if none is.
std::size_t next_run(const std::uint8_t* row, std::size_t at, std::size_t count) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
    for (; at + 10 <= count; at += 8) {
        const std::uint64_t eight = eight_at(row + at);
        const std::uint64_t unlike =
            (eight ^ eight_at(row + at + 1)) | (eight ^ eight_at(row + at + 2));
        const std::uint64_t zeros = (unlike - kOnes) & ~unlike & kTops;  // its lowest bit is right
        if (zeros != 0) return at + static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
    }
    for (; at + kRunLeast <= count; ++at) {
        if (row[at] == row[at + 1] && row[at] == row[at + 2]) return at;
    }
    return count;
}

/// Writes bytes behind one another; the room is known to suffice.
class Packer {
public:
    explicit Packer(std::uint8_t* to) : to_(to) {}

    void row(const std::uint8_t* row, std::size_t count) {
        for (std::size_t at = 0; at < count;) {
            const std::size_t run = next_run(row, at, count);
            literally(row + at, run - at);
            at = run + repeated(row + run, count - run);
        }
    }
    std::uint8_t* end() const { return to_; }

private:
    void literally(const std::uint8_t* bytes, std::size_t count) {
        while (count > 0) {
            const std::size_t piece = std::min(count, kRunMost);
            *to_++ = static_cast<std::uint8_t>(piece - 1);
            std::memcpy(to_, bytes, piece);
            to_ += piece;
            bytes += piece;
            count -= piece;
        }
    }
    /// Returns the length of the run; 0 when nothing is left.
    std::size_t repeated(const std::uint8_t* bytes, std::size_t left) {
        if (left == 0) return 0;
        std::size_t run = kRunLeast;
        while (run < std::min(left, kRunMost) && bytes[run] == bytes[0]) ++run;
        *to_++ = static_cast<std::uint8_t>(257 - run);
        *to_++ = bytes[0];
        return run;
    }

    std::uint8_t* to_;
};

void put_number(std::uint8_t* to, std::size_t number) {  // UL, little endian
    for (std::size_t i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(number >> 8 * i);
}

}  // namespace

std::vector<std::uint8_t> rle_frame(std::span<const std::uint8_t> pixels, std::size_t columns,
                                    std::size_t samples) {
    const std::size_t row_bytes = columns * samples;
    if (row_bytes == 0 || samples > kSegmentsMax || pixels.empty() ||
        pixels.size() % row_bytes != 0) {
        throw Error(Fault::bug, "{} bytes are no rows of {} pixels", pixels.size(), columns);
    }
    const std::size_t rows = pixels.size() / row_bytes;
    const std::size_t packed_most = columns + (columns + kRunMost - 1) / kRunMost;  // nothing alike
    std::vector<std::uint8_t> frame(kHeaderBytes + samples * (rows * packed_most + 1));
    std::vector<std::uint8_t> line(columns);
    put_number(frame.data(), samples);
    std::uint8_t* to = frame.data() + kHeaderBytes;
    for (std::size_t sample = 0; sample < samples; ++sample) {
        put_number(frame.data() + 4 * (sample + 1), static_cast<std::size_t>(to - frame.data()));
        Packer packer(to);
        for (std::size_t row = 0; row < rows; ++row) {
            const std::uint8_t* from = pixels.data() + row * row_bytes;
            if (samples > 1) {
                for (std::size_t c = 0; c < columns; ++c) line[c] = from[c * samples + sample];
                from = line.data();
            }
            packer.row(from, columns);
        }
        to = packer.end();
        if ((to - frame.data()) % 2 != 0) *to++ = 0;
    }
    frame.resize(static_cast<std::size_t>(to - frame.data()));
    return frame;
}

}  // namespace bucky::dicom_sr
