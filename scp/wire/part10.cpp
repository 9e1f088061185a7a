// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/part10.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"

namespace bucky::scp {
namespace {

constexpr offile_off_t kPreambleAndPrefix = 132;
constexpr offile_off_t kGroupLengthElement = 12;  ///< (0002,0000) UL: tag, VR, length, value

std::string text_of(DcmMetaInfo& meta, const DcmTagKey& tag) {
    OFString value;
    (void)meta.findAndGetOFString(tag, value);
    return value;
}

}  // namespace

Part10Header read_part10_header(const std::filesystem::path& file) {
    DcmMetaInfo meta;  // alone: DcmFileFormat refuses a transfer syntax that DCMTK does not know
    DcmInputFileStream stream(file.c_str());
    meta.transferInit();
    const OFCondition loaded =
        stream.good() ? meta.read(stream, EXS_Unknown, EGL_noChange) : stream.status();
    meta.transferEnd();
    std::error_code error;
    Part10Header header;
    header.file_bytes = std::filesystem::file_size(file, error);
    if (error) {
        throw Error(Fault::unavailable, "cannot read {}: {}", file.string(), error.message());
    }
    Uint32 group_length = 0;
    if (loaded.bad() ||
        meta.findAndGetUint32(DCM_FileMetaInformationGroupLength, group_length).bad()) {
        throw Error(Fault::bad_input, "{} is not a DICOM file: it has no file meta information",
                    file.string());
    }
    header.sop_class = text_of(meta, DCM_MediaStorageSOPClassUID);
    header.sop_instance = text_of(meta, DCM_MediaStorageSOPInstanceUID);
    header.transfer_syntax = text_of(meta, DCM_TransferSyntaxUID);
    header.dataset_at =
        static_cast<std::uint64_t>(kPreambleAndPrefix + kGroupLengthElement) + group_length;
    if (header.sop_class.empty() || header.sop_instance.empty() || header.transfer_syntax.empty() ||
        header.dataset_at >= header.file_bytes) {
        throw Error(Fault::bad_input, "{}: its file meta information is not complete",
                    file.string());
    }
    return header;
}

}  // namespace bucky::scp
