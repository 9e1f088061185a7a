// SPDX-License-Identifier: Apache-2.0
// DicomFile: an untrusted Part 10 file, parsed by DCMTK within bounds. Large values stay on disk
// until they are read.
//
// DCMTK's parser recurses for each nested sequence and has no limit of its own. A level takes 16
// bytes of a file, so a few megabytes could overflow the stack. The parser reads everything through
// a stream; ours measures the stack at each read and stops the parser at a depth that no real file
// reaches.
// Threads: one DicomFile, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

class DcmDataset;
class DcmFileFormat;
class DcmItem;
class DcmTagKey;

namespace bucky::inference {

/// Stack that one parse may use: more than 100 nested sequences. Radiographs nest 5.
inline constexpr std::size_t kParserStackBytesMax = 256U << 10U;

/// Reads that one parse may make, about 4 an element. This keeps DCMTK's memory under 300 MB.
inline constexpr std::uint64_t kParserReadsMax = 4'000'000;

class DicomFile {
public:
    /// in   a file as the node received it; with or without meta header
    /// out  its dataset. A file that ends inside its pixel data can be opened; pixels_are_whole()
    ///      is then false
    /// err  bad_input when it is not DICOM or cannot be parsed; unavailable when it cannot be read
    explicit DicomFile(const std::filesystem::path& file);
    ~DicomFile();
    DicomFile(const DicomFile&) = delete;
    DicomFile& operator=(const DicomFile&) = delete;

    DcmDataset& dataset();
    std::string transfer_syntax();  ///< the UID of the encoding in use, as far as it can be known
    bool pixels_are_whole() const noexcept { return pixels_are_whole_; }

private:
    std::unique_ptr<DcmFileFormat> format_;
    bool pixels_are_whole_ = true;
};

/// The value at `index` of an attribute with ASCII characters (UI, CS, SH, AS, DA): without
/// padding, at most 64 characters, '?' for each that is not printable; empty when it is not there.
/// Reasons quote it.
std::string text_of(DcmItem& item, const DcmTagKey& tag, unsigned long index = 0);

/// The same as UTF-8, in whatever letters it was written: words of strangers, which reasons quote.
std::string words_of(DcmDataset& dataset, const DcmTagKey& tag, unsigned long index = 0);

/// The same in upper case. CS is upper case (PS3.5 6.2), but not every device knows.
std::string upper_text_of(DcmItem& item, const DcmTagKey& tag, unsigned long index = 0);

/// A value of VR US or SS, which depends on Pixel Representation: the 16 bits as written. nullopt
/// when it is not there.
std::optional<std::uint16_t> short_of(DcmItem& item, const DcmTagKey& tag, unsigned long index);

}  // namespace bucky::inference
