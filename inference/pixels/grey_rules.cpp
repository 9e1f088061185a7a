// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/grey_rules.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "inference/pixels/dicom_file.h"

namespace bucky::inference {
namespace {

/// A value of VR US or SS, which depends on Pixel Representation; the 16 bits as written.
std::optional<std::uint16_t> short_of(DcmItem& item, const DcmTagKey& tag, unsigned long index) {
    Uint16 value = 0;
    if (item.findAndGetUint16(tag, value, index).good()) return value;
    Sint16 negative = 0;
    if (item.findAndGetSint16(tag, negative, index).good()) {
        return static_cast<std::uint16_t>(negative);
    }
    return std::nullopt;
}

int as_number(std::uint16_t raw, bool is_signed) {
    return is_signed ? static_cast<std::int16_t>(raw) : raw;
}

/// LUT Data: 16 bits for each entry. If the descriptor says 8 bits, there may be two entries in a
/// word, the first in the low byte (PS3.3 C.11.1.1.1).
std::vector<std::uint16_t> entries_of(DcmItem& lut, std::size_t declared, unsigned bits) {
    const Uint16* words = nullptr;
    unsigned long count = 0;
    if (lut.findAndGetUint16Array(DCM_LUTData, words, &count).bad() || words == nullptr) return {};
    std::vector<std::uint16_t> entries;
    if (bits <= 8 && count < declared && 2 * count >= declared) {
        for (std::size_t i = 0; i < declared; ++i) {
            entries.push_back(i % 2 == 0 ? words[i / 2] & 0xFFU : words[i / 2] >> 8U);
        }
        return entries;
    }
    return {words, words + std::min<std::size_t>(declared, count)};
}

/// The first item of a LUT sequence; nullopt when it cannot be used.
std::optional<LookupTable> table_of(DcmItem& dataset, const DcmTagKey& sequence, bool is_signed) {
    DcmItem* item = nullptr;
    if (dataset.findAndGetSequenceItem(sequence, item).bad()) return std::nullopt;
    const auto count = short_of(*item, DCM_LUTDescriptor, 0);
    const auto first = short_of(*item, DCM_LUTDescriptor, 1);
    const auto bits = short_of(*item, DCM_LUTDescriptor, 2);
    if (!count || !first || !bits) return std::nullopt;
    LookupTable table;
    table.first = as_number(*first, is_signed);
    const std::size_t declared = *count == 0 ? 65536 : *count;
    table.entries = entries_of(*item, declared, *bits);
    if (table.entries.empty()) return std::nullopt;
    // Some writers state 16 bits for every table, or too few: the entries decide.
    const unsigned highest = *std::max_element(table.entries.begin(), table.entries.end());
    const auto needed = static_cast<unsigned>(std::bit_width(highest));
    table.bits = std::clamp<unsigned>(*bits, 8, 16);
    table.bits = std::max(table.bits, needed);
    return table;
}

double number_of(DcmItem& dataset, const DcmTagKey& tag, double otherwise) {
    Float64 value = otherwise;
    if (!dataset.tagExistsWithValue(tag)) return otherwise;
    if (dataset.findAndGetFloat64(tag, value).bad() || !std::isfinite(value)) {
        throw Error(Fault::bad_input, "{} is not a number", DcmTag(tag).getTagName());
    }
    return value;
}

void read_modality(DcmItem& dataset, bool is_signed, GreyRules& rules) {
    rules.modality_lut = table_of(dataset, DCM_ModalityLUTSequence, is_signed);
    if (rules.modality_lut) return;
    DcmItem* item = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_ModalityLUTSequence, item).good()) {
        throw Error(Fault::bad_input, "Modality LUT Sequence without a usable descriptor and data");
    }
    rules.slope = number_of(dataset, DCM_RescaleSlope, 1);
    rules.intercept = number_of(dataset, DCM_RescaleIntercept, 0);
    if (rules.slope == 0) throw Error(Fault::bad_input, "Rescale Slope is 0");
}

/// The number of windows in the header. Each is a useful view; the first is the default (PS3.3
/// C.11.2.1.2).
unsigned windows_in(DcmItem& dataset) {
    DcmElement *centers = nullptr, *widths = nullptr;
    if (dataset.findAndGetElement(DCM_WindowCenter, centers).bad() ||
        dataset.findAndGetElement(DCM_WindowWidth, widths).bad()) {
        return 0;
    }
    return static_cast<unsigned>(std::min(centers->getVM(), widths->getVM()));
}

std::optional<Window> window_of(DcmItem& dataset, unsigned index) {
    Window window;
    if (dataset.findAndGetFloat64(DCM_WindowCenter, window.center, index).bad() ||
        dataset.findAndGetFloat64(DCM_WindowWidth, window.width, index).bad()) {
        return std::nullopt;
    }
    const std::string function = text_of(dataset, DCM_VOILUTFunction);
    if (function == "SIGMOID") window.function = Window::Function::sigmoid;
    if (function == "LINEAR_EXACT") window.function = Window::Function::linear_exact;
    const bool wide_enough =
        window.function == Window::Function::linear ? window.width >= 1 : window.width > 0;
    if (!std::isfinite(window.center) || !std::isfinite(window.width) || !wide_enough) {
        return std::nullopt;
    }
    return window;
}

/// The VOI LUT takes modality values, so its first input is signed if they can be negative.
bool modality_is_signed(const GreyRules& rules, const Frame& frame) {
    if (rules.modality_lut) return false;
    const double half = static_cast<double>(frame.pattern_count()) / 2;
    const double low = frame.is_signed ? -half : 0;
    const double high = frame.is_signed ? half - 1 : 2 * half - 1;
    return std::min(low * rules.slope, high * rules.slope) + rules.intercept < 0;
}

std::optional<Padding> padding_of(DcmItem& dataset, bool is_signed) {
    const auto value = short_of(dataset, DCM_PixelPaddingValue, 0);
    if (!value) return std::nullopt;
    const auto limit = short_of(dataset, DCM_PixelPaddingRangeLimit, 0);
    const int a = as_number(*value, is_signed);
    const int b = as_number(limit.value_or(*value), is_signed);
    return Padding{std::min(a, b), std::max(a, b)};
}

}  // namespace

GreyRules read_grey_rules(DcmItem& dataset, const Frame& frame) {
    GreyRules rules;
    read_modality(dataset, frame.is_signed, rules);
    rules.voi_lut = table_of(dataset, DCM_VOILUTSequence, modality_is_signed(rules, frame));
    rules.windows = std::min(windows_in(dataset), 16U);
    for (unsigned i = 0; i < rules.windows && !rules.voi_lut && !rules.window; ++i) {
        rules.window = window_of(dataset, i);
    }
    // MONOCHROME1 and INVERSE mean the same. An image that has both is inverted once (PS3.3
    // C.8.11.3.1.2, C.11.6.1.2).
    rules.inverse = text_of(dataset, DCM_PhotometricInterpretation) == "MONOCHROME1" ||
                    text_of(dataset, DCM_PresentationLUTShape) == "INVERSE";
    rules.padding = padding_of(dataset, frame.is_signed);
    return rules;
}

double read_pixel_ratio(DcmItem& dataset) {
    constexpr double kRatioMax = 10;
    for (const auto& tag :
         {DCM_PixelSpacing, DCM_ImagerPixelSpacing, DCM_NominalScannedPixelSpacing,
          DCM_PixelAspectRatio}) {  // each: distance of rows, distance of columns
        Float64 height = 0, width = 0;
        OFString high, wide;  // for VR IS and DS
        if (dataset.findAndGetOFString(tag, high, 0).bad() ||
            dataset.findAndGetOFString(tag, wide, 1).bad()) {
            continue;
        }
        height = std::atof(high.c_str());
        width = std::atof(wide.c_str());
        if (!(height > 0) || !(width > 0)) continue;
        const double ratio = height / width;
        if (ratio <= kRatioMax && ratio >= 1 / kRatioMax) return ratio;
    }
    return 1;
}

}  // namespace bucky::inference
