// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/key_objects/key_objects.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"

#include "conf/base/error.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/document.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {
namespace {

constexpr Concept kOfInterest{"113000", "DCM", "Of Interest"};              // CID 7010
constexpr Concept kDescription{"113012", "DCM", "Key Object Description"};  // TID 2010

bool is_key_object(const ReportedImage& image) {
    return was_analysed(image.result) &&
           std::ranges::any_of(image.result.findings, [](const inference::Finding& finding) {
               return finding.answer != inference::Answer::absent;
           });
}

std::vector<ReportedImage> selected(std::span<const ReportedImage> images) {
    std::vector<ReportedImage> selection;
    std::ranges::copy_if(images, std::back_inserter(selection), is_key_object);
    return selection;
}

/// Key Object Document (PS3.3 C.17.6.2).
void write_selection(DcmItem& dataset, const StudyReport& report,
                     std::span<const ReportedImage> selection) {
    const Source& source = report.images.front().source;
    const LocalTime content = local_time(report.content_at_ms, source);
    put(dataset, DCM_InstanceNumber, std::to_string(report.images.size()));
    put(dataset, DCM_ContentDate, content.date);
    put(dataset, DCM_ContentTime, content.time);
    write_request(dataset, source);
    write_evidence(dataset, selection);
}

void write_tree(DcmItem& dataset, const StudyReport& report, const Object& object,
                std::span<const ReportedImage> selection) {
    ContentTree tree(kOfInterest, "2010", object.sop_class);
    add_language(tree, report.language);
    add_observer(tree, report);
    std::string said = assists_line(selection, report.language);
    for (const ReportedImage& image : selection) {
        said += ' ' + verdict_line(Answers{image}, report.language) + '.';
    }
    tree.text(Relation::contains, kDescription, cleaned(said));
    std::set<Uid> named;  // an image stands here once for each model that found something
    for (const ReportedImage& image : selection) {
        if (named.insert(image.source.sop_instance).second) {
            tree.image(Relation::contains, reference_of(image));
        }
    }
    tree.write(dataset);
}

}  // namespace

bool has_key_objects(std::span<const ReportedImage> images) {
    return std::ranges::any_of(images, is_key_object);
}

Object key_objects(const StudyReport& report) {
    require_listable(report.images);
    const auto selection = selected(report.images);
    if (selection.empty()) throw Error(Fault::bug, "a key object selection without an image");
    Object object = object_of_study(ResultKind::key_objects, Uid(sop_class::kKeyObjectSelection),
                                    report.images);
    auto dataset = std::make_unique<DcmDataset>();
    write_document_head(*dataset, report, object, "KO");
    write_selection(*dataset, report, selection);
    write_tree(*dataset, report, object, selection);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
