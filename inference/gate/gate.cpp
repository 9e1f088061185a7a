// SPDX-License-Identifier: Apache-2.0
#include "inference/gate/gate.h"

#include <fmt/format.h>

#include "conf/base/error.h"
#include "conf/dicom/exam_words.h"
#include "inference/reasons.h"
#include "inference/run/prepare.h"

namespace bucky::inference {
namespace {

constexpr std::size_t kAnswers = 7;

GateOpinion opinion_of(const ModelOutput& output) {
    const auto& scores = output.scores;
    if (scores.size() != kAnswers) {
        throw Error(Fault::corrupt, "the gate gave {} answers: must be {}", scores.size(),
                    kAnswers);
    }
    return {.chest = scores[0],
            .upright = scores[1],
            .turned_left = scores[2],
            .upside_down = scores[3],
            .turned_right = scores[4],
            .inverted = scores[5],
            .mirrored = scores[6]};
}

bool says_mirrored(const std::vector<std::string>& orientation) {
    return orientation.size() == 2 && orientation[0].starts_with('R');
}

/// The most probable orientation of a picture that is not upright.
std::string_view pose_of(const GateOpinion& opinion) {
    if (opinion.upside_down >= opinion.turned_left && opinion.upside_down >= opinion.turned_right) {
        return "upside down";
    }
    return opinion.turned_left > opinion.turned_right ? "turned to the left"
                                                      : "turned to the right";
}

std::optional<Objection> objection_to_side(const GateOpinion& opinion, const GateLimits& limits,
                                           const std::vector<std::string>& orientation) {
    const bool said = says_mirrored(orientation);
    if (opinion.mirrored >= limits.mirrored && !said) {
        return Objection{
            reason("gate.mirrored",
                   "the picture looks mirrored, and its header does not say so: left and right may "
                   "be exchanged, or the heart lies on the right"),
            false};
    }
    if (opinion.mirrored <= 1 - limits.mirrored && said) {
        return Objection{reason("gate.mislabelled",
                                "the header says that the picture is mirrored, and it does not "
                                "look so: left and right may be exchanged"),
                         false};
    }
    return std::nullopt;
}

}  // namespace

GateLimits limits_for(const GateLimits& limits, const Header& header) {
    GateLimits these = limits;
    const auto part = exam_meaning(header.body_part);  // "CHEST PA" names the view, too
    const bool says_view = !header.view_position.empty() || !header.coded_view.empty() ||
                           (part && !part->view.empty());
    if (!says_view) these.chest = limits.chest_without_view.value_or(limits.chest);
    return these;
}

std::vector<Objection> objections(const GateOpinion& opinion, const GateLimits& limits,
                                  const std::vector<std::string>& patient_orientation) {
    if (opinion.chest < limits.chest) {
        return {{reason("gate.not_chest",
                        fmt::format("the picture does not look like a frontal chest radiograph "
                                    "({:.2f}, at least {:.2f} is needed)",
                                    opinion.chest, limits.chest))}};
    }
    std::vector<Objection> found;
    if (opinion.upright < limits.upright) {
        found.push_back({reason("gate.rotated", fmt::format("the chest in the picture looks {} "
                                                            "(upright {:.2f})",
                                                            pose_of(opinion), opinion.upright))});
    }
    if (opinion.inverted >= limits.inverted) {
        found.push_back(
            {reason("gate.inverted", fmt::format("the grey of the picture looks inverted ({:.2f})",
                                                 opinion.inverted))});
    }
    // In a chest that is not upright, the side of the heart says nothing.
    if (found.empty()) {
        if (auto side = objection_to_side(opinion, limits, patient_orientation)) {
            found.push_back(std::move(*side));
        }
    }
    return found;
}

Gate::Gate(const std::filesystem::path& folder, const ModelOptions& options) {
    try {
        package_ = read_gate_package(folder);
        model_ = load_torch_model(package_.weights, options);
        const InputSpec& spec = package_.input;
        ModelInput black{spec.channels, spec.height, spec.width, {}};
        black.values.resize(std::size_t{spec.channels} * spec.height * spec.width);
        for (int run = 0; run < 2; ++run)
            (void)opinion_of(model_->run(black));  // warm-up: the first runs are slow
    } catch (const Error& wrong) {                 // names the package in the message
        const bool of_the_device =
            wrong.fault() == Fault::unavailable || wrong.fault() == Fault::exhausted;
        throw Error(of_the_device ? wrong.fault() : Fault::bad_input, "gate package {}:\n{}",
                    folder.string(), wrong.what());
    }
}

GateOpinion Gate::look(const Image& image) const {
    return opinion_of(model_->run(prepare(image, package_.input).input));
}

std::filesystem::path gate_beside(const std::vector<std::filesystem::path>& packages) {
    if (packages.empty()) return {};
    auto folder = std::filesystem::absolute(packages.front()).lexically_normal();
    if (folder.filename().empty()) folder = folder.parent_path();  // "models/cxr-phantom/"
    return folder.parent_path() / "cxr-gate";
}

}  // namespace bucky::inference
