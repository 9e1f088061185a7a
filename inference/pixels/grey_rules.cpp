// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/grey_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include "conf/base/error.h"
#include "inference/pixels/dicom_file.h"
#include "inference/pixels/lookup_table.h"

namespace bucky::inference {
namespace {

constexpr unsigned kWindowsMax = 16;

double number_of(DcmItem& dataset, const DcmTagKey& tag, double otherwise) {
    Float64 value = otherwise;
    if (!dataset.tagExistsWithValue(tag)) return otherwise;
    if (dataset.findAndGetFloat64(tag, value).bad() || !std::isfinite(value)) {
        throw Error(Fault::bad_input, "{} is not a number", DcmTag(tag).getTagName());
    }
    return value;
}

/// The largest and the smallest stored value.
std::pair<int, int> range_of(const Frame& frame) {
    int low = frame.value(frame.patterns.front());
    int high = low;
    for (const std::uint16_t pattern : frame.patterns) {
        low = std::min(low, frame.value(pattern));
        high = std::max(high, frame.value(pattern));
    }
    return {low, high};
}

/// How many values between `low` and `high` have an entry in a table that begins at `first`.
int covered(const LookupTable& table, int first, int low, int high) {
    const int last = first + static_cast<int>(table.entries.size()) - 1;
    return std::max(0, std::min(high, last) - std::max(low, first) + 1);
}

LookupTable modality_table(StoredTable stored, const Frame& frame) {
    const auto [low, high] = range_of(frame);
    LookupTable& table = stored.table;
    const auto by = [&](int first) { return covered(table, first, low, high); };
    if (stored.other_first && by(*stored.other_first) > by(table.first)) {
        table.first = *stored.other_first;
    }
    if (stored.is_cut && high >= table.first + static_cast<int>(table.entries.size())) {
        throw Error(Fault::bad_input,
                    "the Modality LUT has {}, and the image has values behind them", stored.note);
    }
    return std::move(table);
}

void read_modality(DcmItem& dataset, const Frame& frame, GreyRules& rules) {
    DcmItem* item = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_ModalityLUTSequence, item).good()) {
        auto tables = read_tables(dataset, DCM_ModalityLUTSequence, frame.is_signed);
        if (tables.empty()) {
            throw Error(Fault::bad_input,
                        "Modality LUT Sequence without a usable descriptor and data");
        }
        rules.modality_lut = modality_table(std::move(tables.front()), frame);
        return;
    }
    rules.slope = number_of(dataset, DCM_RescaleSlope, 1);
    rules.intercept = number_of(dataset, DCM_RescaleIntercept, 0);
    if (rules.slope == 0) throw Error(Fault::bad_input, "Rescale Slope is 0");
}

/// The number of windows in the header.
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
    const std::string function = upper_text_of(dataset, DCM_VOILUTFunction);
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

std::string number_words(std::size_t index, std::size_t count) {
    return count > 1 ? fmt::format(", number {} of {}", index + 1, count) : "";
}

std::string words_for(const Window& window) {
    const char* function = window.function == Window::Function::sigmoid        ? " SIGMOID"
                           : window.function == Window::Function::linear_exact ? " LINEAR_EXACT"
                                                                               : "";
    return fmt::format("window {:.6g}/{:.6g}{} from the header", window.center, window.width,
                       function);
}

/// A table by its own sign, then by the other: only one of them meets the values of the image.
void add_table(std::vector<View>& views, StoredTable stored, const std::string& number) {
    View view;
    view.is_cut = stored.is_cut;
    view.words = "VOI LUT from the header" + number;
    if (!stored.note.empty()) view.words += fmt::format(" ({})", stored.note);
    view.table = std::move(stored.table);
    views.push_back(view);
    if (!stored.other_first) return;
    view.table->first = *stored.other_first;
    view.words += fmt::format(", its first input read as {}", view.table->first);
    views.push_back(std::move(view));
}

std::vector<View> views_of(DcmItem& dataset, bool is_signed) {
    std::vector<View> views;
    auto tables = read_tables(dataset, DCM_VOILUTSequence, is_signed);
    for (std::size_t i = 0; i < tables.size(); ++i) {
        add_table(views, std::move(tables[i]), number_words(i, tables.size()));
    }
    const unsigned windows = std::min(windows_in(dataset), kWindowsMax);
    for (unsigned i = 0; i < windows; ++i) {
        const auto window = window_of(dataset, i);
        if (!window) continue;
        View view;
        view.window = *window;
        view.words = words_for(*window) + number_words(i, windows);
        views.push_back(std::move(view));
    }
    return views;
}

}  // namespace

HeaderGrey read_grey_rules(DcmItem& dataset, const Frame& frame) {
    HeaderGrey grey;
    GreyRules& rules = grey.rules;
    read_modality(dataset, frame, rules);
    grey.views = views_of(dataset, modality_is_signed(rules, frame));
    // MONOCHROME1 and INVERSE mean the same. An image that has both is inverted once (PS3.3
    // C.8.11.3.1.2, C.11.6.1.2).
    rules.inverse = upper_text_of(dataset, DCM_PhotometricInterpretation) == "MONOCHROME1" ||
                    upper_text_of(dataset, DCM_PresentationLUTShape) == "INVERSE";
    rules.padding = padding_of(dataset, frame.is_signed);
    return grey;
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
