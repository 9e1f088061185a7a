// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/verify.h"

#include <functional>
#include <set>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"
#include "dcmtk/dcmdata/dcmetinf.h"
#include "dcmtk/dcmdata/dcsequen.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "dicom_sr/codes.h"
#include "dicom_sr/modules.h"
#include "dicom_sr/part10.h"
#include "dicom_sr/text.h"

namespace bucky::dicom_sr {
namespace {

using Complaints = std::vector<std::string>;

std::string name_of(const DcmTagKey& tag) {
    return DcmTag(tag).getTagName();
}

std::string value_of(DcmItem& item, const DcmTagKey& tag) {
    OFString value;
    (void)item.findAndGetOFStringArray(tag, value);
    return value;
}

void for_each_item(DcmItem& parent, const DcmTagKey& sequence,
                   const std::function<void(DcmItem&)>& visit) {
    DcmSequenceOfItems* items = nullptr;
    if (parent.findAndGetSequence(sequence, items).bad() || items == nullptr) return;
    for (unsigned long i = 0; i < items->card(); ++i) visit(*items->getItem(i));
}

void require_values(DcmItem& dataset, std::initializer_list<DcmTagKey> tags, Complaints& out) {
    for (const DcmTagKey& tag : tags) {  // Type 1
        if (!dataset.tagExistsWithValue(tag)) out.push_back(name_of(tag) + " has no value");
    }
}

void require_presence(DcmItem& dataset, std::initializer_list<DcmTagKey> tags, Complaints& out) {
    for (const DcmTagKey& tag : tags) {  // Type 2
        if (!dataset.tagExists(tag)) out.push_back(name_of(tag) + " is missing");
    }
}

/// Names the attribute, never its value: a complaint ends up in a log.
void require_same(DcmItem& dataset, const DcmTagKey& tag, std::string_view expected,
                  Complaints& out) {
    if (value_of(dataset, tag) != fitted(tag, expected)) {
        out.push_back(name_of(tag) + " is not the source's");
    }
}

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
        if (value_of(item, tag) != expected) out.push_back(name_of(tag) + " is not the object's");
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
    require_values(dataset, {DCM_Modality, DCM_ContentDate, DCM_ContentTime, DCM_SeriesDescription},
                   out);
}

// ---- Secondary Capture ------------------------------------------------------------------------

void check_picture(DcmItem& dataset, const Source& source, Complaints& out) {
    require_values(dataset,
                   {DCM_ConversionType, DCM_ImageType, DCM_SamplesPerPixel, DCM_Rows, DCM_Columns,
                    DCM_BitsAllocated, DCM_BitsStored, DCM_HighBit, DCM_PixelData},
                   out);
    Uint16 rows = 0;
    Uint16 columns = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    const Uint8* pixels = nullptr;
    unsigned long bytes = 0;
    (void)dataset.findAndGetUint8Array(DCM_PixelData, pixels, &bytes);
    const unsigned long expected = 3UL * rows * columns;
    if (expected == 0 || bytes < expected || bytes > expected + 1) {  // padded to even
        out.push_back(
            fmt::format("PixelData has {} bytes for {} x {} RGB pixels", bytes, columns, rows));
    }
    bool refers = false;
    for_each_item(dataset, DCM_SourceImageSequence, [&](DcmItem& item) {
        refers = value_of(item, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
    });
    if (!refers) out.emplace_back("SourceImageSequence does not name the source");
}

// ---- Structured Report ------------------------------------------------------------------------

bool is_named(DcmItem& item, const Concept& name) {
    DcmItem* code = nullptr;
    return item.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, code).good() &&
           value_of(*code, DCM_CodeValue) == name.value &&
           value_of(*code, DCM_CodingSchemeDesignator) == name.scheme;
}

std::string type_of(DcmItem& item) {
    return value_of(item, DCM_ValueType);
}

/// What a viewer demands of the content beyond what validators see: "valid is not visible".
class ContentCheck {
public:
    ContentCheck(DcmItem& dataset, const Source& source, Complaints& out)
        : source_(source), out_(out) {
        read_evidence(dataset);
        if (!is_named(dataset, codes::kMeasurementReport)) {
            out_.emplace_back("the root is no Imaging Measurement Report");
        }
        if (!evidence_.contains(source.sop_instance.str())) {
            out_.emplace_back("the evidence does not name the source");
        }
        visit(dataset);
        if (!measured_ && source.rows > 0 && source.columns > 0) {
            out_.emplace_back("no measurement group: a viewer would show a black picture");
        }
    }

private:
    void read_evidence(DcmItem& dataset) {
        for_each_item(dataset, DCM_CurrentRequestedProcedureEvidenceSequence, [&](DcmItem& study) {
            require_same(study, DCM_StudyInstanceUID, source_.study.str(), out_);
            for_each_item(study, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
                for_each_item(series, DCM_ReferencedSOPSequence, [&](DcmItem& image) {
                    evidence_.insert(value_of(image, DCM_ReferencedSOPInstanceUID));
                });
            });
        });
    }

    void visit(DcmItem& item) {
        for_each_item(item, DCM_ContentSequence, [&](DcmItem& child) {
            const std::string type = type_of(child);
            if (type == "IMAGE") check_image(child);
            if (type != "IMAGE" && !child.tagExistsWithValue(DCM_ConceptNameCodeSequence)) {
                out_.push_back("an item of type " + type + " has no concept name");
            }
            if (is_named(child, codes::kMeasurementGroup)) check_group(child);
            visit(child);
        });
    }

    void check_image(DcmItem& item) {
        for_each_item(item, DCM_ReferencedSOPSequence, [&](DcmItem& reference) {
            const std::string uid = value_of(reference, DCM_ReferencedSOPInstanceUID);
            if (!evidence_.contains(uid))
                out_.push_back("image " + uid + " is not in the evidence");
        });
    }

    void check_group(DcmItem& group) {
        measured_ = true;
        int identifiers = 0;
        int regions = 0;
        std::string first_uid;
        for_each_item(group, DCM_ContentSequence, [&](DcmItem& child) {
            if (is_named(child, codes::kTrackingIdentifier)) ++identifiers;
            if (type_of(child) == "UIDREF" && first_uid.empty()) {
                first_uid = is_named(child, codes::kTrackingUid) ? value_of(child, DCM_UID) : "?";
            }
            if (type_of(child) == "SCOORD") {
                ++regions;
                check_region(child);
            }
        });
        if (identifiers != 1) out_.emplace_back("a group without its tracking identifier");
        if (regions != 1) out_.push_back(fmt::format("a group with {} outlines", regions));
        if (first_uid.empty() || first_uid == "?") {
            out_.emplace_back("a group whose first UID is not its tracking UID");
        } else if (!tracked_.insert(first_uid).second) {
            out_.push_back("tracking UID " + first_uid + " stands in two groups");
        }
    }

    void check_region(DcmItem& region) {
        std::string first_child;
        for_each_item(region, DCM_ContentSequence, [&](DcmItem& child) {
            if (first_child.empty()) first_child = type_of(child);
        });
        if (first_child != "IMAGE") out_.emplace_back("an outline whose first child is no image");
        const Float32* data = nullptr;
        unsigned long count = 0;
        (void)region.findAndGetFloat32Array(DCM_GraphicData, data, &count);
        const bool closed = count >= 6 && count % 2 == 0 && data[0] == data[count - 2] &&
                            data[1] == data[count - 1];
        if (!closed) out_.emplace_back("an outline that is not closed");
    }

    const Source& source_;
    Complaints& out_;
    std::set<std::string> evidence_;
    std::set<std::string> tracked_;
    bool measured_ = false;
};

void check_report(DcmItem& dataset, const Source& source, Complaints& out) {
    require_values(
        dataset,
        {DCM_CompletionFlag, DCM_VerificationFlag, DCM_ValueType, DCM_ConceptNameCodeSequence,
         DCM_ContinuityOfContent, DCM_ContentSequence, DCM_ContentTemplateSequence},
        out);
    require_presence(
        dataset, {DCM_ReferencedPerformedProcedureStepSequence, DCM_PerformedProcedureCodeSequence},
        out);
    if (value_of(dataset, DCM_Modality) != "SR") out.emplace_back("Modality is not SR");
    const ContentCheck content(dataset, source, out);
}

}  // namespace

std::vector<std::string> verify(const Object& object, const Source& source) {
    Complaints out;
    try {
        const auto file = from_part10(object.part10);
        check_header(*file, object, out);
        DcmDataset& dataset = *file->getDataset();
        check_identity(dataset, source, out);
        if (object.sop_class.str() == UID_Comprehensive3DSRStorage) {
            check_report(dataset, source, out);
        } else if (object.sop_class.str() == UID_SecondaryCaptureImageStorage) {
            check_picture(dataset, source, out);
        } else {
            out.push_back("SOP class " + object.sop_class.str() + " is none that Bucky makes");
        }
    } catch (const Error& error) {
        out.emplace_back(error.what());
    }
    return out;
}

}  // namespace bucky::dicom_sr
