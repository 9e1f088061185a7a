// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/pixel_layout.h"

#include <algorithm>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "inference/pixels/dicom_file.h"

namespace bucky::inference {
namespace {

std::uint16_t required(DcmItem& dataset, const DcmTagKey& tag) {
    Uint16 value = 0;
    if (dataset.findAndGetUint16(tag, value).bad()) {
        throw Error(Fault::bad_input, "the image has no {}", DcmTag(tag).getTagName());
    }
    return value;
}

void must_be_grey(DcmItem& dataset) {
    Uint16 samples = 1;
    dataset.findAndGetUint16(DCM_SamplesPerPixel, samples);
    const std::string photometric = upper_text_of(dataset, DCM_PhotometricInterpretation);
    if (samples != 1 || (photometric != "MONOCHROME1" && photometric != "MONOCHROME2")) {
        throw Error(Fault::unsupported,
                    "photometric interpretation \"{}\" with {} samples a pixel: only MONOCHROME1 "
                    "and MONOCHROME2 are read",
                    photometric, samples);
    }
}

void must_be_possible(const PixelLayout& layout) {
    if (layout.rows == 0 || layout.columns == 0) {
        throw Error(Fault::bad_input, "the image is {} x {} pixels", layout.columns, layout.rows);
    }
    if (std::max(layout.rows, layout.columns) > limits::kImageSideMax ||
        layout.pixels() > limits::kImagePixelsMax) {
        throw Error(Fault::unsupported,
                    "the image is {} x {} pixels: at most {} a side and {} in "
                    "all are decoded",
                    layout.columns, layout.rows, limits::kImageSideMax, limits::kImagePixelsMax);
    }
    if (layout.allocated != 8 && layout.allocated != 16) {
        throw Error(Fault::unsupported, "{} bits allocated: 8 and 16 are read", layout.allocated);
    }
    if (layout.stored == 0 || layout.stored > layout.allocated ||
        layout.high_bit >= layout.allocated || layout.high_bit + 1 < layout.stored) {
        throw Error(Fault::bad_input, "{} bits stored, high bit {}, in {} bits allocated",
                    layout.stored, layout.high_bit, layout.allocated);
    }
}

}  // namespace

PixelLayout read_pixel_layout(DcmItem& dataset) {
    must_be_grey(dataset);
    PixelLayout layout;
    layout.rows = required(dataset, DCM_Rows);
    layout.columns = required(dataset, DCM_Columns);
    layout.allocated = required(dataset, DCM_BitsAllocated);
    layout.stored = required(dataset, DCM_BitsStored);
    layout.high_bit = static_cast<std::uint16_t>(layout.stored - 1);
    dataset.findAndGetUint16(DCM_HighBit, layout.high_bit);
    Uint16 representation = 0;
    dataset.findAndGetUint16(DCM_PixelRepresentation, representation);
    layout.is_signed = representation == 1;
    Sint32 frames = 1;
    if (dataset.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 1) {
        layout.frames = static_cast<std::uint32_t>(frames);
    }
    must_be_possible(layout);
    return layout;
}

}  // namespace bucky::inference
