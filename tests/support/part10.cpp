// SPDX-License-Identifier: Apache-2.0
#include "tests/support/part10.h"

#include <fstream>
#include <iterator>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

namespace bucky::test {
namespace {

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
    OFString value;
    (void)item.findAndGetOFString(tag, value);
    return value;
}

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace

std::optional<Part10> read_part10(const std::filesystem::path& file) {
    static const bool quiet = [] {
        OFLog::configure(OFLogger::FATAL_LOG_LEVEL);
        return true;
    }();
    (void)quiet;
    DcmFileFormat parsed;
    // Truncated files are sent, too: the part that was read has the identifiers.
    (void)parsed.loadFileUntilTag(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength,
                                  ERM_autoDetect, DCM_PixelData);
    DcmDataset& dataset = *parsed.getDataset();
    Part10 part10;
    part10.sop_class = text_of(dataset, DCM_SOPClassUID);
    part10.sop_instance = text_of(dataset, DCM_SOPInstanceUID);
    part10.study = text_of(dataset, DCM_StudyInstanceUID);
    if (part10.sop_class.empty() || part10.sop_instance.empty()) return std::nullopt;
    part10.transfer_syntax = text_of(*parsed.getMetaInfo(), DCM_TransferSyntaxUID);
    if (part10.transfer_syntax.empty()) {
        part10.transfer_syntax = DcmXfer{dataset.getOriginalXfer()}.getXferID();
    }
    const std::string bytes = bytes_of(file);
    // DcmMetaInfo includes the preamble; a file without a preamble is the dataset.
    const bool has_preamble =
        bytes.size() > 132 && std::string_view{bytes}.substr(128, 4) == "DICM";
    const std::size_t begin = has_preamble ? parsed.getMetaInfo()->calcElementLength(
                                                 EXS_LittleEndianExplicit, EET_ExplicitLength)
                                           : 0;
    part10.dataset.assign(bytes.begin() + static_cast<long>(begin), bytes.end());
    return part10;
}

bool mentions(const std::filesystem::path& file, const std::string& text) {
    return bytes_of(file).find(text) != std::string::npos;
}

}  // namespace bucky::test
