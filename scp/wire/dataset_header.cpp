// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/dataset_header.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctag.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/product.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_tags.h"
#include "scp/wire/part10.h"

namespace bucky::scp {
namespace {

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;  // PS3.5 7.1.1: undefined length
constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kIdentifierBytesMax = 1024;  ///< a UID has at most 64

/// A data set, sequence or item that the walk is inside of.
struct Level {
    enum class Kind { elements, items, fragments } kind;
    std::uint64_t ends_at;  ///< kNoEnd: a delimiter ends it
    bool explicit_vr;
    bool guessed = false;  ///< may not be a sequence: skipped if it proves not to be one
};

/// Why the bytes of a level cannot be read.
struct Unreadable {
    std::string_view why;
};

struct Element {
    std::uint32_t tag = 0;
    std::array<char, 2> vr{};  ///< zeros under implicit VR
    std::uint32_t length = 0;

    bool has_vr(std::string_view name) const { return std::string_view{vr.data(), 2} == name; }
};

class Walk {
public:
    Walk(DcmInputStream& stream, std::string_view transfer_syntax, std::uint64_t ends_at = kNoEnd)
        : stream_(stream),
          big_endian_(transfer_syntax == kExplicitBigEndian),
          levels_{{Level::Kind::elements, ends_at, transfer_syntax != kImplicitLittleEndian}} {}

    DatasetHeader run();

    /// Collects the values by which copies are compared, instead of identifiers.
    void collect(ImageFacts& facts, bool with_pixels) {
        facts_ = &facts;
        if (with_pixels) hash_.emplace();
    }
    std::string pixels() { return hash_ ? hex(hash_->finish()) : ""; }

private:
    bool step();
    void leave_finished_levels();
    void read_marker();
    void read_element();
    void descend(const Element& element);
    void recover(const Unreadable& found);
    std::uint32_t read_tag();
    Element read_element_head(std::uint32_t tag);
    std::string* wanted(std::uint32_t tag);
    void push(Level level);

    void read(std::span<std::uint8_t> into);
    void skip(std::uint64_t bytes);
    void hash(std::uint64_t bytes);
    void claim(std::uint64_t bytes);
    std::uint32_t number(std::span<const std::uint8_t> bytes) const;
    std::uint64_t innermost_end() const;

    DcmInputStream& stream_;
    bool big_endian_;
    std::vector<Level> levels_;
    std::uint64_t at_ = 0;
    DatasetHeader header_;
    ImageFacts* facts_ = nullptr;
    std::optional<Sha256Stream> hash_;
    bool in_pixels_ = false;      ///< the value that is being skipped is hashed
    bool is_pixel_data_ = false;  ///< the last top-level element is Pixel Data
    bool in_fragments_ = false;   ///< of the pixel data, after the offset table
};

[[noreturn]] void throw_bad(std::string_view why, std::uint64_t at) {
    throw Error(Fault::bad_input, "data set {} (byte {})", why, at);
}

DatasetHeader Walk::run() {
    while (true) {
        try {
            if (!step()) return header_;
        } catch (const Unreadable& found) {  // perhaps a wrong guess at a sequence
            recover(found);
        }
    }
}

/// False at the end of the dataset.
bool Walk::step() {
    leave_finished_levels();
    if (levels_.size() == 1 && levels_.back().ends_at == at_) return false;
    stream_.mark();
    std::uint8_t probe = 0;
    const bool more = stream_.read(&probe, 1) == 1;
    if (more) stream_.putback();
    if (!more) {
        if (levels_.size() > 1) throw Unreadable{"ends inside a sequence"};
        return false;
    }
    if (++header_.elements > limits::kDatasetElementsMax) {
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

void Walk::leave_finished_levels() {
    while (levels_.size() > 1 && levels_.back().ends_at == at_) levels_.pop_back();
}

/// Reads an item tag or the end of a sequence.
void Walk::read_marker() {
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

void Walk::read_element() {
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
    if (std::string* value = levels_.size() == 1 ? wanted(element.tag) : nullptr;
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
void Walk::descend(const Element& element) {
    const bool explicit_vr = levels_.back().explicit_vr;
    if (element.length == kUndefined) {
        // PS3.5 6.2.2: UN of undefined length is a sequence in implicit VR. Pixel data, and any
        // other VR of undefined length, is a row of fragments (A.4).
        const bool unknown = element.has_vr("UN");
        const bool sequence =
            element.has_vr("SQ") || unknown || (!explicit_vr && element.tag != kPixelData);
        push({sequence ? Level::Kind::items : Level::Kind::fragments, kNoEnd,
              explicit_vr && !unknown});
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

/// Skips the value of a wrong guess; any other error ends the walk.
void Walk::recover(const Unreadable& found) {
    const auto guess = std::find_if(levels_.begin(), levels_.end(),
                                    [](const Level& level) { return level.guessed; });
    if (guess == levels_.end()) throw_bad(found.why, at_);
    const std::uint64_t end = guess->ends_at;
    levels_.erase(guess, levels_.end());
    skip(end - at_);
}

std::string* Walk::wanted(std::uint32_t tag_found) {
    if (facts_ != nullptr) {
        const bool is_compared = std::ranges::binary_search(kCompared, tag_found);
        return is_compared ? &facts_->said[tag_found] : nullptr;
    }
    switch (tag_found) {
        case tag(0x0008, 0x0016): return &header_.sop_class;
        case tag(0x0008, 0x0018): return &header_.sop_instance;
        case tag(0x0008, 0x0050): return &header_.accession_number;
        case tag(0x0008, 0x0070): return &header_.manufacturer;
        case tag(0x0008, 0x1090): return &header_.model_name;
        case tag(0x0010, 0x0010): return &header_.patient_name;
        case tag(0x0010, 0x0020): return &header_.patient_id;
        case tag(0x0020, 0x000D): return &header_.study;
        case tag(0x0020, 0x000E): return &header_.series;
        default: return nullptr;
    }
}

std::uint32_t Walk::read_tag() {
    std::array<std::uint8_t, 4> bytes{};
    read(bytes);
    const std::span all{bytes};
    return number(all.first(2)) << 16U | number(all.last(2));
}

Element Walk::read_element_head(std::uint32_t tag_read) {
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

void Walk::push(Level level) {
    if (levels_.size() > limits::kSequenceDepthMax) {
        throw_bad("nests sequences too deep", at_);
    }
    levels_.push_back(level);
}

std::uint64_t Walk::innermost_end() const {
    std::uint64_t end = kNoEnd;
    for (const auto& level : levels_) end = std::min(end, level.ends_at);
    return end;
}

/// Throws unless the next `bytes` lie within all open levels.
void Walk::claim(std::uint64_t bytes) {
    if (const std::uint64_t end = innermost_end(); end != kNoEnd && bytes > end - at_) {
        throw Unreadable{"has a value that is longer than what holds it"};
    }
}

void Walk::read(std::span<std::uint8_t> into) {
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

void Walk::skip(std::uint64_t bytes) {
    claim(bytes);
    if (at_ + bytes > limits::kInstanceBytesMax) {
        throw Error(Fault::exhausted, "data set is larger than {} MiB",
                    limits::kInstanceBytesMax >> 20U);
    }
    if (in_pixels_ && hash_) return hash(bytes);
    while (bytes > 0) {
        const auto got = stream_.skip(static_cast<offile_off_t>(bytes));
        if (got <= 0) throw_bad("is cut off", at_);
        bytes -= static_cast<std::uint64_t>(got);
        at_ += static_cast<std::uint64_t>(got);
    }
}

/// The same, and hashes the bytes.
void Walk::hash(std::uint64_t bytes) {
    std::vector<std::uint8_t> chunk(std::min<std::uint64_t>(bytes, 1U << 18U));
    while (bytes > 0) {
        const auto part = std::span{chunk}.first(std::min<std::uint64_t>(bytes, chunk.size()));
        read(part);
        hash_->add({reinterpret_cast<const char*>(part.data()), part.size()});
        bytes -= part.size();
    }
}

std::uint32_t Walk::number(std::span<const std::uint8_t> bytes) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t at = big_endian_ ? i : bytes.size() - 1 - i;
        value = value << 8U | bytes[at];
    }
    return value;
}

}  // namespace

bool is_of_our_make(const DatasetHeader& header) {
    return header.manufacturer == kManufacturer && header.model_name == kManufacturerModel;
}

namespace {

void make_ready(DcmInputFileStream& stream, const std::filesystem::path& file,
                std::string_view transfer_syntax) {
    if (stream.good() && transfer_syntax == kDeflatedLittleEndian) {
        (void)stream.installCompressionFilter(ESC_zlib);
    }
    if (!stream.good()) {
        throw Error(Fault::unavailable, "cannot read {}: {}", file.string(),
                    stream.status().text());
    }
}

}  // namespace

ImageFacts read_image_facts(const std::filesystem::path& part10, std::string_view transfer_syntax,
                            bool with_pixels) {
    const auto begins = read_part10_header(part10).dataset_at;
    DcmInputFileStream stream(part10.c_str(), static_cast<offile_off_t>(begins));
    make_ready(stream, part10, transfer_syntax);
    ImageFacts facts;
    Walk walk{stream, transfer_syntax};
    walk.collect(facts, with_pixels);
    (void)walk.run();
    facts.pixels = walk.pixels();
    std::erase_if(facts.said, [](const auto& one) { return one.second.empty(); });
    return facts;
}

DatasetHeader read_dataset_header(const std::filesystem::path& file, std::uint64_t dataset_at,
                                  std::string_view transfer_syntax) {
    DcmInputFileStream stream(file.c_str(), static_cast<offile_off_t>(dataset_at));
    make_ready(stream, file, transfer_syntax);
    DatasetHeader header = Walk{stream, transfer_syntax}.run();
    std::replace_if(
        header.accession_number.begin(), header.accession_number.end(),
        [](char c) { return c < ' ' || c > '~'; }, '?');
    return header;
}

void check_file_meta(const std::filesystem::path& file) {
    constexpr std::size_t kPrefixAt = 128, kMetaAt = 132, kLengthAt = 140, kBehindLength = 144;
    std::ifstream in{file, std::ios::binary};
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());
    std::array<char, kBehindLength> head{};
    in.read(head.data(), head.size());
    const std::string_view begins{head.data(), head.size()};
    constexpr std::string_view kGroupLength{"\x02\0\0\0UL\x04\0", 8};  // (0002,0000)
    if (!in || begins.substr(kPrefixAt, 4) != "DICM" ||
        begins.substr(kMetaAt, kGroupLength.size()) != kGroupLength) {
        throw Error(Fault::bad_input, "{} is not a DICOM file: it has no file meta information",
                    file.string());
    }
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        bytes |= std::uint64_t{static_cast<std::uint8_t>(head[kLengthAt + i])} << 8U * i;
    }
    DcmInputFileStream stream(file.c_str(), static_cast<offile_off_t>(kBehindLength));
    (void)Walk{stream, kExplicitLittleEndian, bytes}.run();
}

}  // namespace bucky::scp
