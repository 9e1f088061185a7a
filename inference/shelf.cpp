// SPDX-License-Identifier: Apache-2.0
#include "inference/shelf.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "inference/decode.h"
#include "inference/interpret.h"
#include "inference/reasons.h"

namespace bucky::inference {
namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// "CR, DX": the words of a list for people, without the "" that allows a missing attribute.
std::string listed(std::vector<std::string> words) {
    std::erase(words, "");
    return fmt::format("{}", fmt::join(words, ", "));
}

std::optional<Reason> refusal_of_word(const char* key, const char* what, const std::string& word,
                                      const std::vector<std::string>& taken) {
    if (has(taken, word)) return std::nullopt;
    const std::string found = word.empty() ? fmt::format("the image names no {}", what)
                                           : fmt::format("{} {}", what, word);
    return reason(key, fmt::format("{}: the model reads {}", found, listed(taken)));
}

std::optional<Reason> refusal_of_kind(const Header& header, const Accepts& accepts) {
    if (!has(accepts.sop_classes, header.sop_class)) {
        return reason("sop_class.not_taken",
                      fmt::format("the model does not read SOP class {}", header.sop_class));
    }
    if (auto no = refusal_of_word("modality.not_taken", "modality", header.modality,
                                  accepts.modalities)) {
        return no;
    }
    if (auto no = refusal_of_word("body_part.not_taken", "body part", header.body_part,
                                  accepts.body_parts)) {
        return no;
    }
    return refusal_of_word("view.not_taken", "view position", header.view_position, accepts.views);
}

std::optional<Reason> refusal_of_age(const Header& header, const Accepts& accepts) {
    const char* key = "age.out_of_range";
    const double low = accepts.min_age_years.value_or(0);
    if (!header.age_years) {
        if (accepts.age_may_be_missing) return std::nullopt;
        return reason(key, "the image names no patient age, and the model needs one");
    }
    if (accepts.max_age_years && *header.age_years > *accepts.max_age_years) {
        return reason(key, fmt::format("the model reads patients up to {} years of age",
                                       *accepts.max_age_years));
    }
    if (*header.age_years < low) {
        return reason(key, fmt::format("the model reads patients from {} years of age", low));
    }
    return std::nullopt;
}

/// What decode() would refuse, told before a byte is decoded.
std::optional<Reason> refusal_of_pixels(const Header& header, const Accepts& accepts) {
    if (!header.has_pixels) return reason("image.no_pixels", "the object has no pixel data");
    if (header.samples != 1 ||
        (header.photometric != "MONOCHROME1" && header.photometric != "MONOCHROME2")) {
        return reason("photometric.colour",
                      fmt::format("photometric interpretation \"{}\" with {} samples a pixel: the "
                                  "model reads MONOCHROME1 and MONOCHROME2",
                                  header.photometric, header.samples));
    }
    const std::string size = fmt::format("{} x {} pixels", header.columns, header.rows);
    if (header.rows < accepts.min_rows || header.columns < accepts.min_columns) {
        return reason("image.too_small", fmt::format("{}: the model needs {} x {}", size,
                                                     accepts.min_columns, accepts.min_rows));
    }
    if (std::max(header.rows, header.columns) > limits::kImageSideMax ||
        std::uint64_t{header.rows} * header.columns > limits::kImagePixelsMax) {
        return reason("image.too_large",
                      fmt::format("{}: at most {} a side and {} in all", size,
                                  limits::kImageSideMax, limits::kImagePixelsMax));
    }
    if (!decodes(header.transfer_syntax)) {
        return reason("transfer_syntax.not_decoded",
                      fmt::format("pixels in transfer syntax {} cannot be decoded here",
                                  header.transfer_syntax));
    }
    return std::nullopt;
}

std::optional<Reason> refusal(const Header& header, const Accepts& accepts) {
    if (auto no = refusal_of_kind(header, accepts)) return no;
    if (auto no = refusal_of_age(header, accepts)) return no;
    return refusal_of_pixels(header, accepts);
}

/// The first runs of a TorchScript model take 1.5 to 3 times as long, and show at the start what
/// would else fail at the first patient: another input shape, another number of answers.
void warm_up(const LoadedPackage& loaded) {
    const InputSpec& spec = loaded.package.input;
    ModelInput black{spec.channels, spec.height, spec.width, {}};
    black.values.resize(std::size_t{spec.channels} * spec.height * spec.width);
    const Placement whole{spec.height, spec.width, 0,           0,
                          spec.height, spec.width, spec.height, spec.width};
    for (int run = 0; run < 2; ++run) {
        interpret(loaded.model->run(black), loaded.package, whole, {});
    }
}

LoadedPackage load(const std::filesystem::path& folder, const ModelOptions& options) {
    try {
        LoadedPackage loaded{read_package(folder), nullptr};
        loaded.model = load_torch_model(loaded.package.weights, options);
        warm_up(loaded);
        return loaded;
    } catch (const Error& wrong) {
        const bool of_the_device =
            wrong.fault() == Fault::unavailable || wrong.fault() == Fault::exhausted;
        throw Error(of_the_device ? wrong.fault() : Fault::bad_input, "model package {}:\n{}",
                    folder.string(), wrong.what());
    }
}

}  // namespace

Shelf::Shelf(const std::vector<std::filesystem::path>& packages, const ModelOptions& options) {
    for (const auto& folder : packages) packages_.push_back(load(folder, options));
}

Shelf::Choice Shelf::choose(const Header& header) const {
    Choice choice;
    for (const LoadedPackage& loaded : packages_) {
        auto no = refusal(header, loaded.package.accepts);
        if (!no) return {&loaded, std::nullopt};
        if (!choice.refused) choice.refused = std::move(no);
    }
    if (packages_.empty()) choice.refused = reason("shelf.empty", "no model package is configured");
    return choice;
}

}  // namespace bucky::inference
