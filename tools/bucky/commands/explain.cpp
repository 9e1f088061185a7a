// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/read.h"
#include "inference/eligibility.h"
#include "inference/gate.h"
#include "inference/header.h"
#include "inference/shelf.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/decode_workers.h"
#include "tools/bucky/gate_options.h"
#include "tools/bucky/table.h"

namespace bucky {
namespace {

/// What eligibility and laterality rest on; nothing that tells who the patient is.
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
    print("age", header.age_years ? fmt::format("{:.0f} years", *header.age_years) : "");
    print("photometric", header.photometric);
    print("pixels", header.has_pixels
                        ? fmt::format("{} x {}, {} of {} bits, {} frame{}", header.columns,
                                      header.rows, header.bits_stored, header.bits_allocated,
                                      header.frames, header.frames == 1 ? "" : "s")
                        : "none");
}

/// What the pixels look like, and what the gate would say to that.
void print_opinion(const std::filesystem::path& file, const inference::Header& header,
                   const std::filesystem::path& folder, inference::Decoder& decoder) {
    if (!std::filesystem::exists(folder / "model.toml")) {
        std::cout << fmt::format("gate: no package at {}\n", folder.string());
        return;
    }
    const inference::Gate gate{folder, {"cpu", 1}};
    const auto& identity = gate.package().identity;
    const auto named = fmt::format("{} {}", identity.name, identity.version);
    try {
        const auto seen = gate.look(decoder.image(file));
        std::cout << fmt::format(
            "{}: frontal chest {:.2f}, upright {:.2f}, turned left {:.2f}, upside down {:.2f}, "
            "turned right {:.2f}, inverted {:.2f}, mirrored {:.2f}\n",
            named, seen.chest, seen.upright, seen.turned_left, seen.upside_down, seen.turned_right,
            seen.inverted, seen.mirrored);
        const auto against =
            inference::objections(seen, gate.package().limits, header.patient_orientation);
        for (const auto& [why, serious] : against) {
            std::cout << fmt::format("{}: {} ({}): {}\n", named, serious ? "no" : "warns", why.key,
                                     why.text);
        }
        if (against.empty()) std::cout << named << ": no objection\n";
    } catch (const Error& error) {
        std::cout << fmt::format("{}: cannot look: {}\n", named, printable(error.what()));
    }
}

struct Asked {
    std::vector<std::filesystem::path> models;
    std::filesystem::path gate;
};

void explain(const std::filesystem::path& file, const Asked& asked) {
    scp::start_wire();
    DecodeWorkers decoder{1};  // the file may be what a node's decoder died of
    const auto header = decoder.header(file);
    std::cout << file.string() << '\n';
    print_facts(header);
    std::cout << '\n';
    bool is_taken = false;
    for (const auto& folder : asked.models) {  // one shelf each: each says its own reason
        const inference::Shelf shelf{{folder}, {"cpu", 1}};
        const auto& package = shelf.packages().front().package;
        const auto named = fmt::format("{} {}", package.identity.name, package.identity.version);
        const auto against = inference::refusals(header, package.accepts);
        for (const auto& no : against) {
            std::cout << fmt::format("{}: no ({}): {}\n", named, no.key, printable(no.text));
        }
        if (!against.empty()) continue;
        if (is_taken) {
            std::cout << fmt::format("{}: would take it too, but comes later\n", named);
        } else {
            std::cout << fmt::format("{}: takes it\n", named);
            is_taken = true;
        }
    }
    print_opinion(file, header, asked.gate, decoder);
}

Asked asked_of(const std::vector<std::filesystem::path>& models,
               const std::filesystem::path& config) {
    if (!models.empty()) return {models, inference::gate_beside(models)};
    const auto settings = conf::read_settings(config).inference;
    return {settings.models, gate_options(settings).folder};
}

}  // namespace

void add_explain(CLI::App& app, int&) {
    auto* command =
        app.add_subcommand("explain", "Which model takes a file; if none, which rule says no");
    const auto config = config_option(*command);
    const auto file = std::make_shared<std::filesystem::path>();
    const auto models = std::make_shared<std::vector<std::filesystem::path>>();
    command->add_option("FILE", *file, "A DICOM file")
        ->required()
        ->check(existing_file())
        ->type_name("");
    command->add_option("--model", *models, "Model packages, instead of those of the config")
        ->check(existing_folder())
        ->type_name("DIR");
    command->callback([config, file, models] { explain(*file, asked_of(*models, *config)); });
}

}  // namespace bucky
