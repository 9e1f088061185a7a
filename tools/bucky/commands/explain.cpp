// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/aliases.h"
#include "conf/base/error.h"
#include "conf/file/read.h"
#include "conf/tenants.h"
#include "inference/examine/mask_text.h"
#include "inference/examine/shelf.h"
#include "inference/examine/site_words.h"
#include "inference/gate/gate.h"
#include "inference/package/eligibility.h"
#include "inference/package/package.h"
#include "inference/package/thresholds.h"
#include "inference/pixels/header.h"
#include "inference/pixels/view.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/gate_options.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

/// The attributes that eligibility and laterality depend on; nothing that identifies the patient.
void print_facts(const inference::Header& header) {
    const auto print = [](std::string_view what, const std::string& value) {
        std::cout << fmt::format("  {:<22}{}\n", what, value.empty() ? "-" : printable(value));
    };
    print("SOP class", header.sop_class);
    print("transfer syntax", header.transfer_syntax);
    print("modality", header.modality);
    print("body part", header.body_part);
    print("anatomic region", header.coded_body_part);
    print("view position", header.view_position);
    print("view code", fmt::format("{}", fmt::join(header.view_codes, ", ")));
    print("laterality", header.laterality);
    print("patient orientation", fmt::format("{}", fmt::join(header.patient_orientation, "\\")));
    print("image type", fmt::format("{}", fmt::join(header.image_type, "\\")));
    print("burned-in annotation", header.burned_in);
    print("species", header.species);
    print("age", !header.age_conflict.empty() ? "not known: " + header.age_conflict
                 : header.age_years           ? fmt::format("{:.3g} years", *header.age_years)
                                              : "");
    print("photometric", header.photometric);
    print("pixels", header.has_pixels
                        ? fmt::format("{} x {}, {} of {} bits, {} frame{}", header.columns,
                                      header.rows, header.bits_stored, header.bits_allocated,
                                      header.frames, header.frames == 1 ? "" : "s")
                        : "none");
}

/// The view that the image is seen by, and what the picture makes of the grey scale.
void print_view(const inference::Image& image) {
    std::cout << fmt::format("view: {}\n", image.grey.view);
    if (!image.grey.replaced.empty()) {
        std::cout << fmt::format("view: not the header's first: {}\n", image.grey.replaced);
    }
    if (!image.note.empty()) std::cout << fmt::format("stored values: {}\n", image.note);
    std::cout << fmt::format("picture: {}\n", inference::words_for(image.use));
    if (const auto why = inference::unreadable(image.use)) {
        std::cout << fmt::format("picture: no (grey.no_contrast): {}\n", *why);
    }
}

/// The first frame; nullopt, and the reason is printed, when it cannot be decoded.
std::optional<inference::Image> decoded(const std::filesystem::path& file,
                                        inference::Decoder& decoder) {
    try {
        return decoder.image(file);
    } catch (const Error& error) {  // goes on: the header has said enough for an answer
        std::cout << fmt::format("picture: cannot be decoded: {}\n", printable(error.what()));
        return std::nullopt;
    }
}

/// The gate's verdict on the pixels.
void print_opinion(const inference::Image& image, const inference::Header& header,
                   const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder / "model.toml")) {
        std::cout << fmt::format("gate: no package at {}\n", folder.string());
        return;
    }
    const inference::Gate gate{folder, {"cpu", 1}};
    const auto& identity = gate.package().identity;
    const auto named = fmt::format("{} {}", identity.name, identity.version);
    try {
        const auto seen = gate.look(image);
        std::cout << fmt::format(
            "{}: frontal chest {:.2f}, upright {:.2f}, turned left {:.2f}, upside down {:.2f}, "
            "turned right {:.2f}, inverted {:.2f}, mirrored {:.2f}\n",
            named, seen.chest, seen.upright, seen.turned_left, seen.upside_down, seen.turned_right,
            seen.inverted, seen.mirrored);
        const auto against = inference::objections(
            seen, inference::limits_for(gate.package().limits, header), header.patient_orientation);
        for (const auto& [why, serious] : against) {
            std::cout << fmt::format("{}: {} ({}): {}\n", named, serious ? "no" : "warns", why.key,
                                     why.text);
        }
        if (against.empty()) std::cout << named << ": no objection\n";
    } catch (const Error& error) {  // goes on: other models may have an answer
        std::cout << fmt::format("{}: cannot look: {}\n", named, printable(error.what()));
    }
}

/// What the search for text finds in the pixels before they leave for a service.
void print_text(const std::filesystem::path& file, const inference::Header& header,
                inference::Image image, inference::Greys greys, inference::Decoder& decoder) {
    const auto say = [](std::string_view words) {
        std::cout << fmt::format("text in the pixels: {}\n", words);
    };
    try {
        const auto found = decoder.text(file, greys);
        const auto masked = inference::mask_text(image, found, inference::care_for(header));
        if (masked.withheld) {
            say(fmt::format("no ({}): {}", masked.withheld->key, masked.withheld->text));
        }
        for (const auto& text : found.lines) {
            const auto* what = text.is_harmless     ? "harmless"
                               : text.is_doubtful   ? "perhaps text, over the lungs"
                               : text.is_over_lungs ? "over the lungs"
                               : masked.withheld    ? "outside the lungs"
                                                    : "masked in what leaves";
            say(fmt::format("{} x {} pixels at column {}, row {}: {}", text.columns, text.rows,
                            text.column, text.row, what));
        }
        if (found.lines.empty() && !masked.withheld) say("none found");
    } catch (const Error& error) {  // other models may read it here
        say(fmt::format("cannot look: {}", printable(error.what())));
    }
}

/// The models that are asked, and the settings that decide over their answers.
struct Asked {
    struct Model {
        std::filesystem::path folder;
        bool shadow = false;
    };
    std::vector<Model> models;
    Answering answer = conf::InferenceSettings{}.answer;
    std::filesystem::path gate;
    std::optional<conf::Settings> settings;  ///< of the node; nullopt: only the models are asked
    std::string owner;                       ///< the tenant's AE title; empty: no tenant
    std::string caller;                      ///< calling AE title; empty: any
};

/// "present from 0.70 (the package says 0.50)"
std::string decided_from(const inference::FindingSpec& finding, const std::string& sha256,
                         const std::vector<inference::Threshold>& thresholds) {
    const auto set = std::ranges::find_if(thresholds, [&](const inference::Threshold& one) {
        return one.sha256 == sha256 && one.finding == finding.key;
    });
    if (set == thresholds.end()) return fmt::format("present from {:.2f}", finding.threshold);
    return fmt::format("present from {:.2f} (the package says {:.2f})", set->value,
                       finding.threshold);
}

/// The score from which a finding is called present: one line, or one for each destination where
/// they differ.
void print_thresholds(const inference::Package& package, const Asked& asked) {
    auto destinations = conf::destinations_of(*asked.settings, asked.owner);
    for (const auto& finding : package.findings) {
        std::vector<std::pair<std::string, std::string>> said;
        const auto ask = [&](const std::string& destination) {
            const auto thresholds = thresholds_for(*asked.settings, destination, asked.owner);
            said.emplace_back(destination,
                              decided_from(finding, package.identity.sha256, thresholds));
        };
        for (const auto* to : destinations) ask(to->name);
        if (destinations.empty()) ask({});
        const bool agreed = std::ranges::all_of(
            said, [&](const auto& one) { return one.second == said.front().second; });
        if (agreed) said = {{"", said.front().second}};
        for (const auto& [where, words] : said) {
            std::cout << fmt::format("  {:<22}{}{}\n", finding.key,
                                     where.empty() ? "" : where + ": ", words);
        }
    }
}

/// Decides as Shelf::choose() does, but prints every reason of every model. Returns the packages
/// that answer.
std::vector<inference::Package> print_answers(const inference::Header& header, const Asked& asked) {
    std::vector<inference::Package> taking;
    for (const auto& [folder, shadow] : asked.models) {
        auto package = inference::read_package(folder);
        const auto say = [named = fmt::format("{} {}", package.identity.name,
                                              package.identity.version)](std::string_view words) {
            std::cout << fmt::format("{}: {}\n", named, words);
        };
        const auto against = inference::refusals(header, package.accepts);
        for (const auto& no : against) say(fmt::format("no ({}): {}", no.key, printable(no.text)));
        if (!against.empty()) continue;
        const auto twin = std::ranges::find_if(taking, [&](const inference::Package& other) {
            return inference::same_algorithm(other.identity, package.identity);
        });
        if (shadow) {
            say("looks at it as a shadow, reports nothing");
        } else if (!taking.empty() && asked.answer == Answering::first) {
            say("would take it too, but comes later");
        } else if (twin != taking.end()) {
            say(fmt::format("would take it too, but has the weights of {}", twin->identity.name));
        } else {
            say(taking.empty() ? "takes it" : "takes it too");
            if (asked.settings) print_thresholds(package, asked);
            taking.push_back(std::move(package));
        }
    }
    return taking;
}

/// Findings of a package for which another one's answer stands.
void print_precedence(const std::vector<inference::Package>& taking, const Asked& asked) {
    inference::ImageResult asked_all;
    for (const auto& package : taking) {
        inference::ImageResult answer;
        answer.verdict = inference::Verdict::no_findings;
        answer.model = package.identity;
        for (const auto& spec : package.findings) {
            auto& finding = answer.findings.emplace_back();
            finding.key = spec.key;
            finding.code = spec.code;
        }
        if (&package == &taking.front()) {
            asked_all = std::move(answer);
        } else {
            asked_all.others.push_back(std::move(answer));
        }
    }
    const auto rows = precedence_for(*asked.settings, asked.owner);
    for (const auto& answer : answers_of(by_precedence(std::move(asked_all), rows))) {
        for (const auto& finding : answer.findings) {
            if (finding.yields_to.empty()) continue;
            std::cout << fmt::format("{} {}: {}: the answer of {} stands ([[precedence]])\n",
                                     answer.model->name, answer.model->version, finding.key,
                                     finding.yields_to);
        }
    }
}

/// Whether pixels may leave for a service, after a search for text.
bool may_leave(const conf::Settings& settings) {
    return !settings.remote.url.empty() && !settings.remote.text_in_pixels_ok;
}

void explain(const std::filesystem::path& file, const Asked& asked) {
    scp::start_wire();
    DecoderPool decoder{1};  // the file may be what a node's decoder died of
    auto header = decoder.header(file);
    if (asked.settings) {
        header = inference::explained(header, conf::aliases_for(*asked.settings, asked.caller));
    }
    std::cout << file.string() << '\n';
    print_facts(header);
    if (!asked.owner.empty()) std::cout << fmt::format("\nAs an image of {}:", asked.owner);
    std::cout << '\n';
    const auto taking = print_answers(header, asked);
    if (asked.settings && !taking.empty()) print_precedence(taking, asked);
    const auto image = decoded(file, decoder);
    if (!image) return;
    print_view(*image);
    print_opinion(*image, header, asked.gate);
    if (!asked.settings || !may_leave(*asked.settings)) return;
    std::set<inference::Greys> searched;  // packages may see the image by other greys
    for (const auto& package : taking) {
        const bool display = package.input.values == inference::Values::display;
        const auto greys = display ? inference::Greys::display : inference::Greys::modality;
        if (searched.insert(greys).second) print_text(file, header, *image, greys, decoder);
    }
}

Asked asked_of(const std::vector<std::filesystem::path>& folders) {
    Asked asked;
    for (const auto& folder : folders) asked.models.push_back({folder});
    asked.gate = inference::gate_beside(folders);
    return asked;
}

bool is_shadow(const conf::Settings& settings, const std::filesystem::path& folder) {
    return std::ranges::any_of(settings.models, [&](const conf::ModelSettings& model) {
        return model.folder == folder && model.shadow;
    });
}

/// As the node with this config would decide for the called AE title `called`; empty: its own
/// title.
Asked asked_of(conf::Settings settings, std::string called) {
    if (called.empty()) called = settings.node.ae_title.str();
    if (!conf::is_ours(settings, called)) {
        std::vector<std::string> ours{settings.node.ae_title.str()};
        for (const auto& tenant : settings.tenants) ours.push_back(tenant.ae_title.str());
        throw Error(Fault::bad_input, "nobody is called {} here; there is {}", called,
                    fmt::join(ours, ", "));
    }
    Asked asked;
    const auto* tenant = conf::tenant_of(settings, called);
    if (tenant != nullptr) asked.owner = called;
    const bool has_own = tenant != nullptr && !tenant->models.empty();
    for (const auto& folder : has_own ? tenant->models : settings.inference.models) {
        asked.models.push_back({folder, is_shadow(settings, folder)});
    }
    asked.answer = settings.inference.answer;
    asked.gate = gate_options(settings.inference).folder;
    asked.settings = std::move(settings);
    return asked;
}

}  // namespace

void add_explain(CLI::App& app, int&) {
    auto* command =
        app.add_subcommand("explain", "Which models take a file; if none, which rule says no");
    const auto config = config_option(*command);
    const auto file = std::make_shared<std::filesystem::path>();
    const auto models = std::make_shared<std::vector<std::filesystem::path>>();
    command->add_option("FILE", *file, "A DICOM file")
        ->required()
        ->check(existing_file())
        ->type_name("");
    auto* instead =
        command->add_option("--model", *models, "Model packages, instead of those of the config")
            ->check(existing_folder())
            ->type_name("DIR");
    const auto called = std::make_shared<std::string>();
    command
        ->add_option("--called", *called,
                     "AE title that the image is called by: its [[tenant]]'s models and thresholds")
        ->excludes(instead)
        ->type_name("AE");
    const auto caller = std::make_shared<std::string>();
    command->add_option("--calling", *caller, "AE title that sends the image: its [[alias]] rows")
        ->excludes(instead)
        ->type_name("AE");
    command->callback([config, file, models, called, caller] {
        auto asked =
            models->empty() ? asked_of(conf::read_settings(*config), *called) : asked_of(*models);
        asked.caller = *caller;
        explain(*file, asked);
    });
}

}  // namespace bucky
