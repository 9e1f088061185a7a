// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/filing.h"

#include <string>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {

namespace {

/// A picture in another class is another object.
std::string told_as(ResultKind kind, const Uid& sop_class) {
    const bool in_grey = sop_class.str() == kPictureClasses.back();
    return fmt::format("{}{}", word_of(kind), in_grey ? " in grey" : "");
}

}  // namespace

Object object_beside(ResultKind kind, const Uid& sop_class, const Answers& image) {
    const Uid self = object_uid(told_as(kind, sop_class), image);
    return {.sop_class = sop_class,
            .sop_instance = self,
            .series = series_uid_of(self),
            .transfer_syntax = UID_LittleEndianExplicitTransferSyntax,
            .kind = kind,
            .part10 = {}};
}

Object object_of_study(ResultKind kind, const Uid& sop_class,
                       const std::vector<ReportedImage>& images) {
    const Uid self = study_object_uid(told_as(kind, sop_class), images);
    return {.sop_class = sop_class,
            .sop_instance = self,
            .series = series_uid_of(self),
            .transfer_syntax = UID_LittleEndianExplicitTransferSyntax,
            .kind = kind,
            .part10 = {}};
}

void write_filing(DcmItem& dataset, const Object& object, std::span<const ReportedImage> images,
                  const Filing& filing) {
    const ReportedImage& first = images.front();
    const Source& source = first.source;
    const LocalTime content = local_time(first.result.started_at_ms, source);
    write_sop_common(dataset, object.sop_class, object.sop_instance, content, source);
    write_patient(dataset, source);
    write_study(dataset, source);
    write_series(dataset, filing.modality, object.series, row_of(object.kind).series_number,
                 title_of(images, filing.language), source);
    write_equipment(dataset, "", filing.software_version, source);
    write_algorithms(dataset, models_of(images));
}

}  // namespace bucky::dicom_sr
