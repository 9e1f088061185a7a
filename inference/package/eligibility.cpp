// SPDX-License-Identifier: Apache-2.0
#include "inference/package/eligibility.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/limits.h"
#include "conf/base/product.h"
#include "conf/dicom/exam_words.h"
#include "conf/dicom/sop_classes.h"
#include "inference/pixels/decode.h"
#include "inference/reasons.h"

namespace bucky::inference {
namespace {

using Refusal = std::optional<Reason>;

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// "CR, DX": the words of a list, for people. The "" that allows a missing attribute is left out.
std::string listed(std::vector<std::string> words) {
    std::erase(words, "");
    return fmt::format("{}", fmt::join(words, ", "));
}

/// Whether a word means what one of the list means: "THORAX PA" is a CHEST. FRONTAL is PA or AP, so
/// that the list must have both.
bool means_one_of(const std::vector<std::string>& taken, const std::string& word,
                  std::string ExamMeaning::*what) {
    const auto meaning = exam_meaning(word);
    if (!meaning || ((*meaning).*what).empty()) return false;
    const auto takes = [&](const std::string& meant) {
        return std::ranges::any_of(taken, [&](const std::string& one) {
            const auto of_list = exam_meaning(one);
            return of_list && (*of_list).*what == meant;
        });
    };
    const std::string& meant = (*meaning).*what;
    return takes(meant) || (meant == "FRONTAL" && takes("PA") && takes("AP"));
}

Refusal refusal_of_word(const char* key, const char* what, const std::string& word,
                        const std::vector<std::string>& taken, std::string ExamMeaning::*meaning) {
    if (has(taken, word) || means_one_of(taken, word, meaning)) return std::nullopt;
    const std::string found = word.empty() ? fmt::format("the image names no {}", what)
                                           : fmt::format("{} {}", what, word);
    return reason(key, fmt::format("{}: the model reads {}", found, listed(taken)));
}

/// A PACS that forwards everything also sends our own pictures. They must not be read as X-rays.
Refusal own_result(const Header& header, const Accepts&) {
    if (header.manufacturer != kManufacturer || header.model_name != kManufacturerModel) return {};
    return reason("own.result", "this is a result that this software made itself");
}

bool is_made_by(const Header& header, const Equipment& one) {
    return (one.manufacturer.empty() || one.manufacturer == header.manufacturer) &&
           (one.model_name.empty() || one.model_name == header.model_name) &&
           (one.uid_root.empty() || header.sop_instance.starts_with(one.uid_root + '.'));
}

/// All values of one row: a name may be set by anybody, and the root of a UID is shared by many.
Refusal equipment(const Header& header, const Accepts& accepts) {
    const auto made_by = [&](const Equipment& one) { return is_made_by(header, one); };
    if (std::ranges::any_of(accepts.equipment, made_by)) return {};
    if (accepts.demonstration) {
        return reason("model.demonstration",
                      "a demonstration for computer-generated images: the model reads no image of "
                      "a patient");
    }
    if (accepts.equipment.empty()) return {};
    return reason("equipment.not_taken",
                  fmt::format("made by \"{}\" of \"{}\": the model was not made for its images",
                              header.model_name, header.manufacturer));
}

Refusal sop_class(const Header& header, const Accepts& accepts) {
    if (has(accepts.sop_classes, header.sop_class)) return {};
    return reason("sop_class.not_taken",
                  fmt::format("the model does not read {}", storage_name_of(header.sop_class)));
}

/// A DX object states its intent by its SOP class; CR, mammography and private classes only by this
/// attribute.
Refusal intent(const Header& header, const Accepts&) {
    if (header.intent != "FOR PROCESSING") return {};
    return reason("intent.for_processing",
                  "the image is FOR PROCESSING: raw detector values, not a picture to be read");
}

Refusal modality(const Header& header, const Accepts& accepts) {
    return refusal_of_word("modality.not_taken", "modality", header.modality, accepts.modalities,
                           &ExamMeaning::modality);
}

Refusal species(const Header& header, const Accepts&) {
    if (header.species.empty() || header.species == "HUMAN") return {};
    return reason("species.not_human", fmt::format("the patient is no human but {}: the model "
                                                   "reads images of people",
                                                   header.species));
}

/// If both the word and the code are present, both must be accepted: otherwise one of them is
/// wrong.
Refusal body_part(const Header& header, const Accepts& accepts) {
    const char* key = "body_part.not_taken";
    const auto refused = [&](const char* what, const std::string& word) {
        return refusal_of_word(key, what, word, accepts.body_parts, &ExamMeaning::region);
    };
    if (auto no = refused("body part", header.body_part)) return no;
    if (header.coded_body_part.empty()) return {};
    return refused("anatomic region", header.coded_body_part);
}

/// The same. A body part may name the view, too: "CHEST PA".
Refusal view(const Header& header, const Accepts& accepts) {
    const char* key = "view.not_taken";
    const auto refused = [&](const char* what, const std::string& word) {
        return refusal_of_word(key, what, word, accepts.views, &ExamMeaning::view);
    };
    const auto part = exam_meaning(header.body_part);
    const std::string beside = part ? part->view : "";
    const bool is_said_beside = header.view_position.empty() && !beside.empty();
    if (auto no = refused("view position", is_said_beside ? beside : header.view_position)) {
        return no;
    }
    if (!beside.empty()) {
        if (auto no = refused("view of the body part", beside)) return no;
    }
    if (header.coded_view.empty()) return {};
    return refused("view code", header.coded_view);
}

/// PS3.3 C.7.6.1.1.2: value 2 says whether the image was acquired or made from other images. Value
/// 1 DERIVED is no reason to refuse: most DX For Presentation images have it for their processing.
Refusal image_type(const Header& header, const Accepts& accepts) {
    const bool secondary = header.image_type.size() > 1 && header.image_type[1] == "SECONDARY";
    if (!secondary || accepts.secondary_images) return {};
    return reason("image_type.secondary",
                  fmt::format("image type {}: the model reads what a device took, not a picture "
                              "made of it",
                              fmt::join(header.image_type, "\\")));
}

Refusal annotation(const Header& header, const Accepts& accepts) {
    if (header.burned_in != "YES" || accepts.burned_in_annotation) return {};
    return reason("annotation.burned_in",
                  "annotation is burned into the pixels: the model was not made for that");
}

/// The first letter of each direction: "L\F" of "LP\F". Empty if a direction is missing. Unchanged
/// if it is not a direction of a human (PS3.3 C.7.6.1.1.1 has other words for animals).
std::string directions_of(const std::vector<std::string>& orientation) {
    if (orientation.size() != 2 || orientation[0].empty() || orientation[1].empty()) return {};
    const std::string all = orientation[0] + orientation[1];
    const bool human = all.find_first_not_of("LRAPHF") == std::string::npos;
    if (!human) return orientation[0] + '\\' + orientation[1];
    return std::string{orientation[0][0], '\\', orientation[1][0]};
}

Refusal orientation(const Header& header, const Accepts& accepts) {
    const std::string found = directions_of(header.patient_orientation);
    if (has(accepts.orientations, found)) return {};
    const std::string readable =
        fmt::format("the model reads {}", fmt::join(accepts.orientations, " "));
    if (found.empty()) {
        return reason("orientation.missing", "the image names no patient orientation: " + readable);
    }
    const bool frontal = found.size() == 3 && found.find_first_of("AP") == std::string::npos;
    const char* key = "orientation.rotated";
    const char* what = "the image is rotated or upside down";
    if (!frontal) {
        key = "orientation.not_frontal";
        what = "the image is no frontal view";
    } else if (found == "R\\F") {
        key = "orientation.mirrored";
        what = "the image is mirrored";
    }
    return reason(key, fmt::format("{} by its patient orientation {}: {}", what,
                                   fmt::join(header.patient_orientation, "\\"), readable));
}

/// "0 to 6 years", "18 years and more": the ages that a package accepts, for people.
std::string ages_of(const Accepts& accepts) {
    const double low = accepts.min_age_years.value_or(0);
    if (!accepts.max_age_years) return fmt::format("{} years and more", low);
    return fmt::format("{} to {} years", low, *accepts.max_age_years);
}

/// A limit of whole years counts completed years: up to 6 is until the seventh birthday.
bool is_within(double years, const Accepts& accepts) {
    if (years < accepts.min_age_years.value_or(0)) return false;
    if (!accepts.max_age_years) return true;
    const double most = *accepts.max_age_years;
    return most == std::floor(most) ? years < most + 1 : years <= most;
}

/// Whether the age of a patient matters to the package.
bool asks_for_age(const Accepts& accepts) {
    return accepts.max_age_years || accepts.min_age_years.value_or(0) > 0 ||
           !accepts.age_may_be_missing;
}

Refusal age(const Header& header, const Accepts& accepts) {
    constexpr std::string_view kOutside = "patient age outside the range the model was made for";
    const auto no = [&](const std::string& found) {
        return reason("age.out_of_range",
                      fmt::format("{}: {}, it reads {}", kOutside, found, ages_of(accepts)));
    };
    if (!header.age_conflict.empty() && asks_for_age(accepts)) {
        return reason("age.contradicted",
                      fmt::format("patient age is not known: {}", header.age_conflict));
    }
    if (!header.age_years) {
        if (accepts.age_may_be_missing) return {};
        return no("the image names none");
    }
    for (const auto& years : {header.age_years, header.age_born_years}) {
        if (years && !is_within(*years, accepts)) return no(fmt::format("{:.3g} years", *years));
    }
    return {};
}

// The remaining rules refuse what decode() would refuse, before a byte is decoded.

Refusal pixels(const Header& header, const Accepts&) {
    if (header.has_pixels) return {};
    return reason("image.no_pixels", "the object has no pixel data");
}

Refusal photometric(const Header& header, const Accepts&) {
    const bool grey = header.photometric == "MONOCHROME1" || header.photometric == "MONOCHROME2";
    if (header.samples == 1 && grey) return {};
    return reason("photometric.colour",
                  fmt::format("photometric interpretation \"{}\" with {} samples a pixel: the "
                              "model reads MONOCHROME1 and MONOCHROME2",
                              header.photometric, header.samples));
}

Refusal size(const Header& header, const Accepts& accepts) {
    const std::string found = fmt::format("{} x {} pixels", header.columns, header.rows);
    if (header.rows < accepts.min_rows || header.columns < accepts.min_columns) {
        return reason("image.too_small", fmt::format("{}: the model needs {} x {}", found,
                                                     accepts.min_columns, accepts.min_rows));
    }
    if (std::max(header.rows, header.columns) > limits::kImageSideMax ||
        std::uint64_t{header.rows} * header.columns > limits::kImagePixelsMax) {
        return reason("image.too_large",
                      fmt::format("{}: at most {} a side and {} in all", found,
                                  limits::kImageSideMax, limits::kImagePixelsMax));
    }
    return {};
}

Refusal transfer_syntax(const Header& header, const Accepts&) {
    if (decodes(header.transfer_syntax)) return {};
    return reason(
        "transfer_syntax.not_decoded",
        fmt::format("pixels in transfer syntax {} cannot be decoded here", header.transfer_syntax));
}

constexpr std::string_view kTaken = "taken";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kBySign = "taken where the list has \"\"";

constexpr std::array kRules{
    Rule{"Manufacturer, Manufacturer's Model Name", "", kTaken, "own.result", own_result},
    Rule{"Manufacturer, Model Name, SOP Instance UID", "equipment",
         "refused where the list has a value", "model.demonstration equipment.not_taken",
         equipment},
    Rule{"SOP Class UID", "sop_classes", kRefused, "sop_class.not_taken", sop_class},
    Rule{"Presentation Intent Type", "", kTaken, "intent.for_processing", intent},
    Rule{"Modality", "modalities", kBySign, "modality.not_taken", modality},
    Rule{"Patient Species Description / Code Sequence", "", kTaken, "species.not_human", species},
    Rule{"Body Part Examined, Anatomic Region Sequence", "body_parts", kBySign,
         "body_part.not_taken", body_part},
    Rule{"View Position, View Code Sequence", "views", kBySign, "view.not_taken", view},
    Rule{"Image Type value 2", "secondary_images", kTaken, "image_type.secondary", image_type},
    Rule{"Burned In Annotation", "burned_in_annotation", kTaken, "annotation.burned_in",
         annotation},
    Rule{"Patient Orientation", "orientations", kBySign,
         "orientation.missing orientation.mirrored orientation.rotated orientation.not_frontal",
         orientation},
    Rule{"Patient's Age, else Birth Date and date taken", "min_age_years max_age_years",
         "taken unless age_may_be_missing = false", "age.out_of_range age.contradicted", age},
    Rule{"Pixel Data", "", kRefused, "image.no_pixels", pixels},
    Rule{"Photometric Interpretation, Samples per Pixel", "", kRefused, "photometric.colour",
         photometric},
    Rule{"Rows, Columns", "min_rows min_columns", kRefused, "image.too_small image.too_large",
         size},
    Rule{"Transfer Syntax UID", "", kRefused, "transfer_syntax.not_decoded", transfer_syntax},
};

}  // namespace

std::span<const Rule> eligibility_rules() {
    return kRules;
}

std::vector<Reason> refusals(const Header& header, const Accepts& accepts) {
    std::vector<Reason> found;
    for (const Rule& rule : kRules) {
        if (auto no = rule.refusal(header, accepts)) found.push_back(std::move(*no));
    }
    return found;
}

}  // namespace bucky::inference
