// SPDX-License-Identifier: Apache-2.0
#include "tests/scp/images.h"

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "scp/wire/part10.h"

namespace bucky::test {

std::filesystem::path write_image(const std::filesystem::path& file, const ImageOf& image) {
    DcmFileFormat format;
    DcmDataset& dataset = *format.getDataset();
    const auto put = [&](const DcmTagKey& tag, const std::string& value) {
        if (!value.empty()) (void)dataset.putAndInsertString(tag, value.c_str());
    };
    put(DCM_SOPClassUID, image.sop_class);
    put(DCM_SOPInstanceUID, image.sop_instance);
    put(DCM_StudyInstanceUID, image.study);
    put(DCM_SeriesInstanceUID, image.series);
    put(DCM_AccessionNumber, image.accession_number);
    put(DCM_Modality, "CR");
    put(DCM_PhotometricInterpretation, "MONOCHROME2");
    (void)dataset.putAndInsertUint16(DCM_SamplesPerPixel, 1);
    (void)dataset.putAndInsertUint16(DCM_Rows, image.side);
    (void)dataset.putAndInsertUint16(DCM_Columns, image.side);
    (void)dataset.putAndInsertUint16(DCM_BitsAllocated, 8);
    (void)dataset.putAndInsertUint16(DCM_BitsStored, 8);
    (void)dataset.putAndInsertUint16(DCM_HighBit, 7);
    (void)dataset.putAndInsertUint16(DCM_PixelRepresentation, 0);
    DcmItem* item = nullptr;
    (void)dataset.findOrCreateSequenceItem(DCM_ReferencedImageSequence, item, -2);
    (void)item->putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2.3");
    std::vector<Uint8> pixels(std::size_t{image.side} * image.side);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<Uint8>(i * 7);
    (void)dataset.putAndInsertUint8Array(DCM_PixelData, pixels.data(), pixels.size());
    const auto syntax = DcmXfer(image.transfer_syntax.c_str()).getXfer();
    const OFCondition saved = format.saveFile(file.c_str(), syntax);
    if (saved.bad()) throw std::runtime_error(file.string() + ": " + saved.text());
    return file;
}

std::vector<std::uint8_t> dataset_bytes(const std::filesystem::path& file) {
    const auto header = scp::read_part10_header(file);
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(header.dataset_at));
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes) {
    std::filesystem::remove(file);  // ext4 syncs a file that is truncated and written again
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::uint8_t> nested_sequences(std::size_t depth) {
    constexpr std::array<std::uint8_t, 16> kDown{0x08, 0,    0x40, 0x11, 0xFF, 0xFF, 0xFF, 0xFF,
                                                 0xFE, 0xFF, 0,    0xE0, 0xFF, 0xFF, 0xFF, 0xFF};
    constexpr std::array<std::uint8_t, 16> kUp{0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0,
                                               0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0};
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < depth; ++i) bytes.insert(bytes.end(), kDown.begin(), kDown.end());
    for (std::size_t i = 0; i < depth; ++i) bytes.insert(bytes.end(), kUp.begin(), kUp.end());
    return bytes;
}

}  // namespace bucky::test
