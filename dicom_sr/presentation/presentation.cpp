// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/presentation/presentation.h"

#include <array>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"
#include "dcmtk/dcmdata/dcvrsl.h"

#include "conf/base/error.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/label_layout.h"
#include "dicom_sr/draw/panel.h"

namespace bucky::dicom_sr {
namespace {

using inference::Finding;
using inference::Point;

constexpr const char* kNoteLayer = "BUCKY";
constexpr double kEmsOnLongerSide = 50;  // room for text, whose size a viewer chooses

/// One outline of the image with its name, and the layer of its finding.
struct Annotation {
    std::size_t finding = 0;
    std::string layer;
    Outline outline;
    std::string words;
};

/// "F2 PNEUMOTHORAX": a CS, unique within the object.
std::string layer_of(const Finding& finding, std::size_t number) {
    return fitted(DCM_GraphicLayer, fmt::format("F{} {}", number + 1, finding.key));
}

std::vector<Annotation> annotations_of(const Answers& image, Language language) {
    std::vector<Annotation> annotations;
    for (const auto& [answer, told, place] : findings_of(image)) {
        const Finding& finding = *told;
        if (finding.answer != inference::Answer::present) continue;
        for (std::size_t k = 0; k < finding.regions.size(); ++k) {
            if (finding.regions[k].outline.size() < 3) continue;
            annotations.push_back({place, layer_of(finding, place), finding.regions[k].outline,
                                   outline_label(*answer, finding, k, language)});
        }
    }
    return annotations;
}

std::string decimal(double value) {  // DS has 16 characters
    return fmt::format("{:.10g}", value);
}

// ---- grey: Modality LUT, Softcopy VOI LUT and Softcopy Presentation LUT modules -----------------

/// With 16 bits an entry, which both LUTs allow (PS3.3 C.11.1.1.1, C.11.2.1.1).
void put_table(DcmItem& item, const Softcopy::Table& table) {
    const bool is_negative = table.first < 0;  // US or SS, like the input of the table
    const std::size_t count = table.entries.size();
    const std::array<Uint16, 3> descriptor{static_cast<Uint16>(count == 65536 ? 0 : count),
                                           static_cast<Uint16>(table.first), 16};
    const DcmTag tag(DCM_LUTDescriptor, is_negative ? EVR_SS : EVR_US);
    const OFCondition described =
        is_negative ? item.putAndInsertSint16Array(
                          tag, reinterpret_cast<const Sint16*>(descriptor.data()), 3)
                    : item.putAndInsertUint16Array(tag, descriptor.data(), 3);
    const OFCondition filled = item.putAndInsertUint16Array(
        DcmTag(DCM_LUTData, EVR_OW), table.entries.data(), static_cast<unsigned long>(count));
    if (described.bad() || filled.bad()) throw Error(Fault::bug, "presentation state: a LUT");
}

void write_grey(DcmItem& dataset, const Softcopy& grey) {
    if (grey.modality_lut) {
        DcmItem& item = new_item(dataset, DCM_ModalityLUTSequence);
        put_table(item, *grey.modality_lut);
        put(item, DCM_ModalityLUTType, "US");  // unspecified units
    } else if (grey.slope != 1 || grey.intercept != 0) {
        put(dataset, DCM_RescaleIntercept, decimal(grey.intercept));
        put(dataset, DCM_RescaleSlope, decimal(grey.slope));
        put(dataset, DCM_RescaleType, "US");
    }
    DcmItem& voi = new_item(dataset, DCM_SoftcopyVOILUTSequence);
    if (grey.voi_lut) {
        Softcopy::Table table = *grey.voi_lut;  // its output is a fraction of the full range
        const std::uint32_t white = (1U << table.bits) - 1;
        for (auto& entry : table.entries) {
            entry =
                static_cast<std::uint16_t>(std::min<std::uint32_t>(entry, white) * 65535 / white);
        }
        put_table(new_item(voi, DCM_VOILUTSequence), table);
    } else {
        put(voi, DCM_WindowCenter, decimal(grey.window_center));
        put(voi, DCM_WindowWidth, decimal(grey.window_width));
        put_known(voi, DCM_VOILUTFunction, grey.function);
    }
    put(dataset, DCM_PresentationLUTShape, grey.inverse ? "INVERSE" : "IDENTITY");
}

// ---- area: the whole image, fitted to the screen ------------------------------------------------

void put_corner(DcmItem& item, const DcmTagKey& tag, std::uint32_t column, std::uint32_t row) {
    const std::array<Sint32, 2> values{static_cast<Sint32>(column), static_cast<Sint32>(row)};
    auto corner = std::make_unique<DcmSignedLong>(DcmTag(tag));
    const OFCondition made = corner->putSint32Array(values.data(), values.size());
    if (made.bad() || item.insert(corner.get(), OFTrue).bad()) {
        throw Error(Fault::bug, "presentation state: a corner of its area");
    }
    (void)corner.release();  // the item owns it
}

void write_area(DcmItem& dataset, const Source& source) {  // PS3.3 C.10.4
    DcmItem& area = new_item(dataset, DCM_DisplayedAreaSelectionSequence);
    const auto write = [&](const DcmTagKey& tag, const std::string& pair) {
        const OFCondition made = area.putAndInsertOFStringArray(tag, pair);
        if (made.bad()) throw Error(Fault::bug, "presentation state: {}", made.text());
    };
    put_corner(area, DCM_DisplayedAreaTopLeftHandCorner, 1, 1);
    put_corner(area, DCM_DisplayedAreaBottomRightHandCorner, source.columns, source.rows);
    put(area, DCM_PresentationSizeMode, "SCALE TO FIT");
    const auto fits = [](const std::string& pair) {
        const std::size_t split = pair.find('\\');
        if (split == std::string::npos) return false;
        const std::string first = fitted(DCM_SliceThickness, pair.substr(0, split));  // a DS
        const std::string second = fitted(DCM_SliceThickness, pair.substr(split + 1));
        return !first.empty() && !second.empty() && std::stod(first) > 0 && std::stod(second) > 0;
    };
    if (fits(source.pixel_spacing)) {
        write(DCM_PresentationPixelSpacing, source.pixel_spacing);
    } else {
        const std::string& ratio = source.pixel_aspect_ratio;
        const bool whole = ratio.find_first_not_of("0123456789\\") == std::string::npos;
        write(DCM_PresentationPixelAspectRatio, whole && fits(ratio) ? ratio : "1\\1");
    }
}

// ---- layers -------------------------------------------------------------------------------------

void add_layer(DcmItem& dataset, std::string_view name, int order, const Colour& colour,
               std::string_view description) {
    DcmItem& layer = new_item(dataset, DCM_GraphicLayerSequence);
    put(layer, DCM_GraphicLayer, name);
    put(layer, DCM_GraphicLayerOrder, std::to_string(order));
    put_number(layer, DCM_GraphicLayerRecommendedDisplayGrayscaleValue, 0xFFFF);
    const auto lab = cie_lab(colour);
    const OFCondition made = layer.putAndInsertUint16Array(
        DCM_GraphicLayerRecommendedDisplayCIELabValue, lab.data(), lab.size());
    if (made.bad()) throw Error(Fault::bug, "presentation state: {}", made.text());
    put(layer, DCM_GraphicLayerDescription, description);
}

void write_layers(DcmItem& dataset, const Answers& image,
                  const std::vector<Annotation>& annotations, Language language) {
    int order = 1;
    add_layer(dataset, kNoteLayer, order, {1, 1, 1, 1}, words(language).result);
    for (const Told& one : findings_of(image)) {
        if (std::ranges::count(annotations, one.place, &Annotation::finding) == 0) continue;
        add_layer(dataset, layer_of(*one.finding, one.place), ++order, mark_of(one.place).colour,
                  with_package(name_of(*one.finding, language), *one.answer));
    }
}

// ---- annotations --------------------------------------------------------------------------------

/// The approximate width of a viewer's text: half an em a letter, one em a Hangul syllable.
double width_in_ems(std::string_view text) {
    double ems = 1;
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x80) ems += 0.6;
        if (value >= 0xC0) ems += 1;
    }
    return ems;
}

void add_text(DcmItem& annotation, std::string_view words, std::string_view units, const Rect& box,
              const std::optional<Point>& anchor) {
    DcmItem& text = new_item(annotation, DCM_TextObjectSequence);
    put(text, DCM_BoundingBoxAnnotationUnits, units);
    put(text, DCM_UnformattedTextValue, words);
    put_floats(text, DCM_BoundingBoxTopLeftHandCorner,
               std::array{static_cast<float>(box.x), static_cast<float>(box.y)});
    put_floats(
        text, DCM_BoundingBoxBottomRightHandCorner,
        std::array{static_cast<float>(box.x + box.width), static_cast<float>(box.y + box.height)});
    put(text, DCM_BoundingBoxTextHorizontalJustification, "LEFT");
    if (!anchor) return;
    put(text, DCM_AnchorPointAnnotationUnits, "PIXEL");
    put_floats(text, DCM_AnchorPoint,
               std::array{static_cast<float>(anchor->column), static_cast<float>(anchor->row)});
    put(text, DCM_AnchorPointVisibility, "Y");
}

/// A closed POLYLINE ends where it begins (PS3.3 C.10.5.1.2); not filled, so that it hides nothing.
void add_outline(DcmItem& annotation, const Outline& outline) {
    DcmItem& graphic = new_item(annotation, DCM_GraphicObjectSequence);
    std::vector<float> data;
    const auto append = [&](const Point& point) {
        data.push_back(static_cast<float>(point.column));
        data.push_back(static_cast<float>(point.row));
    };
    for (const Point& point : outline) append(point);
    append(outline.front());
    put(graphic, DCM_GraphicAnnotationUnits, "PIXEL");
    put_number(graphic, DCM_GraphicDimensions, 2);
    put_number(graphic, DCM_NumberOfGraphicPoints, static_cast<std::uint32_t>(data.size() / 2));
    put_floats(graphic, DCM_GraphicData, data);
    put(graphic, DCM_GraphicType, "POLYLINE");
    put(graphic, DCM_GraphicFilled, "N");
}

void write_note(DcmItem& dataset, const Answers& image, Language language) {
    DcmItem& annotation = new_item(dataset, DCM_GraphicAnnotationSequence);
    put(annotation, DCM_GraphicLayer, kNoteLayer);
    const Words& say = words(language);
    std::string models;
    for (const inference::ModelIdentity& model : models_of(image)) {
        models += (models.empty() ? "" : "; ") + model_line(model, language);
    }
    const std::array lines{fmt::format("{}: {}", say.result, verdict_line(image, language)),
                           assists_line(image, language), models};
    for (std::size_t i = 0; i < lines.size(); ++i) {  // one line each, at the foot of the screen
        if (lines[i].empty()) continue;
        const double top = 0.88 + 0.04 * static_cast<double>(i);
        add_text(annotation, cleaned(lines[i]), "DISPLAY", {0.02, top, 0.96, 0.035}, {});
    }
}

void write_annotations(DcmItem& dataset, const Source& source,
                       const std::vector<Annotation>& annotations) {
    const double em = std::max(source.rows, source.columns) / kEmsOnLongerSide;
    std::vector<Outline> outlines;
    for (const Annotation& one : annotations) outlines.push_back(one.outline);
    std::vector<Label> labels;
    for (std::size_t i = 0; i < annotations.size(); ++i) {
        labels.push_back({&outlines[i], {em * width_in_ems(annotations[i].words), 1.5 * em}});
    }
    const Extent area{static_cast<double>(source.columns), static_cast<double>(source.rows)};
    const auto placed = place_labels(outlines, labels, area, 0.5 * em);
    for (std::size_t i = 0; i < annotations.size(); ++i) {
        DcmItem& annotation = new_item(dataset, DCM_GraphicAnnotationSequence);
        put(annotation, DCM_GraphicLayer, annotations[i].layer);
        if (placed[i]) {
            add_text(annotation, annotations[i].words, "PIXEL", placed[i]->box, placed[i]->pointer);
        }
        add_outline(annotation, annotations[i].outline);
    }
}

// ---- identification -----------------------------------------------------------------------------

void write_identification(DcmItem& dataset, const Answers& image,
                          Language language) {  // PS3.3 C.11.10, 10.9
    const ReportedImage& first = image.front();
    const LocalTime content = local_time(first.result.started_at_ms, first.source);
    put(dataset, DCM_InstanceNumber, instance_number_after(first.source));
    if (!dataset.tagExistsWithValue(DCM_InstanceNumber)) put(dataset, DCM_InstanceNumber, "1");
    put(dataset, DCM_ContentLabel, "AI FINDINGS");
    put(dataset, DCM_ContentDescription, title_of(image, language));
    put(dataset, DCM_ContentCreatorName, "");
    put(dataset, DCM_PresentationCreationDate, content.date);
    put(dataset, DCM_PresentationCreationTime, content.time);
    DcmItem& series = new_item(dataset, DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, first.source.series.str());
    put_reference(series, DCM_ReferencedImageSequence, reference_of(first));
}

}  // namespace

Object presentation_state(const Answers& image, const Softcopy& grey,
                          const PresentationStyle& style) {
    const Source& source = image.source();
    if (!is_answered(image) || source.rows == 0 || source.columns == 0) {
        throw Error(Fault::bug, "a presentation state of an image that was not analysed");
    }
    Object object = object_beside(ResultKind::presentation,
                                  Uid(UID_GrayscaleSoftcopyPresentationStateStorage), image);
    auto dataset = std::make_unique<DcmDataset>();
    write_filing(*dataset, object, image, {"PR", style.language, style.software_version});
    write_identification(*dataset, image, style.language);
    write_grey(*dataset, grey);
    write_area(*dataset, source);
    const auto annotations = annotations_of(image, style.language);
    write_layers(*dataset, image, annotations, style.language);
    write_note(*dataset, image, style.language);
    write_annotations(*dataset, source, annotations);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
