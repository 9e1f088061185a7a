// SPDX-License-Identifier: Apache-2.0
// A node with several packages that accept the same images, for tests of what is made of their
// answers. A test breaks a package by its name.
#pragma once

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tests/tools/pipeline/one_study.h"
#include "tests/tools/remote/spots_package.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/files.h"

namespace bucky::test {

/// A model that a test breaks.
class Fragile final : public inference::Model {
public:
    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        ++runs;
        if (fault) throw Error(*fault, "it broke");
        std::vector<inference::ModelOutput> outputs;
        for (const auto* input : inputs) outputs.push_back(spots_answer(*input));
        return outputs;
    }
    std::string device() const override { return "cpu"; }
    bool answers() const override { return is_up; }

    bool text_may_pass() const override { return !is_elsewhere; }

    std::atomic<bool> is_up = true;
    std::atomic<int> runs = 0;
    bool is_elsewhere = false;  ///< its pixels leave this machine
    std::optional<Fault> fault;
};

/// Counts how often an image is decoded, and searched for text.
class Counted final : public inference::Decoder {
public:
    inference::Header header(const std::filesystem::path& file) override {
        return inference::in_process().header(file);
    }
    inference::Image image(const std::filesystem::path& file) override {
        ++images;
        return inference::in_process().image(file);
    }
    inference::TextSearch text(const std::filesystem::path&, inference::Greys) override {
        ++texts;
        return {};
    }
    int images = 0, texts = 0;
};

/// A package of other weights, or of the same under another name.
inline void write_package(const std::filesystem::path& folder, const std::string& name,
                          char weights) {
    write_spots_package(folder);
    auto manifest = read_text(folder / "model.toml");
    const auto replace = [&](const std::string& from, const std::string& to) {
        for (auto at = manifest.find(from); at != std::string::npos;
             at = manifest.find(from, at + to.size())) {
            manifest.replace(at, from.size(), to);
        }
    };
    replace("name = \"spots\"", "name = \"" + name + "\"");
    replace(kSpotsHash, std::string(64, weights));
    std::ofstream{folder / "model.toml"} << manifest;
}

/// A node with packages in this order, by their names; a name's first letter is of its weights.
struct Site : NodeHarness {
    explicit Site(const std::vector<std::string>& names = {"alpha", "beta"},
                  Answering answer = Answering::all) {
        settings.inference.answer = answer;
        settings.destinations.resize(1);
        std::vector<inference::Placed> placed;
        for (const auto& name : names) {
            write_package(dir / name, name, name.front());
            placed.push_back({dir / name, false});
            models[name] = std::make_shared<Fragile>();
        }
        shelves = std::make_unique<ModelPool>(std::make_shared<const inference::Shelf>(
            placed, [this](const auto& package) { return models.at(package.identity.name); }));
        worker = std::make_unique<InferWorker>(settings, *shelves, clock, work, decoder);
        receive({.seed = 1});
        hang_up();
    }

    inference::ImageResult result() { return result_of(images().at(0)); }
    void analyse() {
        while (worker->work_once()) {
        }
    }
    storage::Result sr() {
        report_all();
        for (const auto& one : results()) {
            if (one.kind == "sr") return one;
        }
        throw std::logic_error("no report");
    }

    Counted decoder;
    std::map<std::string, std::shared_ptr<Fragile>> models;
    std::unique_ptr<ModelPool> shelves;
    std::unique_ptr<InferWorker> worker;
};

/// What a report says, in the order of its tree: "concept=value".
inline void collect(DcmItem& item, std::vector<std::string>& into) {
    DcmSequenceOfItems* content = nullptr;
    if (item.findAndGetSequence(DCM_ContentSequence, content).bad()) return;
    for (unsigned long at = 0; at < content->card(); ++at) {
        DcmItem& child = *content->getItem(at);
        DcmItem *name = nullptr, *reference = nullptr;
        OFString concept_name, value;
        if (child.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, name).good()) {
            (void)name->findAndGetOFString(DCM_CodeMeaning, concept_name);
        }
        for (const auto& tag : {DCM_TextValue, DCM_UID}) {
            if (value.empty()) (void)child.findAndGetOFString(tag, value);
        }
        if (child.findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference).good()) {
            (void)reference->findAndGetOFString(DCM_ReferencedSOPInstanceUID, value);
        }
        into.push_back(std::string{concept_name.c_str()} + '=' + value.c_str());
        collect(child, into);
    }
}

struct Told {
    explicit Told(const std::filesystem::path& file) {
        DcmFileFormat format;
        REQUIRE(format.loadFile(OFFilename(file.c_str())).good());
        collect(*format.getDataset(), said);
        DcmSequenceOfItems* used = nullptr;
        if (format.getDataset()->findAndGetSequence(DCM_ContributingEquipmentSequence, used).good())
            equipment = used->card();
    }
    std::vector<std::string> of(const std::string& concept_name) const {
        std::vector<std::string> values;
        for (const auto& one : said) {
            if (one.starts_with(concept_name + '=')) {
                values.push_back(one.substr(concept_name.size() + 1));
            }
        }
        std::ranges::sort(values);
        return values;
    }
    std::vector<std::string> said;
    unsigned long equipment = 0;
};

inline std::set<std::string> once(const std::vector<std::string>& values) {
    return {values.begin(), values.end()};
}

}  // namespace bucky::test
