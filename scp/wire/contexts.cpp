// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/contexts.h"

#include <algorithm>

namespace bucky::scp {
namespace {

// PS3.4 Table B.5-1: the storage classes that are images. Documents (SR, PDF), presentation states,
// segmentations, waveforms and raw data are not listed, because a model cannot analyse them.
constexpr StorageClass kStorageClasses[] = {
    {"1.2.840.10008.5.1.4.1.1.1", "Computed Radiography Image", true},
    {"1.2.840.10008.5.1.4.1.1.1.1", "Digital X-Ray Image - For Presentation", true},
    {"1.2.840.10008.5.1.4.1.1.1.1.1", "Digital X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.1.2", "Digital Mammography X-Ray Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.1.2.1", "Digital Mammography X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.1.3", "Digital Intra-Oral X-Ray Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.1.3.1", "Digital Intra-Oral X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.2", "CT Image", false},
    {"1.2.840.10008.5.1.4.1.1.2.1", "Enhanced CT Image", false},
    {"1.2.840.10008.5.1.4.1.1.2.2", "Legacy Converted Enhanced CT Image", false},
    {"1.2.840.10008.5.1.4.1.1.3", "Ultrasound Multi-frame Image (retired)", false},
    {"1.2.840.10008.5.1.4.1.1.3.1", "Ultrasound Multi-frame Image", false},
    {"1.2.840.10008.5.1.4.1.1.4", "MR Image", false},
    {"1.2.840.10008.5.1.4.1.1.4.1", "Enhanced MR Image", false},
    {"1.2.840.10008.5.1.4.1.1.4.3", "Enhanced MR Color Image", false},
    {"1.2.840.10008.5.1.4.1.1.4.4", "Legacy Converted Enhanced MR Image", false},
    {"1.2.840.10008.5.1.4.1.1.5", "Nuclear Medicine Image (retired)", false},
    {"1.2.840.10008.5.1.4.1.1.6", "Ultrasound Image (retired)", false},
    {"1.2.840.10008.5.1.4.1.1.6.1", "Ultrasound Image", false},
    {"1.2.840.10008.5.1.4.1.1.6.2", "Enhanced US Volume", false},
    {"1.2.840.10008.5.1.4.1.1.7", "Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.7.1", "Multi-frame Single Bit Secondary Capture Image", false},
    {"1.2.840.10008.5.1.4.1.1.7.2", "Multi-frame Grayscale Byte Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.7.3", "Multi-frame Grayscale Word Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.7.4", "Multi-frame True Color Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.12.1", "X-Ray Angiographic Image", false},
    {"1.2.840.10008.5.1.4.1.1.12.1.1", "Enhanced XA Image", false},
    {"1.2.840.10008.5.1.4.1.1.12.2", "X-Ray Radiofluoroscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.12.2.1", "Enhanced XRF Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.1", "X-Ray 3D Angiographic Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.2", "X-Ray 3D Craniofacial Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.3", "Breast Tomosynthesis Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.4", "Breast Projection X-Ray Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.5", "Breast Projection X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.14.1", "Intravascular OCT Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.14.2", "Intravascular OCT Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.20", "Nuclear Medicine Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.1", "VL Endoscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.2", "VL Microscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.3", "VL Slide-Coordinates Microscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.4", "VL Photographic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.5.1", "Ophthalmic Photography 8 Bit Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.5.2", "Ophthalmic Photography 16 Bit Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.5.4", "Ophthalmic Tomography Image", false},
    {"1.2.840.10008.5.1.4.1.1.128", "Positron Emission Tomography Image", false},
    {"1.2.840.10008.5.1.4.1.1.128.1", "Legacy Converted Enhanced PET Image", false},
    {"1.2.840.10008.5.1.4.1.1.130", "Enhanced PET Image", false},
    {"1.2.840.10008.5.1.4.1.1.481.1", "RT Image", false},
};

// PS3.6 Table A-1. Video (MPEG) is excluded on purpose: its streams are not radiographs and may
// exceed the size limit. DCMTK cannot negotiate syntaxes whose UID it does not know.
constexpr TransferSyntax kTransferSyntaxes[] = {
    {kImplicitLittleEndian, "Implicit VR Little Endian", true},
    {kExplicitLittleEndian, "Explicit VR Little Endian", true},
    {kDeflatedLittleEndian, "Deflated Explicit VR Little Endian", true},
    {kExplicitBigEndian, "Explicit VR Big Endian (retired)", true},
    {"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", false},
    {"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)", false},
    {"1.2.840.10008.1.2.4.57", "JPEG Lossless (Process 14)", false},
    {"1.2.840.10008.1.2.4.70", "JPEG Lossless (Process 14, Selection Value 1)", false},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", false},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", false},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 (Lossless Only)", false},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000", false},
    {"1.2.840.10008.1.2.5", "RLE Lossless", false},
};

template <typename Row>
const Row* find(std::span<const Row> rows, std::string_view uid) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.uid == uid; });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const StorageClass> storage_classes() {
    return kStorageClasses;
}
std::span<const TransferSyntax> transfer_syntaxes() {
    return kTransferSyntaxes;
}

const StorageClass* find_storage_class(std::string_view uid) {
    return find(storage_classes(), uid);
}

const TransferSyntax* find_transfer_syntax(std::string_view uid) {
    return find(transfer_syntaxes(), uid);
}

}  // namespace bucky::scp
