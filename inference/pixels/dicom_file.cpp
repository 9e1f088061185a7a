// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/dicom_file.h"

#include <algorithm>
#include <fstream>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/dicom/lenient_reading.h"
#include "conf/dicom/text.h"

namespace bucky::inference {
namespace {

/// Longer values stay on disk until they are read: all pixel data, but no text of the header.
constexpr Uint32 kValueBytesInMemory = 64U << 10U;

/// A file stream that ends early if the parser recurses too deep or reads too often.
class BoundedStream final : public LenientStream<DcmInputFileStream> {
public:
    explicit BoundedStream(const OFFilename& file)
        : LenientStream(file), outermost_(__builtin_frame_address(0)) {}

    OFBool good() const override { return !refused_ && DcmInputFileStream::good(); }
    OFCondition status() const override {
        return refused_ ? EC_InvalidStream : DcmInputFileStream::status();
    }
    OFBool eos() override { return refused_ || DcmInputFileStream::eos(); }
    offile_off_t avail() override { return refused_ ? 0 : DcmInputFileStream::avail(); }

    offile_off_t read(void* buffer, offile_off_t length) override {
        ++reads_;
        bytes_ += static_cast<std::uint64_t>(length);
        const auto* here = static_cast<const char*>(__builtin_frame_address(0));
        const auto depth = static_cast<const char*>(outermost_) - here;  // the stack grows down
        refused_ = refused_ || depth > static_cast<std::ptrdiff_t>(kParserStackBytesMax) ||
                   reads_ > kParserReadsMax || bytes_ > limits::kInstanceBytesMax;
        return LenientStream::read(buffer, length);
    }

    OFCondition installCompressionFilter(E_StreamCompression type) override {
        return install_after_header(type);
    }

    bool refused() const { return refused_; }

private:
    const void* outermost_;
    std::uint64_t reads_ = 0;
    std::uint64_t bytes_ = 0;
    bool refused_ = false;
};

void must_be_readable(const std::filesystem::path& file) {
    if (!std::ifstream(file, std::ios::binary)) {
        throw Error(Fault::unavailable, "cannot read {}", file.string());
    }
}

}  // namespace

DicomFile::DicomFile(const std::filesystem::path& file) : format_(new DcmFileFormat) {
    must_be_readable(file);
    BoundedStream stream(OFFilename(file.c_str()));
    format_->transferInit();
    const OFCondition read =
        format_->readUntilTag(stream, EXS_Unknown, EGL_noChange, kValueBytesInMemory,
                              DcmTagKey(0x7fe0, 0x0011));  // later elements are not needed
    format_->transferEnd();
    if (stream.refused()) {
        throw Error(Fault::bad_input, "nested too deeply, or of too many elements, to be an image");
    }
    if (read.bad()) {
        if (!dataset().tagExists(DCM_PixelData)) {
            throw Error(Fault::bad_input, "not a readable DICOM dataset: {}", read.text());
        }
        pixels_are_whole_ = false;
    }
    if (text_of(dataset(), DCM_SOPClassUID).empty()) {
        throw Error(Fault::bad_input, "not a DICOM instance: it has no SOP Class UID");
    }
}

DicomFile::~DicomFile() = default;

DcmDataset& DicomFile::dataset() {
    return *format_->getDataset();
}

std::string DicomFile::transfer_syntax() {
    // DCMTK guesses when it does not know the transfer syntax; its guess does not describe the
    // pixels.
    const std::string named = text_of(*format_->getMetaInfo(), DCM_TransferSyntaxUID);
    if (!named.empty() && DcmXfer(named.c_str()).getXfer() == EXS_Unknown) return named;
    const char* uid = DcmXfer(dataset().getOriginalXfer()).getXferID();
    return uid != nullptr ? uid : "";
}

namespace {

constexpr std::size_t kTextMax = 64;  // UI and LO, PS3.5 6.2

std::string value_of(DcmItem& item, const DcmTagKey& tag, unsigned long index) {
    OFString value;
    if (item.findAndGetOFString(tag, value, index).bad()) return {};
    const auto is_padding = [](char c) { return c == ' ' || c == '\0'; };
    std::size_t end = value.size();
    while (end > 0 && is_padding(value[end - 1])) --end;
    std::size_t begin = 0;
    while (begin < end && is_padding(value[begin])) ++begin;
    return value.substr(begin, end - begin);
}

}  // namespace

std::string text_of(DcmItem& item, const DcmTagKey& tag, unsigned long index) {
    std::string value = value_of(item, tag, index).substr(0, kTextMax);
    for (char& c : value) {
        if (c < ' ' || c > '~') c = '?';
    }
    return value;
}

std::string words_of(DcmDataset& dataset, const DcmTagKey& tag, unsigned long index) {
    OFString character_set;
    (void)dataset.findAndGetOFStringArray(DCM_SpecificCharacterSet, character_set);
    return shortened(to_utf8(value_of(dataset, tag, index), character_set, false), kTextMax);
}

std::string upper_text_of(DcmItem& item, const DcmTagKey& tag, unsigned long index) {
    std::string text = text_of(item, tag, index);
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

std::optional<std::uint16_t> short_of(DcmItem& item, const DcmTagKey& tag, unsigned long index) {
    Uint16 value = 0;
    if (item.findAndGetUint16(tag, value, index).good()) return value;
    Sint16 negative = 0;
    if (item.findAndGetSint16(tag, negative, index).good()) {
        return static_cast<std::uint16_t>(negative);
    }
    return std::nullopt;
}

}  // namespace bucky::inference
