// SPDX-License-Identifier: Apache-2.0
// Units: what is counted once. With truth it is what a label names: of a study with several images,
// the image with the highest score speaks. Without truth each image is counted. Pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bucky/engine/figures.h"
#include "tools/bucky/retrospective/audit.h"

namespace bucky {

/// The score that one model gave for one finding.
struct Scored {
    const AuditedImage* image = nullptr;
    double score = 0;
    bool is_said = false;
};

using Filter = std::function<bool(const AuditedImage&)>;

/// Of every image that the model answered.
std::vector<Scored> scored(const Audit& audit, std::size_t model, const std::string& finding,
                           const Filter& filter = {});

/// Of every label for this finding whose images the model answered, in the order of the labels.
std::vector<Judged> judged(const Audit& audit, std::size_t model, const std::string& finding,
                           const Filter& filter = {});

/// The images that both models answered, in one order.
struct BothScored {
    std::vector<Scored> first, second;
};
BothScored both_scored(const Audit& audit, const std::string& finding);
struct BothJudged {
    std::vector<Judged> first, second;
};
BothJudged both_judged(const Audit& audit, const std::string& finding);

/// What images are told apart by.
struct Grouping {
    std::string title;
    const std::string& (*of)(const AuditedImage&);
    std::vector<std::string> groups;  ///< that occur, in their order
};
std::vector<Grouping> groupings(const Audit& audit);

/// The threshold of the second model that keeps what the first shows today: its sensitivity where
/// the truth is known, else how many images it calls.
struct Kept {
    double threshold = 0;
    bool by_truth = false;
    Counts before{}, after{};  ///< by truth
    std::size_t said_before = 0, said_after = 0, images = 0;
};
std::optional<Kept> threshold_kept(const Audit& audit, const std::string& finding);

/// As a [[threshold]] of the config file, bound to the weights.
std::string threshold_table(const AuditedModel& model, const std::string& finding, double value);

}  // namespace bucky
