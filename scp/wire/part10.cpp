// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/part10.h"

#include <array>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "scp/wire/start.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kHeaderBytesMax = 4096;  ///< seven short elements: about 400 in practice
constexpr offile_off_t kPreambleAndPrefix = 132;
constexpr offile_off_t kGroupLengthElement = 12;  ///< (0002,0000) UL: tag, VR, length, value

void put(DcmMetaInfo& meta, const DcmTagKey& tag, const std::string& value) {
    if (meta.putAndInsertString(tag, value.c_str()).bad()) {
        throw Error(Fault::bug, "cannot put an element into a file header");
    }
}

std::string text_of(DcmMetaInfo& meta, const DcmTagKey& tag) {
    OFString value;
    (void)meta.findAndGetOFString(tag, value);
    return value;
}

}  // namespace

std::vector<std::uint8_t> write_part10_header(const std::string& sop_class,
                                              const std::string& sop_instance,
                                              const std::string& transfer_syntax,
                                              const std::string& source_ae) {
    DcmMetaInfo meta;
    constexpr std::array<Uint8, 2> version{0, 1};
    (void)meta.putAndInsertUint32(DCM_FileMetaInformationGroupLength, 0);
    (void)meta.putAndInsertUint8Array(DCM_FileMetaInformationVersion, version.data(),
                                      version.size());
    put(meta, DCM_MediaStorageSOPClassUID, sop_class);
    put(meta, DCM_MediaStorageSOPInstanceUID, sop_instance);
    put(meta, DCM_TransferSyntaxUID, transfer_syntax);
    put(meta, DCM_ImplementationClassUID, implementation_class_uid());
    put(meta, DCM_ImplementationVersionName, implementation_version_name());
    if (!source_ae.empty()) put(meta, DCM_SourceApplicationEntityTitle, source_ae);

    std::vector<std::uint8_t> bytes(kHeaderBytesMax);
    DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    meta.transferInit();
    OFCondition made = meta.computeGroupLengthAndPadding(
        EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength);
    if (made.good()) {
        made = meta.write(stream, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength, nullptr);
    }
    meta.transferEnd();
    if (made.bad()) throw Error(Fault::bug, "cannot write a file header: {}", made.text());
    bytes.resize(static_cast<std::size_t>(stream.tell()));
    return bytes;
}

Part10Header read_part10_header(const std::filesystem::path& file) {
    DcmFileFormat format;
    // Stops directly after the file meta information.
    const OFCondition loaded =
        format.loadFile(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_metaOnly);
    std::error_code error;
    Part10Header header;
    header.file_bytes = std::filesystem::file_size(file, error);
    if (error) {
        throw Error(Fault::unavailable, "cannot read {}: {}", file.string(), error.message());
    }
    DcmMetaInfo* meta = format.getMetaInfo();
    Uint32 group_length = 0;
    if (loaded.bad() || meta == nullptr ||
        meta->findAndGetUint32(DCM_FileMetaInformationGroupLength, group_length).bad()) {
        throw Error(Fault::bad_input, "{} is not a DICOM file: it has no file meta information",
                    file.string());
    }
    header.sop_class = text_of(*meta, DCM_MediaStorageSOPClassUID);
    header.sop_instance = text_of(*meta, DCM_MediaStorageSOPInstanceUID);
    header.transfer_syntax = text_of(*meta, DCM_TransferSyntaxUID);
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
