// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/planar_roi.h"

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"

namespace bucky::dicom_sr {

using enum Relation;

void add_planar_roi(ContentTree& tree, const PlanarRoi& roi) {
    tree.container(contains, codes::kMeasurementGroup, "1410", [&] {
        tree.text(has_observation_context, codes::kTrackingIdentifier,
                  cleaned(roi.tracking_identifier));
        tree.uid(has_observation_context, codes::kTrackingUid, roi.tracking_uid);
        if (!roi.short_label.empty()) {  // what dwv draws beside the outline
            tree.text(has_observation_context, codes::kShortLabel, cleaned(roi.short_label));
        }
        if (roi.category != nullptr) {
            tree.code(contains, codes::kFindingCategory, *roi.category);
        }
        tree.code(contains, codes::kFinding, roi.finding);
        if (roi.is_suspicion) tree.code(contains, roi.finding, codes::kSuspected);
        if (roi.model != nullptr) add_algorithm(tree, *roi.model, roi.parameters);
        tree.closed_polyline(codes::kImageRegion, roi.outline, roi.image);
        if (roi.site != nullptr) {  // TID 1419 rows 2 and 3
            tree.code(has_concept_modifier, codes::kFindingSite, *roi.site, [&] {
                const Concept* side = laterality_code(roi.side);
                if (side != nullptr) tree.code(has_concept_modifier, codes::kLaterality, *side);
            });
        }
        for (const PlanarRoi::Number& number : roi.numbers) {  // TID 1419 row 5
            tree.number(contains, number.name, number.value, number.unit);
        }
        const inference::Code explains = codes::kVisualExplanation;
        for (const ImageReference& shown : roi.explanations) {
            tree.image(contains, shown, {}, &explains);
        }
    });
}

void add_algorithm(ContentTree& tree, const inference::ModelIdentity& model,
                   const std::vector<std::string>& parameters) {
    add_algorithm_name(tree, model);
    if (!model.vendor.empty()) {
        tree.text(has_concept_modifier, codes::kAlgorithmManufacturer, cleaned(model.vendor));
    }
    for (const std::string& parameter : parameters) {
        tree.text(has_concept_modifier, codes::kAlgorithmParameters, cleaned(parameter));
    }
}

void add_algorithm_context(ContentTree& tree, const inference::ModelIdentity& model,
                           const inference::Finding* finding, std::string_view device) {
    const auto text = [&](const Concept& name, std::string_view value) {
        tree.text(has_observation_context, name, value.empty() ? "unknown" : cleaned(value));
    };
    text(codes::kAlgorithmName, model.name);
    text(codes::kAlgorithmVersion, model.version);
    if (!model.vendor.empty()) text(codes::kAlgorithmManufacturer, model.vendor);
    if (finding != nullptr) {
        text(codes::kAlgorithmParameters, fmt::format("threshold {:g}", finding->threshold));
    }
    if (finding == nullptr && !model.intended_use.empty()) {  // once a detection is enough
        text(codes::kAlgorithmParameters,
             fmt::format("{}: {}", name_of(model.purpose), model.intended_use));
    }
    if (!model.sha256.empty()) {
        text(codes::kAlgorithmParameters, "weights sha256 " + model.sha256);
    }
    if (!device.empty()) text(codes::kAlgorithmParameters, fmt::format("analysed by {}", device));
}

void add_algorithm_name(ContentTree& tree, const inference::ModelIdentity& model) {
    const auto known = [](const std::string& text) {
        return text.empty() ? std::string("unknown") : cleaned(text);
    };
    tree.text(has_concept_modifier, codes::kAlgorithmName, known(model.name));
    tree.text(has_concept_modifier, codes::kAlgorithmVersion, known(model.version));
}

}  // namespace bucky::dicom_sr
