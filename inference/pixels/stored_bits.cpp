// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/stored_bits.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

constexpr std::uint32_t kSampledRows = 24;

// Steps between neighbours over the deviation of the values: films have 0.01 to 0.31, noise 1.1.
constexpr double kRoughMax = 0.6;

constexpr double kFarSmoother = 4;  ///< for exchanged bytes, which nobody sends on purpose

// The sign: two neighbours on both sides of the half of the range are near each other by one
// reading, and a whole range apart by the other. They vote if they are nearer than this part of it.
constexpr unsigned kNear = 32;
constexpr unsigned kVotesMin = 12;     ///< a few odd pixels prove nothing
constexpr unsigned kVotesAgainst = 4;  ///< the header is overruled by so many votes for one

std::uint16_t swapped(std::uint16_t cell) {
    return static_cast<std::uint16_t>(cell << 8U | cell >> 8U);
}

/// One way to read a cell.
struct Reading {
    unsigned shift = 0;
    unsigned width = 16;
    bool is_signed = false;
    bool bytes_exchanged = false;

    unsigned mask() const { return (1U << width) - 1; }
    /// The number in a cell whose bytes are in order.
    int value(unsigned cell) const {
        const int number = static_cast<int>((cell >> shift) & mask());
        const int sign = is_signed ? 1 << (width - 1) : 0;
        return (number ^ sign) - sign;
    }
    bool operator==(const Reading&) const = default;
};

/// Rows spread over the frame. A padding cell repeats its neighbour: it is no step of the picture.
std::vector<std::uint16_t> sample_of(const std::vector<std::uint16_t>& cells,
                                     const PixelLayout& layout,
                                     std::optional<std::uint16_t> padding) {
    const std::uint32_t every = std::max(1U, layout.rows / kSampledRows);
    std::vector<std::uint16_t> sample;
    sample.reserve(std::size_t{layout.rows / every + 1} * layout.columns);
    for (std::uint32_t row = every / 2; row < layout.rows; row += every) {
        const auto begin = cells.begin() + std::ptrdiff_t{row} * layout.columns;
        sample.insert(sample.end(), begin, begin + layout.columns);
    }
    if (!padding) return sample;
    const auto first = std::find_if(sample.begin(), sample.end(),
                                    [&](std::uint16_t cell) { return cell != *padding; });
    if (first == sample.end()) return sample;
    std::uint16_t last = *first;
    for (std::uint16_t& cell : sample) last = cell = cell == *padding ? last : cell;
    return sample;
}

/// The sum of the steps between neighbours in a row.
std::uint64_t steps_of(const std::vector<std::uint16_t>& sample, std::uint32_t columns,
                       const Reading& reading) {
    std::uint64_t sum = 0;
    for (std::size_t row = 0; row < sample.size(); row += columns) {
        unsigned steps = 0;  // at most 65535 columns of 65535: it fits
        int last = reading.value(sample[row]);
        for (std::size_t i = row + 1; i < row + columns; ++i) {
            const int next = reading.value(sample[i]);
            steps += static_cast<unsigned>(std::abs(next - last));
            last = next;
        }
        sum += steps;
    }
    return sum;
}

/// The mean step over the standard deviation.
double roughness_of(const std::vector<std::uint16_t>& sample, std::uint32_t columns,
                    const Reading& reading) {
    double sum = 0, squares = 0;
    for (const std::uint16_t cell : sample) {
        const double value = reading.value(cell);
        sum += value;
        squares += value * value;
    }
    const auto count = static_cast<double>(sample.size());
    const double variance = squares / count - (sum / count) * (sum / count);
    if (variance <= 0) return 0;
    return static_cast<double>(steps_of(sample, columns, reading)) / count / std::sqrt(variance);
}

/// The bits in which the cells carry something. Copies of a sign above the stored bits carry
/// nothing.
unsigned used_bits(const std::vector<std::uint16_t>& sample, const Reading& header,
                   std::uint16_t overlays) {
    const unsigned top = header.shift + header.width;  // the first bit above
    const unsigned above = 0xFFFFU & ~((1U << top) - 1);
    const unsigned sign = 1U << (top - 1);
    unsigned used = 0;
    for (const std::uint16_t cell : sample) {
        const bool extended = header.is_signed && (cell & above) == above && (cell & sign) != 0;
        used |= extended ? cell & ~above : cell;
    }
    return used & ~unsigned{overlays} & 0xFFFFU;
}

/// Whether the neighbours prove the other sign. Values at an end of the range do not vote: a
/// white marker on black is no proof that white is below black.
bool has_other_sign(const std::vector<std::uint16_t>& sample, std::uint32_t columns,
                    const Reading& reading) {
    const unsigned mask = reading.mask(), half = (mask >> 1U) + 1, near = half / (kNear / 2);
    const auto is_end = [&](unsigned bits) { return bits == 0 || bits == mask; };
    unsigned unsigned_votes = 0, signed_votes = 0;
    for (std::size_t row = 0; row < sample.size(); row += columns) {
        for (std::size_t i = row + 1; i < row + columns; ++i) {
            const unsigned left = (unsigned{sample[i - 1]} >> reading.shift) & mask;
            const unsigned right = (unsigned{sample[i]} >> reading.shift) & mask;
            if (((left ^ right) & half) == 0 || is_end(left) || is_end(right)) continue;
            const unsigned apart = left > right ? left - right : right - left;
            if (apart <= near) ++unsigned_votes;
            if (mask + 1 - apart <= near) ++signed_votes;
        }
    }
    const unsigned votes = reading.is_signed ? unsigned_votes : signed_votes;
    const unsigned header = reading.is_signed ? signed_votes : unsigned_votes;
    return votes >= kVotesMin && votes > kVotesAgainst * header;
}

class Judge {
public:
    Judge(const std::vector<std::uint16_t>& sample, const PixelLayout& layout,
          const Reading& header)
        : sample_(sample), columns_(layout.columns) {
        take(header);
    }
    /// Takes the reading if it is smoother: by its steps in units of the cell, unless one of the
    /// two makes no picture.
    void offer(const Reading& reading) {
        const double roughness = roughness_of(sample_, columns_, reading);
        const bool is_rough = roughness > kRoughMax, was_rough = roughness_ > kRoughMax;
        if (is_rough != was_rough ? is_rough : cell_steps(reading) >= steps_) return;
        take(reading);
    }
    /// The sign may stand in the highest bit that the cells use, below the one of the header.
    void correct_sign(unsigned used) {
        Reading reading = best_;
        const auto width = static_cast<unsigned>(std::bit_width(used >> reading.shift));
        if (width > 0 && width < reading.width) {
            reading.width = width;
            reading.is_signed = false;
        }
        if (!has_other_sign(sample_, columns_, reading)) return;
        reading.is_signed = !reading.is_signed;
        take(reading);
    }
    void offer_exchanged_bytes() {
        std::vector<std::uint16_t> other(sample_.size());
        std::transform(sample_.begin(), sample_.end(), other.begin(), swapped);
        const double roughness = roughness_of(other, columns_, best_);
        if (roughness * kFarSmoother >= roughness_) return;
        best_.bytes_exchanged = true;
        roughness_ = roughness;
    }
    const Reading& best() const { return best_; }
    bool makes_a_picture() const { return roughness_ <= kRoughMax; }

private:
    std::uint64_t cell_steps(const Reading& reading) const {
        return steps_of(sample_, columns_, reading) << reading.shift;
    }
    void take(const Reading& reading) {
        best_ = reading;
        steps_ = cell_steps(reading);
        roughness_ = roughness_of(sample_, columns_, reading);
    }

    const std::vector<std::uint16_t>& sample_;
    std::uint32_t columns_;
    Reading best_;
    std::uint64_t steps_ = 0;
    double roughness_ = 0;
};

std::string words_for(const Reading& reading) {
    return fmt::format("{} {} bits up to bit {}{}", reading.width,
                       reading.is_signed ? "signed" : "unsigned", reading.shift + reading.width - 1,
                       reading.bytes_exchanged ? ", their bytes exchanged" : "");
}

/// The reading of cells that use bits above those of the header: values that need more bits, or
/// values at the top of the cell. Overlays and noise make larger steps.
Reading wider_than(const Reading& header, unsigned used, unsigned allocated) {
    const unsigned spare = allocated - header.width;
    if ((used & ((1U << spare) - 1)) == 0) return {spare, header.width, header.is_signed, false};
    Reading wider = header;
    wider.shift = std::min(header.shift, static_cast<unsigned>(std::countr_zero(used)));
    wider.width = header.is_signed ? allocated - wider.shift
                                   : static_cast<unsigned>(std::bit_width(used >> wider.shift));
    return wider;
}

Reading reading_of(const std::vector<std::uint16_t>& sample, const PixelLayout& layout,
                   Reading header, std::uint16_t overlays, bool is_native) {
    const unsigned used = used_bits(sample, header, overlays);
    const unsigned top = header.shift + header.width;
    const bool uses_above = used >> top != 0;
    const bool uses_below = (used & ((1U << header.shift) - 1)) != 0;
    const auto width = static_cast<unsigned>(std::bit_width(used));
    if (!uses_above && uses_below && width < top) {
        // Nothing at the top, something below: aligned to the right.
        header.shift = 0;
        header.width = std::max(header.width, width);
    }
    Judge judge(sample, layout, header);
    if (uses_above) judge.offer(wider_than(header, used, layout.allocated));
    judge.correct_sign(used);
    // Exchanged bytes leave the bits of the header only if these are fewer than 16.
    const unsigned exchanged = swapped(static_cast<std::uint16_t>(used));
    const bool uses_both_bytes = (used & 0xFFU) != 0 && used >> 8U != 0;
    if (is_native && layout.allocated == 16 && uses_both_bytes && exchanged >> top == 0) {
        judge.offer_exchanged_bytes();
    }
    if (uses_above && !judge.makes_a_picture()) {
        throw Error(Fault::bad_input,
                    "the header says {}, the values use bits {} to {}, and by neither they make a "
                    "picture",
                    words_for(header), std::countr_zero(used), std::bit_width(used) - 1);
    }
    return judge.best();
}

}  // namespace

StoredBits read_stored_bits(SampledCells cells, const PixelLayout& layout,
                            const BitClaims& claims) {
    const unsigned precision = cells.precision.value_or(layout.stored);
    Reading header{layout.high_bit + 1U - layout.stored, layout.stored, layout.is_signed, false};
    // A stream of fewer bits has the sign in its own highest bit, or has lost it.
    if (precision < layout.stored && header.shift == 0) header.width = precision;
    const auto sample = sample_of(cells.values, layout, claims.padding);
    const Reading reading =
        reading_of(sample, layout, header, claims.overlay_bits, !cells.precision);
    StoredBits bits;
    if (!(reading == header)) {
        bits.note = fmt::format("the header says {}, the values are {}", words_for(header),
                                words_for(reading));
    }
    bits.has_other_width = reading.width != header.width;
    Frame& frame = bits.frame;
    frame.rows = layout.rows;
    frame.columns = layout.columns;
    frame.is_signed = reading.is_signed;
    frame.bits_stored =
        static_cast<std::uint16_t>(std::max<unsigned>(layout.stored, reading.width));
    frame.patterns = std::move(cells.values);
    if (reading.bytes_exchanged) {
        std::transform(frame.patterns.begin(), frame.patterns.end(), frame.patterns.begin(),
                       swapped);
    }
    if (reading.width == 16) return bits;
    if (reading.shift == 0 && !reading.is_signed) {  // nearly always
        const auto kept = static_cast<std::uint16_t>(reading.mask());
        for (std::uint16_t& cell : frame.patterns) cell &= kept;
        return bits;
    }
    const unsigned mask = (1U << frame.bits_stored) - 1;
    for (std::uint16_t& cell : frame.patterns) {
        cell = static_cast<std::uint16_t>(static_cast<unsigned>(reading.value(cell)) & mask);
    }
    return bits;
}

}  // namespace bucky::inference
