// SPDX-License-Identifier: Apache-2.0
#include "inference/package/accepts.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "conf/base/limits.h"

namespace bucky::inference {
namespace {

/// The direction of rows and of columns, each towards a side of the patient: "L\\F".
bool is_orientation(const std::string& text) {
    constexpr std::string_view kSides = "LRAPHF";
    return text.empty() || (text.size() == 3 && kSides.find(text[0]) != std::string_view::npos &&
                            text[1] == '\\' && kSides.find(text[2]) != std::string_view::npos);
}

void read_orientations(Section& section, Accepts& accepts) {
    if (!section.has("orientations")) return;
    accepts.orientations = section.texts("orientations");
    for (const std::string& one : accepts.orientations) {
        if (is_orientation(one)) continue;
        section.complain("orientations", fmt::format("\"{}\" is none: write \"L\\\\F\"", one));
    }
}

/// A demonstration is only one while nothing else can reach it: manufacturers' names alone are
/// easily shared, so each row must name the model and the root of the UIDs.
void read_equipment(Section& section, Accepts& accepts) {
    if (section.has("equipment")) {
        for (Section& row : section.sections("equipment")) {
            Equipment one{row.text("manufacturer"), row.text("model_name"), row.text("uid_root")};
            row.complain_of_unknown_keys();
            if (one.manufacturer.empty() && one.model_name.empty() && one.uid_root.empty()) {
                row.complain("", "names no equipment: manufacturer, model_name, uid_root");
            }
            if (one.uid_root.find_first_not_of("0123456789.") != std::string::npos ||
                one.uid_root.ends_with('.')) {
                row.complain("uid_root", "must be a UID without a dot at its end: \"2.25\"");
            }
            if (accepts.demonstration && (one.model_name.empty() || one.uid_root.empty())) {
                row.complain("", "must have model_name and uid_root in a demonstration");
            }
            accepts.equipment.push_back(std::move(one));
        }
    }
    if (accepts.demonstration && accepts.equipment.empty()) {
        section.complain("equipment",
                         "is missing: a demonstration must say whose images it reads, in "
                         "model_name and uid_root");
    }
}

}  // namespace

void read_accepts(Section& section, Accepts& accepts) {
    constexpr double kAgeMax = 150;
    read_equipment(section, accepts);
    accepts.sop_classes = section.texts("sop_classes");
    accepts.modalities = section.texts("modalities");
    accepts.body_parts = section.texts("body_parts");
    accepts.views = section.texts("views");
    read_orientations(section, accepts);
    accepts.secondary_images = section.flag("secondary_images", false);
    accepts.burned_in_annotation = section.flag("burned_in_annotation", false);
    accepts.min_age_years = section.optional_number("min_age_years", 0, kAgeMax);
    accepts.max_age_years = section.optional_number("max_age_years", 0, kAgeMax);
    accepts.age_may_be_missing = section.flag("age_may_be_missing", true);
    accepts.min_rows = section.whole("min_rows", 1, limits::kImageSideMax, 1);
    accepts.min_columns = section.whole("min_columns", 1, limits::kImageSideMax, 1);
    section.complain_of_unknown_keys();
    if (accepts.min_age_years && accepts.max_age_years &&
        *accepts.min_age_years > *accepts.max_age_years) {
        section.complain("max_age_years", "is below min_age_years");
    }
}

}  // namespace bucky::inference
