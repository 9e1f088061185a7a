// SPDX-License-Identifier: Apache-2.0
// Reasons: why an image has no answer. Each key is one row with its code in the SR; a key without a
// row is a bug and throws. Logs and tests depend on the keys.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "inference/findings.h"

namespace bucky::inference {

struct ReasonRow {
    std::string_view key;
    std::string_view code;     ///< at most 16 characters (VR SH), scheme 99BUCKY
    std::string_view meaning;  ///< at most 64 (VR LO)
};

// PS3.16 has reasons why a procedure step was discontinued (CID 9300 and following), but none why
// an algorithm did not accept an image, so the codes are private.
inline constexpr std::array kReasons{
    ReasonRow{"own.result", "OWN_RESULT", "A result of this software, not an image"},
    ReasonRow{"model.demonstration", "DEMONSTRATION", "Demonstration, for computed images only"},
    ReasonRow{"equipment.not_taken", "EQUIPMENT", "Equipment not taken by the model"},
    ReasonRow{"sop_class.not_taken", "SOP_CLASS", "SOP class not taken by the model"},
    ReasonRow{"intent.for_processing", "FOR_PROCESSING", "Image for processing, not to be read"},
    ReasonRow{"modality.not_taken", "MODALITY", "Modality not taken by the model"},
    ReasonRow{"species.not_human", "SPECIES", "Patient is not human"},
    ReasonRow{"image_type.secondary", "SECONDARY", "Picture made of other images"},
    ReasonRow{"annotation.burned_in", "BURNED_IN", "Annotation burned into the pixels"},
    ReasonRow{"body_part.not_taken", "BODY_PART", "Body part not taken by the model"},
    ReasonRow{"view.not_taken", "VIEW", "View not taken by the model"},
    ReasonRow{"orientation.missing", "NO_ORIENTATION", "Patient orientation missing"},
    ReasonRow{"orientation.mirrored", "MIRRORED", "Image is mirrored by its header"},
    ReasonRow{"orientation.rotated", "ROTATED", "Image is rotated by its header"},
    ReasonRow{"orientation.not_frontal", "NOT_FRONTAL", "Image is not frontal by its header"},
    ReasonRow{"age.out_of_range", "AGE", "Patient age not taken by the model"},
    ReasonRow{"age.contradicted", "AGE_CONFLICT", "Patient age contradicts the birth date"},
    ReasonRow{"image.no_pixels", "NO_PIXELS", "Object without pixel data"},
    ReasonRow{"image.too_small", "TOO_SMALL", "Image smaller than the model needs"},
    ReasonRow{"image.too_large", "TOO_LARGE", "Image larger than is decoded"},
    ReasonRow{"image.not_decodable", "NOT_DECODABLE", "Image cannot be decoded"},
    ReasonRow{"image.decoder_died", "DECODER_DIED", "Decoder crashed or hung on the image"},
    ReasonRow{"image.no_end_marker", "NO_END_MARKER", "Compressed image lacks its end marker"},
    ReasonRow{"photometric.colour", "COLOUR", "Image is not monochrome"},
    ReasonRow{"transfer_syntax.not_decoded", "SYNTAX", "Transfer syntax not decoded"},
    ReasonRow{"grey.no_contrast", "NO_CONTRAST", "Picture without readable contrast"},
    ReasonRow{"grey.view_replaced", "VIEW_REPLACED", "Default view of the image was not used"},
    ReasonRow{"grey.header_wrong", "BITS_CORRECTED", "Stored values contradict the image header"},
    ReasonRow{"gate.not_chest", "NOT_CHEST", "Picture is no frontal chest radiograph"},
    ReasonRow{"gate.rotated", "LOOKS_ROTATED", "Chest in the picture is not upright"},
    ReasonRow{"gate.inverted", "LOOKS_INVERTED", "Grey of the picture is inverted"},
    ReasonRow{"gate.mirrored", "LOOKS_MIRRORED", "Picture looks mirrored"},
    ReasonRow{"gate.mislabelled", "MISLABELLED", "Picture does not look mirrored as labelled"},
    ReasonRow{"gate.failed", "GATE_FAILED", "Pixels could not be judged"},
    ReasonRow{"privacy.text_in_pixels", "TEXT_IN_PIXELS", "Text in the pixels, not sent"},
    ReasonRow{"privacy.not_searched", "TEXT_UNSEARCHED", "Not searched for text, not sent"},
    ReasonRow{"model.failed", "MODEL_FAILED", "Model gave no usable answer"},
    ReasonRow{"shelf.empty", "NO_MODEL", "No model configured"},
};

/// The reason with this key and a sentence for people. Throws bug for a key without a row.
Reason reason(std::string_view key, std::string text);

}  // namespace bucky::inference
