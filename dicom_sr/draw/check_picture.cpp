// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/check_picture.h"

#include <string>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"

namespace bucky::dicom_sr {

void check_picture(const ReadBack& read, Complaints& out) {
    DcmItem& dataset = read.dataset;
    require_values(dataset,
                   {DCM_ImageType, DCM_SamplesPerPixel, DCM_PhotometricInterpretation, DCM_Rows,
                    DCM_Columns, DCM_BitsAllocated, DCM_BitsStored, DCM_HighBit},
                   out);
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    Uint16 samples = 0;
    (void)dataset.findAndGetUint16(DCM_SamplesPerPixel, samples);
    const std::size_t expected = 1UL * samples * rows * columns;
    const std::size_t padded = (expected + 1) / 2 * 2;
    if (expected == 0 || (read.pixel_bytes != expected && read.pixel_bytes != padded)) {
        out.push_back(fmt::format("PixelData has {} bytes for {} x {} pixels", read.pixel_bytes,
                                  columns, rows));
    }
    bool refers = false;
    for_each_item(dataset, DCM_SourceImageSequence, [&](DcmItem& item) {
        refers |= value_of(item, DCM_ReferencedSOPInstanceUID) == read.source.sop_instance.str();
    });
    if (!refers) out.emplace_back("SourceImageSequence does not name the source");
}

}  // namespace bucky::dicom_sr
