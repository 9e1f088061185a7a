// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/segmentation/segmentation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/panel.h"

namespace bucky::dicom_sr {
namespace {

using inference::Finding;
using inference::Point;

struct Segment {
    const ReportedImage* answer = nullptr;  ///< whose finding it is
    const Finding* finding = nullptr;
    std::size_t place = 0;  ///< index of the finding among all; decides its colour
    const inference::Region* region = nullptr;
    int number = 0;  ///< of the region within its finding, from 1
};

std::vector<Segment> segments_of(const Answers& image) {
    std::vector<Segment> segments;
    for (const auto& [answer, finding, place] : findings_of(image)) {
        if (finding->answer != inference::Answer::present || !answer->result.model) continue;
        int number = 0;
        for (const inference::Region& region : finding->regions) {
            if (region.outline.size() < 3) continue;
            segments.push_back({.answer = answer,
                                .finding = finding,
                                .place = place,
                                .region = &region,
                                .number = ++number});
        }
    }
    return segments;
}

void write_segment(DcmItem& dataset, const Segment& segment, std::uint32_t number,
                   Language language) {
    const ReportedImage& image = *segment.answer;
    const Finding& finding = *segment.finding;
    const auto& model = *image.result.model;
    const std::string name =
        outline_label(image, finding, static_cast<std::size_t>(segment.number - 1), language);
    DcmItem& item = new_item(dataset, DCM_SegmentSequence);
    put_number(item, DCM_SegmentNumber, number);
    put(item, DCM_SegmentLabel, name);
    put(item, DCM_SegmentDescription,
        fmt::format("{}. {}", name, assists_line({&image, 1}, language)));
    put(item, DCM_SegmentAlgorithmType, "AUTOMATIC");
    put(item, DCM_SegmentAlgorithmName, fmt::format("{} {}", model.name, model.version));
    put_code(item, DCM_SegmentedPropertyCategoryCodeSequence, codes::kAbnormalStructure);
    put_code(item, DCM_SegmentedPropertyTypeCodeSequence, finding.code);
    if (finding.is_suspicion) {  // its code alone would assert it
        DcmItem* type = nullptr;
        (void)item.findAndGetSequenceItem(DCM_SegmentedPropertyTypeCodeSequence, type);
        put_code(*type, DCM_SegmentedPropertyTypeModifierCodeSequence, codes::kSuspected);
    }
    put_code(item, DCM_AnatomicRegionSequence, codes::kChest);
    put(item, DCM_TrackingID,
        tracking_words(image, finding, static_cast<int>(segment.number), language));
    put(item, DCM_TrackingUID,
        tracking_uid(image, finding.key, std::to_string(segment.number)).str());
    const auto lab = cie_lab(mark_of(segment.place).colour);
    const OFCondition made =
        item.putAndInsertUint16Array(DCM_RecommendedDisplayCIELabValue, lab.data(), lab.size());
    if (made.bad()) throw Error(Fault::bug, "a segment: {}", made.text());
    DcmItem& algorithm = new_item(item, DCM_SegmentationAlgorithmIdentificationSequence);
    put_code(algorithm, DCM_AlgorithmFamilyCodeSequence, codes::kArtificialIntelligence);
    put(algorithm, DCM_AlgorithmName, model.name);
    put(algorithm, DCM_AlgorithmVersion, model.version);
    put(algorithm, DCM_AlgorithmParameters,
        fmt::format("threshold {:g}; weights sha256 {}", finding.threshold, model.sha256));
    put_known(algorithm, DCM_AlgorithmSource, model.vendor);
}

/// Enhanced General Equipment, General Image and Content Identification (PS3.3 C.7.5.2, C.7.6.1,
/// 10.9).
void write_identification(DcmItem& dataset, const Answers& image, Language language) {
    const Source& source = image.source();
    const LocalTime content = local_time(image.front().result.started_at_ms, source);
    // Type 1. The weights of the models serve as the serial number: they identify the device.
    std::string weights;
    for (const inference::ModelIdentity& model : models_of(image)) {
        weights += (weights.empty() ? "" : "+") + model.sha256.substr(0, 16);
    }
    put(dataset, DCM_DeviceSerialNumber, weights);
    put(dataset, DCM_InstanceNumber, instance_number_after(source));
    if (!dataset.tagExistsWithValue(DCM_InstanceNumber)) put(dataset, DCM_InstanceNumber, "1");
    put(dataset, DCM_PatientOrientation, source.patient_orientation);
    put(dataset, DCM_ContentDate, content.date);
    put(dataset, DCM_ContentTime, content.time);
    put(dataset, DCM_ContentLabel, "AI FINDINGS");
    put(dataset, DCM_ContentDescription, title_of(image, language));
    put(dataset, DCM_ContentCreatorName, "");
    const bool lossy = source.lossy_compression == "01";  // PS3.3 C.7.6.1.1.5
    put(dataset, DCM_LossyImageCompression, lossy ? "01" : "00");
    if (!lossy) return;
    put_known(dataset, DCM_LossyImageCompressionRatio, source.lossy_ratio);
    put_known(dataset, DCM_LossyImageCompressionMethod, source.lossy_method);
}

void write_image(DcmItem& dataset, const Source& source, std::size_t frames) {
    put(dataset, DCM_ImageType, "DERIVED\\PRIMARY");
    put_number(dataset, DCM_SamplesPerPixel, 1);
    put(dataset, DCM_PhotometricInterpretation, "MONOCHROME2");
    put(dataset, DCM_NumberOfFrames, std::to_string(frames));
    put_number(dataset, DCM_Rows, source.rows);
    put_number(dataset, DCM_Columns, source.columns);
    put_number(dataset, DCM_BitsAllocated, 1);
    put_number(dataset, DCM_BitsStored, 1);
    put_number(dataset, DCM_HighBit, 0);
    put_number(dataset, DCM_PixelRepresentation, 0);
    put(dataset, DCM_SegmentationType, "BINARY");
}

/// The frames have one dimension: their segment (PS3.3 C.7.6.17).
void write_dimension(DcmItem& dataset, const Uid& organization) {
    put(new_item(dataset, DCM_DimensionOrganizationSequence), DCM_DimensionOrganizationUID,
        organization.str());
    DcmItem& dimension = new_item(dataset, DCM_DimensionIndexSequence);
    put(dimension, DCM_DimensionOrganizationUID, organization.str());
    const OFCondition index =
        dimension.putAndInsertTagKey(DCM_DimensionIndexPointer, DCM_ReferencedSegmentNumber);
    const OFCondition group =
        dimension.putAndInsertTagKey(DCM_FunctionalGroupPointer, DCM_SegmentIdentificationSequence);
    if (index.bad() || group.bad()) throw Error(Fault::bug, "segmentation: its dimension");
}

void write_derivation(DcmItem& groups, const ReportedImage& image) {  // PS3.3 C.7.6.16.2.6
    DcmItem& derivation = new_item(groups, DCM_DerivationImageSequence);
    DcmItem& origin = put_reference(derivation, DCM_SourceImageSequence, reference_of(image));
    put_code(origin, DCM_PurposeOfReferenceCodeSequence, codes::kSourceImage);
    put(origin, DCM_SpatialLocationsPreserved, "YES");
    put_code(derivation, DCM_DerivationCodeSequence, codes::kSegmentation);
}

/// What readers need that read nothing without planes (docs/decisions/0511): rows and columns run
/// as in a picture, and a thickness. No plane has a position, so none is claimed (PS3.3
/// C.7.6.16.2.1, C.7.6.16.2.4).
constexpr const char* kPictureOrientation = "1\\0\\0\\0\\1\\0";
constexpr const char* kThicknessMm = "1";

void write_planes(DcmItem& groups, const std::string& spacing) {
    const auto write = [](DcmItem& item, const DcmTagKey& tag, const std::string& values) {
        const OFCondition made = item.putAndInsertOFStringArray(tag, values);
        if (made.bad()) throw Error(Fault::bug, "segmentation: {}", made.text());
    };
    write(new_item(groups, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient,
          kPictureOrientation);
    // The image's own spacing, where it is known. highdicom refuses a thickness without it.
    const std::size_t split = spacing.find('\\');
    if (split == std::string::npos) return;
    const double down = std::atof(spacing.substr(0, split).c_str());
    const double across = std::atof(spacing.substr(split + 1).c_str());
    if (!(down > 0) || !(across > 0)) return;
    DcmItem& measures = new_item(groups, DCM_PixelMeasuresSequence);
    write(measures, DCM_SliceThickness, kThicknessMm);
    write(measures, DCM_PixelSpacing, fmt::format("{:.8g}\\{:.8g}", down, across));
}

void write_frames(DcmItem& dataset, const std::vector<Segment>& segments, Language language) {
    const ReportedImage& image = *segments.front().answer;
    DcmItem& shared = new_item(dataset, DCM_SharedFunctionalGroupsSequence);
    write_planes(shared, image.source.pixel_spacing);
    std::uint32_t frame = 0;
    for (const Segment& segment : segments) {
        DcmItem& groups = new_item(dataset, DCM_PerFrameFunctionalGroupsSequence);
        write_derivation(groups, image);
        DcmItem& content = new_item(groups, DCM_FrameContentSequence);
        const OFCondition made = content.putAndInsertUint32(DCM_DimensionIndexValues, ++frame);
        if (made.bad()) throw Error(Fault::bug, "segmentation: {}", made.text());
        put(content, DCM_FrameComments,
            with_package(name_of(*segment.finding, language), *segment.answer));
        put_number(new_item(groups, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber,
                   frame);
    }
}

/// Common Instance Reference (PS3.3 C.12.2): the image, in its own series.
void write_instance_reference(DcmItem& dataset, const ReportedImage& image) {
    DcmItem& series = new_item(dataset, DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, image.source.series.str());
    put_reference(series, DCM_ReferencedInstanceSequence, reference_of(image));
}

/// One bit a pixel, frame after frame, the first pixel in the lowest bit (PS3.5 8.1.1, 8.2).
std::vector<std::uint8_t> packed(const std::vector<Segment>& segments, const Source& source) {
    const std::size_t pixels = std::size_t{source.rows} * source.columns;
    std::vector<std::uint8_t> bits((pixels * segments.size() + 15) / 16 * 2);
    std::size_t at = 0;
    for (const Segment& segment : segments) {
        const auto mask = filled(segment.region->outline, source.rows, source.columns);
        for (std::size_t i = 0; i < pixels; ++i, ++at) {
            if (mask[i] != 0) bits[at / 8] = static_cast<std::uint8_t>(bits[at / 8] | 1U << at % 8);
        }
    }
    return bits;
}

}  // namespace

bool has_outlines(const Answers& image) {
    return !segments_of(image).empty();
}

std::vector<std::uint8_t> filled(const std::vector<Point>& outline, std::uint32_t rows,
                                 std::uint32_t columns) {
    std::vector<std::uint8_t> mask(std::size_t{rows} * columns);
    std::vector<double> crossings;
    for (std::uint32_t row = 0; row < rows; ++row) {
        const double y = row + 0.5;
        crossings.clear();
        for (std::size_t i = 0; i < outline.size(); ++i) {
            const Point& a = outline[i];
            const Point& b = outline[(i + 1) % outline.size()];
            if ((a.row > y) == (b.row > y)) continue;
            crossings.push_back(a.column + (b.column - a.column) * (y - a.row) / (b.row - a.row));
        }
        std::ranges::sort(crossings);
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            const auto edge = [&](double x) {  // the first pixel whose centre is not left of x
                return static_cast<std::size_t>(
                    std::clamp(std::ceil(x - 0.5), 0.0, static_cast<double>(columns)));
            };
            const std::size_t line = std::size_t{row} * columns;
            for (std::size_t c = edge(crossings[i]); c < edge(crossings[i + 1]); ++c) {
                mask[line + c] = 1;
            }
        }
    }
    return mask;
}

Object segmentation(const Answers& image, Language language, std::string_view software_version) {
    const Source& source = image.source();
    const std::vector<Segment> segments = segments_of(image);
    if (segments.empty() || source.rows == 0 || source.columns == 0) {
        throw Error(Fault::bug, "a segmentation of an image without an outline");
    }
    Object object = object_beside(ResultKind::segmentation, Uid(UID_SegmentationStorage), image);
    auto dataset = std::make_unique<DcmDataset>();
    write_filing(*dataset, object, image, {"SEG", language, software_version});
    write_identification(*dataset, image, language);
    write_image(*dataset, source, segments.size());
    std::uint32_t number = 0;
    for (const Segment& segment : segments) {
        write_segment(*dataset, segment, ++number, language);
    }
    write_dimension(*dataset, frames_uid(object.sop_instance));
    write_frames(*dataset, segments, language);
    write_instance_reference(*dataset, image.front());
    const auto bits = packed(segments, source);
    const OFCondition made =
        dataset->putAndInsertUint8Array(DCM_PixelData, bits.data(), bits.size());
    if (made.bad()) throw Error(Fault::bug, "pixels of a segmentation: {}", made.text());
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
