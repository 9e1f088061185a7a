// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/base/ids.h"
#include "tools/phantom/write.h"

namespace bucky::phantom {
namespace {

using nlohmann::json;

Recipe recipe_for(const Options& options, std::uint64_t seed) {
    if (options.healthy) return random_recipe(seed, options.rows, options.columns, {});
    if (options.findings.empty()) return random_recipe(seed, options.rows, options.columns);
    std::vector<Finding> lesions;
    for (const std::string& name : options.findings) {
        const auto finding = finding_of(name);
        if (!finding) throw Error(Fault::bad_input, "no finding is called {}", name);
        lesions.push_back(*finding);
    }
    return random_recipe(seed, options.rows, options.columns, lesions);
}

TransferSyntax syntax_of(const std::string& name) {
    for (const TransferSyntaxName& row : transfer_syntaxes()) {
        if (row.name == name) return row.syntax;
    }
    throw Error(Fault::bad_input, "unknown transfer syntax {}", name);
}

DicomOptions dicom_options(const Options& options, int number) {
    DicomOptions dicom;
    dicom.image_class = options.image_class == "cr" ? ImageClass::cr : ImageClass::dx;
    dicom.syntax = syntax_of(options.transfer_syntax);
    // The default is 12; an encoding that holds fewer bits limits it.
    dicom.bits_stored = std::min(options.bits, describe(dicom.syntax).most_bits);
    dicom.monochrome1 = options.photometric == 1;
    dicom.view_position = options.view;
    if (options.one_study) {
        dicom.study_uid =
            Uid::from_name(fmt::format("phantom study {} of {}", options.seed, options.count))
                .str();
        dicom.patient_name = fmt::format("Phantom^Seed {}", options.seed);
        dicom.patient_id = fmt::format("PHANTOM-{}", options.seed);
        dicom.instance_number = number;
    }
    return dicom;
}

json truth_of(const Phantom& phantom, const Written& ids, const std::string& file) {
    json lesions = json::array();
    for (const Lesion& lesion : phantom.lesions) {
        json outline = json::array();
        for (const Point p : lesion.outline) outline.push_back({p.column, p.row});
        lesions.push_back({{"finding", key(lesion.finding)},
                           {"side", lesion.side == Side::right ? "right" : "left"},
                           {"area_px", lesion.area_px},
                           {"outline", outline}});
    }
    return {{"file", file},
            {"seed", phantom.recipe.seed},
            {"rows", phantom.recipe.rows},
            {"columns", phantom.recipe.columns},
            {"sop_instance_uid", ids.sop_instance_uid},
            {"series_uid", ids.series_uid},
            {"study_uid", ids.study_uid},
            {"lesions", lesions}};
}

}  // namespace

int run(const Options& options) {
    std::filesystem::create_directories(options.out);
    json truth = json::array();
    for (int i = 0; i < options.count; ++i) {
        const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(i);
        const Phantom phantom = draw(recipe_for(options, seed));
        const std::string stem = fmt::format("phantom-{:06}", seed);
        const Written ids =
            write_dicom(phantom, dicom_options(options, i + 1), options.out / (stem + ".dcm"));
        if (options.pictures) write_pgm(phantom, options.out / (stem + ".pgm"), true);
        truth.push_back(truth_of(phantom, ids, stem + ".dcm"));
    }
    const auto path = options.out / "truth.json";
    std::ofstream file{path};
    file << truth.dump(1) << '\n';
    if (!file.flush()) throw Error(Fault::unavailable, "cannot write {}", path.string());
    return 0;
}

void add_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("phantom", "Draw synthetic chest radiographs as DICOM files");
    std::vector<std::string> syntaxes;
    for (const auto& row : transfer_syntaxes()) syntaxes.emplace_back(row.name);
    std::vector<std::string> keys;
    for (const Finding finding : kFindings) keys.emplace_back(key(finding));

    command->add_option("--out", options->out, "Folder for the files and truth.json")
        ->type_name("DIR")
        ->required();
    command->add_option("--count", options->count, "How many")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    command
        ->add_option("--seed", options->seed,
                     "Seed of the first phantom; each seed is another patient")
        ->capture_default_str();
    command->add_option("--rows", options->rows, "Height in pixels")
        ->check(CLI::Range(64, 8192))
        ->capture_default_str();
    command->add_option("--columns", options->columns, "Width in pixels")
        ->check(CLI::Range(64, 8192))
        ->capture_default_str();
    auto* finding =
        command->add_option("--finding", options->findings, "Findings to draw (default: random)")
            ->check(CLI::IsMember(keys));
    command->add_flag("--healthy", options->healthy, "Plant nothing")->excludes(finding);
    command->add_option("--class", options->image_class, "SOP class: cr, or dx for presentation")
        ->check(CLI::IsMember({"cr", "dx"}))
        ->capture_default_str();
    command
        ->add_option("--transfer-syntax", options->transfer_syntax, "Transfer syntax of the files")
        ->check(CLI::IsMember(syntaxes))
        ->capture_default_str();
    command->add_option("--bits", options->bits, "Bits stored, limited by the transfer syntax")
        ->check(CLI::Range(8, 16))
        ->capture_default_str();
    command->add_option("--photometric", options->photometric, "MONOCHROME1 or MONOCHROME2")
        ->check(CLI::IsMember({1, 2}))
        ->capture_default_str();
    command->add_option("--view", options->view, "View Position in the header")
        ->check(CLI::IsMember({"PA", "AP", "LL"}))
        ->capture_default_str();
    command->add_flag("--one-study", options->one_study, "One patient, one study");
    command->add_flag("--pictures", options->pictures, "Also write PGM pictures with outlines");
    command->callback([options, &exit_status] { exit_status = run(*options); });
}

}  // namespace bucky::phantom
