// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/header.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include "conf/base/error.h"
#include "conf/base/ids.h"
#include "tools/phantom/anatomy.h"
#include "tools/phantom/pixels.h"

namespace bucky::phantom {
namespace {

/// Inserts values into an item and throws on a bad condition of DCMTK.
class Put {
public:
    explicit Put(DcmItem& item) : item_(item) {}

    Put& text(const DcmTagKey& tag, const std::string& value) {
        check(item_.putAndInsertString(DcmTag{tag}, value.c_str()), tag);
        return *this;
    }
    Put& number(const DcmTagKey& tag, int value) {
        check(item_.putAndInsertUint16(DcmTag{tag}, static_cast<Uint16>(value)), tag);
        return *this;
    }
    Put& decimal(const DcmTagKey& tag, double value) {
        return text(tag, fmt::format("{:.8g}", value));
    }
    DcmItem& code(const DcmTagKey& tag, const char* value, const char* scheme,
                  const char* meaning) {
        DcmItem* inner = nullptr;
        check(item_.findOrCreateSequenceItem(DcmTag{tag}, inner, -2), tag);
        Put{*inner}
            .text(DCM_CodeValue, value)
            .text(DCM_CodingSchemeDesignator, scheme)
            .text(DCM_CodeMeaning, meaning);
        return *inner;
    }
    Put& empty_sequence(const DcmTagKey& tag) {
        check(item_.insertEmptyElement(DcmTag{tag}), tag);
        return *this;
    }

private:
    static void check(const OFCondition& done, const DcmTagKey& tag) {
        if (done.bad()) {
            throw Error(Fault::bad_input, "phantom header {}: {}", tag.toString().c_str(),
                        done.text());
        }
    }
    DcmItem& item_;
};

void put_patient_and_study(const Phantom& phantom, const DicomOptions& options, DcmItem& header) {
    const auto seed = phantom.recipe.seed;
    const std::string name =
        options.patient_name.empty() ? fmt::format("Phantom^Seed {}", seed) : options.patient_name;
    const std::string id =
        options.patient_id.empty() ? fmt::format("PHANTOM-{}", seed) : options.patient_id;
    Put{header}
        .text(DCM_SpecificCharacterSet, "ISO_IR 192")
        .text(DCM_PatientName, name)
        .text(DCM_PatientID, id)
        .text(DCM_PatientBirthDate, "")
        .text(DCM_PatientSex, Anatomy{seed}.female() ? "F" : "M")
        .text(DCM_StudyDate, options.study_date)
        .text(DCM_StudyTime, options.study_time)
        .text(DCM_AccessionNumber, options.accession_number)
        .text(DCM_ReferringPhysicianName, "")
        .text(DCM_StudyID, fmt::format("{}", seed % 1'000'000))
        .text(DCM_StudyDescription, "Chest radiograph, computer-generated");
    if (!options.patient_age.empty()) Put{header}.text(DCM_PatientAge, options.patient_age);
}

void put_series_and_equipment(const DicomOptions& options, DcmItem& header) {
    const bool dx = options.image_class == ImageClass::dx;
    Put put{header};
    put.text(DCM_Modality, dx ? "DX" : "CR")
        .text(DCM_SeriesNumber, "1")
        .text(DCM_SeriesDescription, "Phantom, not a patient")
        .text(DCM_Manufacturer, "Bucky project")
        .text(DCM_ManufacturerModelName, "bucky phantom")
        .text(DCM_SoftwareVersions, "1");
    if (!options.station_name.empty()) put.text(DCM_StationName, options.station_name);
    if (!options.body_part.empty())
        put.text(DCM_BodyPartExamined, options.body_part);
    else if (!dx)
        put.text(DCM_BodyPartExamined, "");
    if (!options.view_position.empty())
        put.text(DCM_ViewPosition, options.view_position);
    else if (!dx)
        put.text(DCM_ViewPosition, "");
    if (dx) put.text(DCM_PresentationIntentType, "FOR PRESENTATION");
}

void put_image(const Phantom& phantom, const DicomOptions& options, DcmItem& header) {
    const int bits = options.bits_stored;
    // A lateral is viewed from the patient's left: anterior is on the left of the image.
    const bool lateral = options.view_position == "LL" || options.view_position == "RL";
    Put{header}
        .text(DCM_InstanceNumber, fmt::format("{}", options.instance_number))
        .text(DCM_PatientOrientation, lateral ? "A\\F" : "L\\F")
        .text(DCM_ContentDate, "20260102")
        .text(DCM_ContentTime, "101500")
        .text(DCM_AcquisitionDate, "20260102")
        .text(DCM_AcquisitionTime, "101500")
        .text(DCM_BurnedInAnnotation, "NO")
        .number(DCM_SamplesPerPixel, 1)
        .text(DCM_PhotometricInterpretation, options.monochrome1 ? "MONOCHROME1" : "MONOCHROME2")
        .number(DCM_Rows, phantom.recipe.rows)
        .number(DCM_Columns, phantom.recipe.columns)
        .number(DCM_BitsAllocated, bits > 8 ? 16 : 8)
        .number(DCM_BitsStored, bits)
        .number(DCM_HighBit, bits - 1)
        .number(DCM_PixelRepresentation, 0);
    const std::string spacing = fmt::format("{0:.6f}\\{0:.6f}", phantom.spacing_mm);
    Put{header}.text(DCM_PixelSpacing, spacing).text(DCM_ImagerPixelSpacing, spacing);
    if (options.with_window) {
        const Window window = options.window.value_or(full_window(options));
        Put{header}.decimal(DCM_WindowCenter, window.centre).decimal(DCM_WindowWidth, window.width);
    }
}

void put_view_code(const DicomOptions& options, DcmItem& header) {
    const bool lateral = options.view_position == "LL";
    const bool front = options.view_position == "AP";
    const char* value = lateral ? "399173006" : front ? "399348003" : "272479007";
    const char* meaning = lateral ? "left lateral"
                          : front ? "antero-posterior"
                                  : "postero-anterior";
    DcmItem& view = Put{header}.code(DCM_ViewCodeSequence, value, "SCT", meaning);
    Put{view}.empty_sequence(DCM_ViewModifierCodeSequence);
}

/// Attributes of DX only: PS3.3 C.8.11.1 to C.8.11.5, and the acquisition context.
void put_dx(const DicomOptions& options, DcmItem& header) {
    Put put{header};
    put.text(DCM_ImageType, "ORIGINAL\\PRIMARY\\")
        .text(DCM_ImageLaterality, "U")
        .text(DCM_PixelIntensityRelationship, "LOG")
        .decimal(DCM_RescaleIntercept, 0)
        .decimal(DCM_RescaleSlope, 1)
        .text(DCM_RescaleType, "US")
        .text(DCM_PresentationLUTShape, options.monochrome1 ? "INVERSE" : "IDENTITY")
        .text(DCM_LossyImageCompression, "00")
        .text(DCM_DetectorType, "SCINTILLATOR")
        .text(DCM_PositionerType, "COLUMN")
        .empty_sequence(DCM_AcquisitionContextSequence);
    // More radiation gives smaller values in MONOCHROME2, where dense tissue is bright.
    header.putAndInsertSint16(DCM_PixelIntensityRelationshipSign, options.monochrome1 ? 1 : -1);
    put.code(DCM_AnatomicRegionSequence, "43799004", "SCT", "Chest");
    if (!options.view_position.empty()) put_view_code(options, header);
}

void put_cr(const DicomOptions& options, DcmItem& header) {
    Put put{header};
    put.text(DCM_ImageType, "ORIGINAL\\PRIMARY");
    if (options.rescale_slope != 1 || options.rescale_intercept != 0) {
        put.decimal(DCM_RescaleIntercept, options.rescale_intercept)
            .decimal(DCM_RescaleSlope, options.rescale_slope)
            .text(DCM_RescaleType, "US");
    }
}

}  // namespace

void write_header(const Phantom& phantom, const DicomOptions& options, DcmItem& header) {
    const bool dx = options.image_class == ImageClass::dx;
    const Written ids = identify(phantom, options);
    Put{header}
        .text(DCM_SOPClassUID,
              dx ? UID_DigitalXRayImageStorageForPresentation : UID_ComputedRadiographyImageStorage)
        .text(DCM_SOPInstanceUID, ids.sop_instance_uid)
        .text(DCM_StudyInstanceUID, ids.study_uid)
        .text(DCM_SeriesInstanceUID, ids.series_uid);
    put_patient_and_study(phantom, options, header);
    put_series_and_equipment(options, header);
    put_image(phantom, options, header);
    if (dx)
        put_dx(options, header);
    else
        put_cr(options, header);
}

Written identify(const Phantom& phantom, const DicomOptions& options) {
    const Recipe& recipe = phantom.recipe;
    const TransferSyntaxName& syntax = describe(options.syntax);
    const bool dx = options.image_class == ImageClass::dx;
    const auto name = [&](std::string_view level, const std::string& rest) {
        return Uid::from_name(fmt::format("phantom {} {} {}", level, recipe.seed, rest)).str();
    };
    Written ids;
    ids.study_uid = options.study_uid.empty() ? name("study", "") : options.study_uid;
    const std::string series = fmt::format("{} {}", ids.study_uid, dx ? "DX" : "CR");
    ids.series_uid = options.series_uid.empty() ? Uid::from_name("phantom series " + series).str()
                                                : options.series_uid;
    std::string lesions;
    for (const Finding finding : recipe.lesions) lesions += fmt::format(" {}", key(finding));
    const std::string image = fmt::format(
        "{} {} {}x{} {} {} {} {} {} {} {} {} {}", series, options.instance_number, recipe.rows,
        recipe.columns, syntax.name, options.bits_stored, options.monochrome1, options.with_window,
        options.window ? options.window->centre : 0, options.window ? options.window->width : 0,
        options.rescale_slope, options.rescale_intercept, options.view_position + lesions);
    ids.sop_instance_uid =
        options.sop_instance_uid.empty() ? name("image", image) : options.sop_instance_uid;
    return ids;
}

}  // namespace bucky::phantom
