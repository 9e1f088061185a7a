// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/verify.h"

#include <algorithm>
#include <map>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "conf/dicom/sop_classes.h"
#include "dicom_sr/common/checks.h"
#include "dicom_sr/common/part10.h"

namespace bucky::dicom_sr {
namespace {

void check_identity(DcmItem& dataset, const Source& source, Complaints& out) {
    require_same(dataset, DCM_StudyInstanceUID, source.study.str(), out);
    require_same(dataset, DCM_PatientName, source.patient_name, out);
    require_same(dataset, DCM_PatientID, source.patient_id, out);
    require_same(dataset, DCM_PatientBirthDate, source.birth_date, out);
    require_same(dataset, DCM_PatientSex, source.sex, out);
    require_same(dataset, DCM_StudyDate, source.study_date, out);
    require_same(dataset, DCM_AccessionNumber, source.accession_number, out);
}

void check_header(DcmFileFormat& file, const Object& object, Complaints& out) {
    DcmMetaInfo& meta = *file.getMetaInfo();
    DcmDataset& dataset = *file.getDataset();
    const auto same = [&](DcmItem& item, const DcmTagKey& tag, const std::string& expected) {
        if (value_of(item, tag) != expected)
            out.push_back(std::string(DcmTag(tag).getTagName()) + " is not the object's");
    };
    same(meta, DCM_MediaStorageSOPClassUID, object.sop_class.str());
    same(meta, DCM_MediaStorageSOPInstanceUID, object.sop_instance.str());
    same(meta, DCM_TransferSyntaxUID, object.transfer_syntax);
    same(dataset, DCM_SOPClassUID, object.sop_class.str());
    same(dataset, DCM_SOPInstanceUID, object.sop_instance.str());
    same(dataset, DCM_SeriesInstanceUID, object.series.str());
    if (value_of(dataset, DCM_SpecificCharacterSet) != "ISO_IR 192") {
        out.emplace_back("SpecificCharacterSet is not ISO_IR 192");
    }
    require_presence(
        dataset,
        {DCM_PatientName, DCM_PatientID, DCM_PatientBirthDate, DCM_PatientSex, DCM_StudyDate,
         DCM_StudyTime, DCM_StudyID, DCM_AccessionNumber, DCM_ReferringPhysicianName,
         DCM_SeriesNumber, DCM_InstanceNumber, DCM_Manufacturer},
        out);
    require_values(dataset, {DCM_Modality, DCM_SeriesDescription}, out);
    if (object.kind == kind::kPresentation) return;  // has Presentation Creation Date instead
    require_values(dataset, {DCM_ContentDate, DCM_ContentTime}, out);
}

using Check = void (*)(DcmItem&, const Source&, Complaints&);

Check check_of(const Uid& sop_class) {  // but of a picture
    static const std::map<std::string, Check> kChecks{
        {UID_Comprehensive3DSRStorage, check_report},
        {UID_ComprehensiveSRStorage, check_report},
        {UID_EnhancedSRStorage, check_report},
        {UID_BasicTextSRStorage, check_text_report},
        {UID_ChestCADSRStorage, check_chest_cad},
        {UID_GrayscaleSoftcopyPresentationStateStorage, check_presentation},
        {UID_SegmentationStorage, check_segmentation},
    };
    const auto found = kChecks.find(sop_class.str());
    return found != kChecks.end() ? found->second : nullptr;
}

}  // namespace

std::vector<std::string> verify(const Object& object, const Source& source) {
    Complaints out;
    try {
        const bool is_picture =
            std::ranges::find(kPictureClasses, object.sop_class.str()) != kPictureClasses.end();
        // The millions of bytes of a picture are counted, not copied: they mean nothing to a
        // reader.
        const Parts parts = is_picture ? split_at_pixels(object.part10) : Parts{object.part10, 0};
        const auto file = from_part10(parts.header);
        check_header(*file, object, out);
        DcmDataset& dataset = *file->getDataset();
        check_identity(dataset, source, out);
        if (is_picture) {
            check_picture(dataset, parts.pixel_bytes, source, out);
        } else if (object.kind == std::string_view{kind::kWithdrawal}) {
            require_values(dataset, {DCM_PredecessorDocumentsSequence, DCM_ContentSequence}, out);
        } else if (const auto check = check_of(object.sop_class)) {
            check(dataset, source, out);
        } else {
            out.push_back("SOP class " + object.sop_class.str() + " is none that Bucky makes");
        }
    } catch (const Error& error) {
        out.emplace_back(error.what());
    }
    return out;
}

}  // namespace bucky::dicom_sr
