// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/verify.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcmetinf.h"

#include "conf/base/error.h"
#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/checks.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/kind.h"

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
    require_same(dataset, DCM_StudyID, source.study_id, out);
    require_same(dataset, DCM_ReferringPhysicianName, source.referring_physician, out);
    require_same(dataset, DCM_IssuerOfPatientID, source.issuer_of_patient_id, out);
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
    if (!parts_of(object.kind).has_content_date) return;
    require_values(dataset, {DCM_ContentDate, DCM_ContentTime}, out);
}

bool is_of(std::span<const std::string_view> classes, const Uid& sop_class) {
    return std::ranges::find(classes, sop_class.str()) != classes.end();
}

}  // namespace

std::vector<std::string> verify(const Object& object, const Source& source) {
    Complaints out;
    try {
        const auto file = from_part10(object.part10);
        check_header(*file, object, out);
        DcmDataset& dataset = *file->getDataset();
        check_identity(dataset, source, out);
        if (!is_of(row_of(object.kind).classes, object.sop_class)) {
            out.push_back(fmt::format("SOP class {} is none of the kind {}", object.sop_class.str(),
                                      word_of(object.kind)));
        }
        const bool is_picture = is_of(kPictureClasses, object.sop_class);
        const std::size_t pixel_bytes = is_picture ? rle_pixel_bytes(dataset) : 0;
        parts_of(object.kind).check(ReadBack{dataset, pixel_bytes, source}, out);
    } catch (const Error& error) {  // an object that cannot be read may not be sent
        out.emplace_back(error.what());
    }
    return out;
}

}  // namespace bucky::dicom_sr
