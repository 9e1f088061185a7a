// SPDX-License-Identifier: Apache-2.0
// DicomFile: a Part 10 file from a stranger, parsed by DCMTK within bounds. Large values stay on
// disk until they are asked for.
//
// DCMTK's parser recurses once a nested sequence and has no limit of its own: 16 bytes a level, so
// a file of a few megabytes could overflow the stack. It does all its reading through a stream;
// ours measures the stack at each read and stops the parser where an honest file never comes.
// Threads: one DicomFile, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

class DcmDataset;
class DcmFileFormat;
class DcmItem;
class DcmTagKey;

namespace bucky::inference {

/// Stack that one parse may use: over 100 nested sequences, where radiographs nest 5.
inline constexpr std::size_t kParserStackBytesMax = 256U << 10U;

/// Reads that one parse may make, about 4 an element: keeps what DCMTK allocates under 300 MB.
inline constexpr std::uint64_t kParserReadsMax = 4'000'000;

class DicomFile {
public:
    /// in   a file as the node received it; with or without meta header
    /// out  its dataset; a file that ends inside its pixel data opens, and pixels_are_whole() is
    ///      false
    /// err  bad_input when it is not DICOM or cannot be parsed; unavailable when it cannot be read
    explicit DicomFile(const std::filesystem::path& file);
    ~DicomFile();
    DicomFile(const DicomFile&) = delete;
    DicomFile& operator=(const DicomFile&) = delete;

    DcmDataset& dataset();
    std::string transfer_syntax();  ///< the UID it is really encoded in, as far as can be known
    bool pixels_are_whole() const noexcept { return pixels_are_whole_; }

private:
    std::unique_ptr<DcmFileFormat> format_;
    bool pixels_are_whole_ = true;
};

/// The value at `index` of an attribute whose characters are ASCII (UI, CS, SH, AS, DA): without
/// padding, at most 64, with '?' for what is not printable; empty when it is not there. Reasons
/// quote it.
std::string text_of(DcmItem& item, const DcmTagKey& tag, unsigned long index = 0);

}  // namespace bucky::inference
