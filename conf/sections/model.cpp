// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<ModelSettings> kKeys[] = {
    {"folder", &ModelSettings::folder, Anything{}, "",
     "Folder of the package, as listed in inference.models.",
     R"("/usr/share/bucky/models/cxr-phantom")", required},
    {"shadow", &ModelSettings::shadow, Anything{}, "",
     "Run this package beside the others and write its answers to the journal. Nothing of it is "
     "sent."},
    {"replicas", &ModelSettings::replicas, Range{0, 64}, "replicas",
     "As inference.replicas. 0: the same value."},
    {"threads", &ModelSettings::threads, Range{0, 256}, "threads",
     "As inference.threads. 0: the same value."},
    {"precision", choice<&ModelSettings::precision>, OneOf{kNoneOrWordsOf<Precision>}, "",
     "As inference.precision. Empty: the same value."},
    {"batch_max", &ModelSettings::batch_max, Range{0, 256}, "images",
     "As inference.batch_max. 0: the same value."},
    {"device", &ModelSettings::device,
     Fits{is_empty_or<is_device>, "empty, auto, cpu, cuda, cuda:N or remote"}, "",
     "As inference.device. Empty: the same value."},
    {"sha256", &ModelSettings::sha256,
     Fits{is_empty_or<is_sha256>, "empty, or 64 hexadecimal digits in lower case"}, "",
     "Required SHA-256 of the weights, as printed by `bucky model list`. Empty: the one in the "
     "package's manifest."},
};

void check(const Settings& settings, Checker& checker) {
    const auto& known = settings.inference.models;
    std::set<std::filesystem::path> seen;
    for (std::size_t i = 0; i < settings.models.size(); ++i) {
        const auto& folder = settings.models[i].folder;
        if (folder.empty()) continue;  // reported already: the key is required
        if (std::find(known.begin(), known.end(), folder) == known.end()) {
            checker.complain(
                {"model", i}, "folder",
                fmt::format(R"("{}" is not one of inference.models)", folder.string()));
        } else if (!seen.insert(folder).second) {
            checker.complain({"model", i}, "folder",
                             fmt::format(R"("{}" has two [[model]])", folder.string()));
        }
    }
}

}  // namespace

Section<ModelSettings> model_section() {
    return {.name = "model",
            .field = &Settings::models,
            .keys = kKeys,
            .sentence =
                "Settings of one package of inference.models where they differ from [inference], "
                "one [[model]] each.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
