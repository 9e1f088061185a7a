// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/dataset_header.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmf.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/base/product.h"
#include "conf/dicom/lenient_reading.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_tags.h"
#include "scp/wire/dataset_walk.h"
#include "scp/wire/part10.h"

namespace bucky::scp {
namespace {

/// Where the value of a tag goes.
struct Identifier {
    std::uint32_t tag;
    std::string DatasetHeader::*goes;
};

constexpr Identifier kIdentifiers[] = {
    {tag(0x0008, 0x0016), &DatasetHeader::sop_class},
    {tag(0x0008, 0x0018), &DatasetHeader::sop_instance},
    {tag(0x0008, 0x0050), &DatasetHeader::accession_number},
    {tag(0x0008, 0x0070), &DatasetHeader::manufacturer},
    {tag(0x0008, 0x1090), &DatasetHeader::model_name},
    {tag(0x0010, 0x0010), &DatasetHeader::patient_name},
    {tag(0x0010, 0x0020), &DatasetHeader::patient_id},
    {tag(0x0020, 0x000D), &DatasetHeader::study},
    {tag(0x0020, 0x000E), &DatasetHeader::series},
};

class DatasetStream final : public LenientStream<DcmInputFileStream> {
public:
    /// From `begins` on, inflated where the transfer syntax says so.
    DatasetStream(const std::filesystem::path& file, std::uint64_t begins,
                  std::string_view transfer_syntax)
        : LenientStream(OFFilename(file.c_str()), static_cast<offile_off_t>(begins)) {
        if (!good()) {
            throw Error(Fault::unavailable, "cannot read {}: {}", file.string(), status().text());
        }
        if (transfer_syntax != kDeflatedLittleEndian) return;
        (void)install_after_header(ESC_zlib);
        if (!good())
            throw Error(Fault::bad_input, "data set does not inflate: {}", status().text());
    }
};

}  // namespace

bool is_of_our_make(const DatasetHeader& header) {
    return header.manufacturer == kManufacturer && header.model_name == kManufacturerModel;
}

ImageFacts read_image_facts(const std::filesystem::path& part10, std::string_view transfer_syntax,
                            bool with_pixels) {
    const auto begins = read_part10_header(part10).dataset_at;
    DatasetStream stream(part10, begins, transfer_syntax);
    ImageFacts facts;
    Sha256Stream pixels;
    const auto compared = [&](std::uint32_t found) {
        return std::ranges::binary_search(kCompared, found) ? &facts.said[found] : nullptr;
    };
    (void)DatasetWalk{stream, transfer_syntax, compared, with_pixels ? &pixels : nullptr}.run();
    if (with_pixels) facts.pixels = hex(pixels.finish());
    std::erase_if(facts.said, [](const auto& one) { return one.second.empty(); });
    return facts;
}

DatasetHeader read_dataset_header(const std::filesystem::path& file, std::uint64_t dataset_at,
                                  std::string_view transfer_syntax) {
    DatasetStream stream(file, dataset_at, transfer_syntax);
    DatasetHeader header;
    DatasetWalk walk{
        stream, transfer_syntax, [&](std::uint32_t found) {
            const auto* identifier = std::ranges::find(kIdentifiers, found, &Identifier::tag);
            return identifier == std::end(kIdentifiers) ? nullptr : &(header.*identifier->goes);
        }};
    header.elements = walk.run();
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
    const auto nothing = [](std::uint32_t) -> std::string* { return nullptr; };
    (void)DatasetWalk{stream, kExplicitLittleEndian, nothing, nullptr, bytes}.run();
}

}  // namespace bucky::scp
