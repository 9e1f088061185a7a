// SPDX-License-Identifier: Apache-2.0
#include "inference/package/package.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "inference/package/accepts.h"
#include "inference/package/manifest.h"

namespace bucky::inference {
namespace {

constexpr std::int64_t kInputSideMax = 4096;  // one channel in float32 takes 64 MB
constexpr std::size_t kFindingsMax = 256;

bool is_sha256(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Reads the name of a file in the package's own folder. Empty, with a problem, if it is not there.
std::filesystem::path read_file_name(Section& section, std::string_view key,
                                     const PackageHead& package) {
    const std::string name = section.required_text(key);
    if (name.empty()) return {};
    if (std::filesystem::path(name).filename() != name) {
        section.complain(key, "must be the name of a file in the package's own folder");
        return {};
    }
    auto file = std::filesystem::absolute(package.folder / name);
    if (std::filesystem::is_regular_file(file)) return file;
    section.complain(key, fmt::format("there is no file {}", file.string()));
    return {};
}

/// Reads the hash that the manifest states; empty if it is not a hash. Reports a problem if the
/// hash of the file differs.
std::string read_hash(Section& section, std::string_view key, const std::filesystem::path& of) {
    std::string named = section.required_text(key);
    if (!named.empty() && !is_sha256(named)) {
        section.complain(key, "must be 64 lower-case hexadecimal digits");
        named.clear();
    }
    if (of.empty() || named.empty()) return named;
    if (const std::string hash = sha256_of_file(of); hash != named) {
        section.complain(key, fmt::format("{} has the hash {}", of.filename().string(), hash));
    }
    return named;
}

/// weights_sha256: the file, weights.ts unless it is named, may be fetched later.
void read_weights_that_may_be_away(Section& model, PackageHead& package) {
    const std::string named = model.text("weights");
    const std::filesystem::path name = named.empty() ? "weights.ts" : named;
    if (name.filename() != name) {
        model.complain("weights", "must be the name of a file in the package's own folder");
        return;
    }
    package.weights_name = name.string();
    const auto file = std::filesystem::absolute(package.folder / name);
    if (std::filesystem::is_regular_file(file)) package.weights = file;
    package.identity.sha256 = read_hash(model, "weights_sha256", package.weights);
}

Purpose read_purpose(Section& model) {
    const std::string word =
        model.one_of("purpose", {"demonstration", "research", "clinical"}, "research");
    return word == "research"   ? Purpose::research
           : word == "clinical" ? Purpose::clinical
                                : Purpose::demonstration;
}

void read_identity(Section& model, PackageHead& package) {
    ModelIdentity& identity = package.identity;
    identity.name = model.required_text("name");
    identity.version = model.required_text("version");
    identity.vendor = model.required_text("vendor");
    identity.intended_use = model.required_text("intended_use");
    identity.purpose = read_purpose(model);
    identity.intended_use_ko = model.text("intended_use_ko");
    package.licence = model.required_text("licence");
    package.told = {model.text("patients"), model.text("measured")};
    if (model.has("weights_sha256")) {
        read_weights_that_may_be_away(model, package);
    } else {
        package.weights = read_file_name(model, "weights", package);
        package.weights_name = package.weights.filename().string();
        identity.sha256 = read_hash(model, "sha256", package.weights);
    }
    model.complain_of_unknown_keys();
}

void read_remote(Section& root, Package& package) {
    if (!root.has("remote")) return;
    Section section = root.section("remote");
    package.remote.model = section.text("model");
    package.remote.version = section.text("version");
    package.remote.input = section.text("input");
    if (section.has("outputs")) {
        package.remote.outputs = section.texts("outputs");
        const std::size_t wanted = package.has_heatmaps ? 2 : 1;
        if (package.remote.outputs.size() != wanted) {
            section.complain("outputs", fmt::format("must be {} name{}", wanted,
                                                    wanted == 1 ? "" : "s: scores, heatmaps"));
        }
    }
    package.remote.float16 = section.one_of("datatype", {"FP32", "FP16"}, "FP32") == "FP16";
    package.remote.binary = section.flag("binary", true);
    if (package.remote.float16 && !package.remote.binary) {
        section.complain("binary", "must be true for FP16");
    }
    section.complain_of_unknown_keys();
}

void read_compiled(Section& root, Package& package) {
    if (!root.has("compiled")) return;
    Section section = root.section("compiled");
    Compiled compiled;
    compiled.weights = read_file_name(section, "weights", package);
    compiled.sha256 = read_hash(section, "sha256", compiled.weights);
    compiled.device = section.one_of("device", {"cpu", "cuda"}, "cuda");
    section.complain_of_unknown_keys();
    if (!compiled.weights.empty() && compiled.weights.extension() != ".pt2") {
        section.complain("weights", "must be AOTInductor's package, a file that ends in .pt2");
    }
    package.compiled = std::move(compiled);
}

void read_golden(Section& root, Package& package) {
    if (!root.has("golden")) return;
    const std::uint64_t input_bytes = sizeof(float) * std::uint64_t{package.input.channels} *
                                      package.input.height * package.input.width;
    for (Section& section : root.sections("golden")) {
        Golden golden;
        golden.input = read_file_name(section, "input", package);
        golden.output = read_file_name(section, "output", package);
        golden.tolerance = section.number("tolerance", 0, 1, golden.tolerance);
        section.complain_of_unknown_keys();
        if (!golden.input.empty() && std::filesystem::file_size(golden.input) != input_bytes) {
            section.complain("input",
                             fmt::format("must have {} bytes, float32 [C, H, W]", input_bytes));
        }
        package.golden.push_back(std::move(golden));
    }
}

void read_input(Section& section, InputSpec& input) {
    input.width = section.whole("width", 1, kInputSideMax, std::nullopt);
    input.height = section.whole("height", 1, kInputSideMax, std::nullopt);
    input.channels = section.whole("channels", 1, 16, 1);
    input.values = section.one_of("values", {"display", "modality"}, "display") == "display"
                       ? Values::display
                       : Values::modality;
    const std::vector<double> range = section.numbers("range", 2);
    if (!range.empty()) {
        input.range_low = range[0];
        input.range_high = range[1];
        if (input.values == Values::modality) {
            section.complain("range", "has no meaning for values = \"modality\": use mean and std");
        } else if (range[0] == range[1]) {
            section.complain("range", "must be two different numbers");
        }
    }
    input.mean = section.numbers("mean", input.channels);
    input.standard_deviation = section.numbers("std", input.channels);
    if (std::count(input.standard_deviation.begin(), input.standard_deviation.end(), 0.0) > 0) {
        section.complain("std", "must not be 0");
    }
    if (input.mean.empty()) input.mean.assign(input.channels, 0.0);
    if (input.standard_deviation.empty()) input.standard_deviation.assign(input.channels, 1.0);
    const std::string resample =
        section.one_of("resample", {"area", "bilinear", "triangle"}, "area");
    input.resample = resample == "area"       ? Resample::area
                     : resample == "bilinear" ? Resample::bilinear
                                              : Resample::triangle;
    const std::string fit = section.one_of("fit", {"letterbox", "stretch", "crop"}, "letterbox");
    input.fit = fit == "letterbox" ? Fit::letterbox : fit == "stretch" ? Fit::stretch : Fit::crop;
    section.complain_of_unknown_keys();
}

Code read_code(Section& finding, std::string_view key = "code") {
    Section section = finding.section(key);
    Code code{section.required_text("value"), section.required_text("scheme"),
              section.required_text("meaning")};
    section.complain_of_unknown_keys();
    if (code.value.size() > 16) section.complain("value", "is longer than 16 characters (VR SH)");
    if (code.scheme.size() > 16) section.complain("scheme", "is longer than 16 characters (VR SH)");
    if (code.meaning.size() > 64) section.complain("meaning", "is longer than 64 bytes (VR LO)");
    return code;
}

std::optional<Code> read_optional_code(Section& finding, std::string_view key) {
    return finding.has(key) ? std::optional{read_code(finding, key)} : std::nullopt;
}

void read_reporting(Section& section, FindingSpec& finding) {
    finding.is_suspicion =
        section.one_of("answer", {"present", "suspected"}, "present") == "suspected";
    finding.urgency = section.whole("urgency", 1, kUrgencyLast, kUrgencyLast);
    finding.site = read_optional_code(section, "site");
    const auto cad = read_optional_code(section, "cad_finding");
    const auto modifier = read_optional_code(section, "cad_modifier");
    if (cad) finding.cad = CadCodes{*cad, modifier};
    if (modifier && !cad) section.complain("cad_modifier", "needs cad_finding");
}

FindingSpec read_finding(Section& section, const Package& package) {
    FindingSpec finding;
    finding.key = section.required_text("key");
    finding.name = section.required_text("name");
    finding.name_ko = section.text("name_ko");
    finding.code = read_code(section);
    finding.threshold = section.number("threshold", 0, 1, std::nullopt);
    finding.undetermined_from = section.optional_number("undetermined_from", 0, 1);
    finding.heatmap_threshold = section.number("heatmap_threshold", 0, 1, 0.5);
    finding.located = section.flag("located", false);
    read_reporting(section, finding);
    const std::string chosen_for = section.required_text("thresholds_for");
    section.complain_of_unknown_keys();
    if (!chosen_for.empty() && !package.identity.sha256.empty() &&
        chosen_for != package.identity.sha256) {
        section.complain("thresholds_for",
                         "these thresholds were chosen for other weights: must be model.sha256");
    }
    if (finding.undetermined_from && *finding.undetermined_from >= finding.threshold) {
        section.complain("undetermined_from", "must be below threshold");
    }
    if (finding.located && !package.has_heatmaps) {
        section.complain("located", "needs output.heatmaps = true");
    }
    return finding;
}

void read_findings(Section& root, Package& package) {
    std::set<std::string> keys;
    for (Section& section : root.sections("finding")) {
        package.findings.push_back(read_finding(section, package));
        const std::string& key = package.findings.back().key;
        if (!key.empty() && !keys.insert(key).second) {
            section.complain("key", fmt::format("\"{}\" is there twice", key));
        }
    }
    if (package.findings.size() > kFindingsMax) {
        root.complain("finding", fmt::format("at most {} are taken", kFindingsMax));
    }
}

toml::table parse(const std::filesystem::path& file) {
    std::error_code fault;
    const auto bytes = std::filesystem::file_size(file, fault);
    if (fault) throw Error(Fault::bad_input, "{}: there is no model.toml to read", file.string());
    if (bytes > limits::kTextFileBytesMax) {
        throw Error(Fault::bad_input, "{}: {} bytes are no manifest", file.string(), bytes);
    }
    try {
        return toml::parse_file(file.string());
    } catch (const toml::parse_error& wrong) {  // a third party's throw
        throw Error(Fault::bad_input, "model.toml:{}: {}", wrong.source().begin.line,
                    wrong.description());
    }
}

void read_head(Section& root, const std::filesystem::path& folder, PackageHead& package) {
    package.folder = folder;
    package.identity.manifest_sha256 = sha256_of_file(folder / "model.toml");
    Section model = root.section("model");
    read_identity(model, package);
    Section input = root.section("input");
    read_input(input, package.input);
}

void read_limits(Section& section, GatePackage& package) {
    GateLimits& limits = package.limits;
    limits.chest = section.number("chest", 0, 1, std::nullopt);
    limits.upright = section.number("upright", 0, 1, std::nullopt);
    limits.inverted = section.number("inverted", 0, 1, std::nullopt);
    limits.mirrored = section.number("mirrored", 0.5, 1, std::nullopt);
    limits.chest_without_view = section.optional_number("chest_without_view", 0, 1);
    const std::string chosen_for = section.required_text("limits_for");
    section.complain_of_unknown_keys();
    if (!chosen_for.empty() && !package.identity.sha256.empty() &&
        chosen_for != package.identity.sha256) {
        section.complain("limits_for",
                         "these limits were chosen for other weights: must be model.sha256");
    }
}

void throw_all(const std::vector<std::string>& problems) {
    if (!problems.empty()) throw Error(Fault::bad_input, "{}", fmt::join(problems, "\n"));
}

}  // namespace

Package read_package(const std::filesystem::path& folder, std::vector<std::string>& problems) {
    const toml::table table = parse(folder / "model.toml");
    Section root(&table, "", problems);
    Package package;
    read_head(root, folder, package);
    Section accepts = root.section("accepts");
    package.accepts.demonstration = package.identity.purpose == Purpose::demonstration;
    read_accepts(accepts, package.accepts);
    Section output = root.section("output");
    if (!output.flag("scores", true)) output.complain("scores", "must be true");
    package.has_heatmaps = output.flag("heatmaps", false);
    output.complain_of_unknown_keys();
    read_findings(root, package);
    read_compiled(root, package);
    read_golden(root, package);
    read_remote(root, package);
    if (package.weights.empty() && !package.weights_name.empty() && package.golden.empty()) {
        root.complain("golden", "is needed: without weights, only golden inputs prove a model");
    }
    root.complain_of_unknown_keys();
    return package;
}

Package read_package(const std::filesystem::path& folder) {
    std::vector<std::string> problems;
    Package package = read_package(folder, problems);
    throw_all(problems);
    return package;
}

Purpose purpose_of(const std::filesystem::path& folder) {
    const toml::table table = parse(folder / "model.toml");
    std::vector<std::string> problems;
    Section root(&table, "", problems);
    Section model = root.section("model");
    const Purpose purpose = read_purpose(model);
    throw_all(problems);
    return purpose;
}

GatePackage read_gate_package(const std::filesystem::path& folder) {
    const toml::table table = parse(folder / "model.toml");
    std::vector<std::string> problems;
    Section root(&table, "", problems);
    GatePackage package;
    read_head(root, folder, package);
    if (package.weights.empty() && problems.empty()) {
        root.complain("model.weights", "is needed: the gate always runs here");
    }
    Section gate = root.section("gate");
    read_limits(gate, package);
    root.complain_of_unknown_keys();
    throw_all(problems);
    return package;
}

}  // namespace bucky::inference
