// SPDX-License-Identifier: Apache-2.0
// DatasetWalk goes once through the bytes of a data set, from the first to the last, before any
// parser sees them. It does not recurse, keeps no values but those that are asked for, and passes
// over pixel data by seeking. Used by one thread.
//
// err  bad_input when the data set cannot be followed to its end (cut off, lengths that contradict
//      each other, nested beyond limits::kSequenceDepthMax, of more than
//      limits::kDatasetElementsMax elements and items, longer than limits::kInstanceBytesMax)
// src  PS3.5 7.1 (elements), 7.5 (sequences), A.4 (encapsulated pixel data)
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrma.h>

#include "conf/base/digest.h"

namespace bucky::scp {

class DatasetWalk {
public:
    static constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

    /// Where the value of a top-level element goes, without its padding; null: it is passed over.
    using Wanted = std::function<std::string*(std::uint32_t tag)>;

    /// `pixels`: gets the pixel data, as one value without the offset table; null: nobody does.
    /// `ends_at`: the length of the data set where it is known.
    DatasetWalk(DcmInputStream& stream, std::string_view transfer_syntax, Wanted wanted,
                Sha256Stream* pixels = nullptr, std::uint64_t ends_at = kNoEnd);

    /// Returns the number of elements, including items, fragments and delimiters.
    std::uint64_t run();

private:
    /// A data set, sequence or item that the walk is inside of.
    struct Level {
        enum class Kind { elements, items, fragments } kind;
        std::uint64_t ends_at;  ///< kNoEnd: a delimiter ends it
        bool explicit_vr;
        bool guessed = false;  ///< may not be a sequence: skipped if it proves not to be one
    };

    struct Element {
        std::uint32_t tag = 0;
        std::array<char, 2> vr{};  ///< zeros under implicit VR
        std::uint32_t length = 0;

        bool has_vr(std::string_view name) const { return std::string_view{vr.data(), 2} == name; }
    };

    bool step();
    void leave_finished_levels();
    void read_marker();
    void read_element();
    void descend(const Element& element);
    bool explicit_vr_follows();
    void recover(std::string_view why);
    std::uint32_t read_tag();
    Element read_element_head(std::uint32_t tag);
    void push(Level level);

    void read(std::span<std::uint8_t> into);
    void skip(std::uint64_t bytes);
    void hash(std::uint64_t bytes);
    void claim(std::uint64_t bytes);
    std::uint32_t number(std::span<const std::uint8_t> bytes) const;
    std::uint64_t innermost_end() const;

    DcmInputStream& stream_;
    const bool big_endian_;
    const Wanted wanted_;
    Sha256Stream* const pixels_;
    std::vector<Level> levels_;
    std::uint64_t at_ = 0;
    std::uint64_t elements_ = 0;
    bool in_pixels_ = false;      ///< the value that is being skipped is hashed
    bool is_pixel_data_ = false;  ///< the last top-level element is Pixel Data
    bool in_fragments_ = false;   ///< of the pixel data, after the offset table
};

}  // namespace bucky::scp
