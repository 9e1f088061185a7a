// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/dataset_walk.h"

#include <algorithm>
#include <utility>

#include <dcmtk/dcmdata/dctag.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/dicom/lenient_reading.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_tags.h"

namespace bucky::scp {
namespace {

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;   // PS3.5 7.1.1: undefined length
constexpr std::size_t kIdentifierBytesMax = 1024;  ///< a UID has at most 64

/// Why the bytes of a level cannot be read.
struct Unreadable {
    std::string_view why;
};

[[noreturn]] void throw_bad(std::string_view why, std::uint64_t at) {
    throw Error(Fault::bad_input, "data set {} (byte {})", why, at);
}

}  // namespace

DatasetWalk::DatasetWalk(DcmInputStream& stream, std::string_view transfer_syntax, Wanted wanted,
                         Sha256Stream* pixels, std::uint64_t ends_at)
    : stream_(stream),
      big_endian_(transfer_syntax == kExplicitBigEndian),
      wanted_(std::move(wanted)),
      pixels_(pixels),
      levels_{{Level::Kind::elements, ends_at, transfer_syntax != kImplicitLittleEndian}} {}

std::uint64_t DatasetWalk::run() {
    while (true) {
        try {
            if (!step()) return elements_;
        } catch (const Unreadable& found) {  // perhaps a wrong guess at a sequence
            recover(found.why);
        }
    }
}

/// False at the end of the dataset.
bool DatasetWalk::step() {
    leave_finished_levels();
    if (levels_.size() == 1 && levels_.back().ends_at == at_) return false;
    stream_.mark();
    std::uint8_t probe = 0;
    const bool more = stream_.read(&probe, 1) == 1;
    if (more) stream_.putback();
    if (!more) {
        if (levels_.size() > 1) throw Unreadable{"ends inside a sequence"};
        if (!stream_.good() || !stream_.eos()) throw_bad("is deflated and is cut off", at_);
        return false;
    }
    if (++elements_ > limits::kDatasetElementsMax) {
        throw Error(Fault::bad_input, "data set has more than {} elements",
                    limits::kDatasetElementsMax);
    }
    if (levels_.back().kind == Level::Kind::elements) {
        read_element();
    } else {
        read_marker();
    }
    return true;
}

void DatasetWalk::leave_finished_levels() {
    while (levels_.size() > 1 && levels_.back().ends_at == at_) levels_.pop_back();
}

/// Reads an item tag or the end of a sequence.
void DatasetWalk::read_marker() {
    const Level level = levels_.back();
    const std::uint32_t marker = read_tag();
    std::array<std::uint8_t, 4> bytes{};
    read(bytes);
    const std::uint32_t length = number(bytes);
    if (marker == kSequenceEnd && level.ends_at == kNoEnd) {
        levels_.pop_back();
        in_fragments_ = false;
    } else if (marker != kItem) {
        throw Unreadable{"has something else where an item must be"};
    } else if (level.kind == Level::Kind::fragments) {
        if (length == kUndefined) throw Unreadable{"has a pixel fragment without a length"};
        in_pixels_ = in_fragments_;
        skip(length);
        in_pixels_ = false;
        in_fragments_ = levels_.size() == 2 && is_pixel_data_;
    } else {
        if (length != kUndefined) claim(length);
        push({Level::Kind::elements, length == kUndefined ? kNoEnd : at_ + length,
              level.explicit_vr});
    }
}

void DatasetWalk::read_element() {
    const std::uint32_t tag = read_tag();
    if (tag == kItemEnd) {
        std::array<std::uint8_t, 4> zero{};
        read(zero);
        if (levels_.size() == 1 || levels_.back().ends_at != kNoEnd) {
            throw Unreadable{"has the end of an item where none is open"};
        }
        levels_.pop_back();
        return;
    }
    const Element element = read_element_head(tag);
    if (levels_.size() == 1) is_pixel_data_ = (tag >> 16U) == kPixelDataGroup;
    if (std::string* value = levels_.size() == 1 ? wanted_(element.tag) : nullptr;
        value != nullptr && element.length <= kIdentifierBytesMax) {
        value->resize(element.length);
        read({reinterpret_cast<std::uint8_t*>(value->data()), value->size()});
        value->erase(std::find(value->begin(), value->end(), '\0'), value->end());
        value->erase(value->find_last_not_of(' ') + 1);
        return;
    }
    descend(element);
}

/// Enters the element's items, or skips its value.
void DatasetWalk::descend(const Element& element) {
    const bool explicit_vr = levels_.back().explicit_vr;
    if (element.length == kUndefined) {
        // PS3.5 6.2.2: UN of undefined length is a sequence in implicit VR, unless its items show
        // otherwise. Pixel data, and any other VR of undefined length, is a row of fragments (A.4).
        const bool unknown = element.has_vr("UN");
        const bool sequence =
            element.has_vr("SQ") || unknown || (!explicit_vr && element.tag != kPixelData);
        push({sequence ? Level::Kind::items : Level::Kind::fragments, kNoEnd,
              explicit_vr && (!unknown || explicit_vr_follows())});
        return;
    }
    claim(element.length);
    const auto known = [&] {
        const DcmTag by_dictionary(static_cast<Uint16>(element.tag >> 16U),
                                   static_cast<Uint16>(element.tag & 0xFFFFU));
        return by_dictionary.getEVR() == EVR_SQ;
    };
    if (explicit_vr ? element.has_vr("SQ") : known()) {
        push({Level::Kind::items, at_ + element.length, explicit_vr});
        return;
    }
    if (!explicit_vr && element.length >= 8) {
        // Under implicit VR only a dictionary identifies a private sequence; DCMTK has one and
        // parses accordingly. A value that begins like an item is walked as a guess.
        stream_.mark();
        const std::uint64_t before = at_;
        const bool like_an_item = read_tag() == kItem;
        stream_.putback();
        at_ = before;
        if (like_an_item) {
            push({Level::Kind::items, at_ + element.length, false, true});
            return;
        }
    }
    in_pixels_ = levels_.size() == 1 && is_pixel_data_;
    skip(element.length);
    in_pixels_ = false;
}

/// Whether the items that follow are in explicit VR.
bool DatasetWalk::explicit_vr_follows() {
    std::array<std::uint8_t, kUnknownPeekBytes> next{};
    stream_.mark();
    const auto got = stream_.read(next.data(), static_cast<offile_off_t>(next.size()));
    stream_.putback();
    return holds_explicit_vr(std::span{next}.first(static_cast<std::size_t>(got)));
}

/// Skips the value of a wrong guess; any other error ends the walk.
void DatasetWalk::recover(std::string_view why) {
    const auto guess = std::find_if(levels_.begin(), levels_.end(),
                                    [](const Level& level) { return level.guessed; });
    if (guess == levels_.end()) throw_bad(why, at_);
    const std::uint64_t end = guess->ends_at;
    levels_.erase(guess, levels_.end());
    skip(end - at_);
}

std::uint32_t DatasetWalk::read_tag() {
    std::array<std::uint8_t, 4> bytes{};
    read(bytes);
    const std::span all{bytes};
    return number(all.first(2)) << 16U | number(all.last(2));
}

DatasetWalk::Element DatasetWalk::read_element_head(std::uint32_t tag_read) {
    Element element{tag_read, {}, 0};
    std::array<std::uint8_t, 4> bytes{};
    read(bytes);
    if (!levels_.back().explicit_vr) {
        element.length = number(bytes);
        return element;
    }
    element.vr = {static_cast<char>(bytes[0]), static_cast<char>(bytes[1])};
    if (has_long_length(element.vr)) {
        read(bytes);
        element.length = number(bytes);
    } else {
        element.length = number(std::span{bytes}.last(2));
    }
    return element;
}

void DatasetWalk::push(Level level) {
    if (levels_.size() > limits::kSequenceDepthMax) {
        throw_bad("nests sequences too deep", at_);
    }
    levels_.push_back(level);
}

std::uint64_t DatasetWalk::innermost_end() const {
    std::uint64_t end = kNoEnd;
    for (const auto& level : levels_) end = std::min(end, level.ends_at);
    return end;
}

/// Throws unless the next `bytes` lie within all open levels.
void DatasetWalk::claim(std::uint64_t bytes) {
    if (const std::uint64_t end = innermost_end(); end != kNoEnd && bytes > end - at_) {
        throw Unreadable{"has a value that is longer than what holds it"};
    }
}

void DatasetWalk::read(std::span<std::uint8_t> into) {
    claim(into.size());
    std::size_t done = 0;
    while (done < into.size()) {
        const auto got =
            stream_.read(into.data() + done, static_cast<offile_off_t>(into.size() - done));
        if (got <= 0) throw_bad("is cut off", at_);
        done += static_cast<std::size_t>(got);
    }
    at_ += done;
}

void DatasetWalk::skip(std::uint64_t bytes) {
    claim(bytes);
    if (at_ + bytes > limits::kInstanceBytesMax) {  // the data set's fault: it stays so
        throw Error(Fault::bad_input, "data set says that it is larger than {} MiB (byte {})",
                    limits::kInstanceBytesMax >> 20U, at_);
    }
    if (in_pixels_ && pixels_ != nullptr) return hash(bytes);
    while (bytes > 0) {
        const auto got = stream_.skip(static_cast<offile_off_t>(bytes));
        if (got <= 0) throw_bad("is cut off", at_);
        bytes -= static_cast<std::uint64_t>(got);
        at_ += static_cast<std::uint64_t>(got);
    }
}

/// The same, and hashes the bytes.
void DatasetWalk::hash(std::uint64_t bytes) {
    std::vector<std::uint8_t> chunk(std::min<std::uint64_t>(bytes, 1U << 18U));
    while (bytes > 0) {
        const auto part = std::span{chunk}.first(std::min<std::uint64_t>(bytes, chunk.size()));
        read(part);
        pixels_->add({reinterpret_cast<const char*>(part.data()), part.size()});
        bytes -= part.size();
    }
}

std::uint32_t DatasetWalk::number(std::span<const std::uint8_t> bytes) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t at = big_endian_ ? i : bytes.size() - 1 - i;
        value = value << 8U | bytes[at];
    }
    return value;
}

}  // namespace bucky::scp
