// SPDX-License-Identifier: Apache-2.0
#include "inference/findings_json.h"

#include <array>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

using Json = nlohmann::ordered_json;  // keeps keys in the order of writing

constexpr std::array kVerdicts{Verdict::findings, Verdict::no_findings, Verdict::not_analysed,
                               Verdict::failed};
constexpr std::array kAnswers{Answer::absent, Answer::present, Answer::undetermined};
constexpr std::array kPurposes{Purpose::demonstration, Purpose::research, Purpose::clinical};
constexpr std::array kSides{Side::unknown, Side::left, Side::right, Side::both};

template <typename Word, std::size_t N>
Word word_of(const std::array<Word, N>& words, const std::string& name) {
    for (const Word word : words) {
        if (name_of(word) == name) return word;
    }
    throw Error(Fault::corrupt, "a stored result has the unknown word \"{}\"", name);
}

Json json_of(const Code& code) {
    return {{"value", code.value}, {"scheme", code.scheme}, {"meaning", code.meaning}};
}

Code code_of(const Json& json) {
    return {json.at("value"), json.at("scheme"), json.at("meaning")};
}

Json json_of(const Reason& reason) {
    return {{"key", reason.key}, {"code", json_of(reason.code)}, {"text", reason.text}};
}

Reason reason_of(const Json& json) {
    return {json.at("key"), code_of(json.at("code")), json.at("text")};
}

Json json_of(const Region& region) {
    Json outline = Json::array();
    for (const Point& point : region.outline) outline.push_back({point.column, point.row});
    return {{"score", region.score}, {"side", name_of(region.side)}, {"outline", outline}};
}

Region region_of(const Json& json) {
    Region region;
    region.score = json.at("score");
    region.side = word_of(kSides, json.at("side"));
    for (const Json& point : json.at("outline")) {
        region.outline.push_back({point.at(0), point.at(1)});
    }
    return region;
}

/// Four hexadecimal digits a cell, "0000" to "ffff".
Json json_of(const Heat& heat) {
    std::string cells;
    for (const std::uint16_t value : heat.values) cells += fmt::format("{:04x}", value);
    return {{"rows", heat.rows}, {"columns", heat.columns}, {"cells", std::move(cells)}};
}

Heat heat_of(const Json& json) {
    Heat heat{json.at("rows"), json.at("columns"), {}};
    const std::string cells = json.at("cells");
    const std::size_t count = std::size_t{heat.rows} * heat.columns;
    if (heat.rows > kHeatSideMax || heat.columns > kHeatSideMax || cells.size() != 4 * count) {
        throw Error(Fault::corrupt, "a stored heatmap of {} x {} has {} digits", heat.columns,
                    heat.rows, cells.size());
    }
    heat.values.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const char* const first = cells.data() + 4 * i;
        const auto [end, error] = std::from_chars(first, first + 4, heat.values[i], 16);
        if (error != std::errc() || end != first + 4) {
            throw Error(Fault::corrupt, "a stored heatmap has other than hexadecimal digits");
        }
    }
    return heat;
}

Json json_of(const Finding& finding) {
    Json regions = Json::array();
    for (const Region& region : finding.regions) regions.push_back(json_of(region));
    Json json{{"key", finding.key},
              {"code", json_of(finding.code)},
              {"name", finding.name},
              {"name_ko", finding.name_ko},
              {"score", finding.score},
              {"threshold", finding.threshold},
              {"answer", name_of(finding.answer)},
              {"regions", regions}};
    if (!finding.heat.values.empty()) json["heat"] = json_of(finding.heat);
    if (finding.undetermined_from) json["undetermined_from"] = *finding.undetermined_from;
    if (finding.is_suspicion) json["suspicion"] = true;
    if (finding.urgency != kUrgencyLast) json["urgency"] = finding.urgency;
    if (finding.site) json["site"] = json_of(*finding.site);
    if (finding.cad) {
        json["cad_finding"] = json_of(finding.cad->finding);
        if (finding.cad->modifier) json["cad_modifier"] = json_of(*finding.cad->modifier);
    }
    if (!finding.yields_to.empty()) json["yields_to"] = finding.yields_to;
    return json;
}

Finding finding_of(const Json& json) {
    Finding finding;
    finding.key = json.at("key");
    finding.code = code_of(json.at("code"));
    finding.name = json.at("name");
    finding.name_ko = json.at("name_ko");
    finding.score = json.at("score");
    finding.threshold = json.at("threshold");
    finding.answer = word_of(kAnswers, json.at("answer"));
    if (json.contains("undetermined_from")) {
        finding.undetermined_from = json.at("undetermined_from").get<double>();
    }
    finding.is_suspicion = json.value("suspicion", false);  // these are absent before 0.2
    finding.urgency = json.value("urgency", kUrgencyLast);
    if (json.contains("site")) finding.site = code_of(json.at("site"));
    if (json.contains("cad_finding")) {
        finding.cad = CadCodes{code_of(json.at("cad_finding")), {}};
        if (json.contains("cad_modifier")) finding.cad->modifier = code_of(json.at("cad_modifier"));
    }
    finding.yields_to = json.value("yields_to", "");
    for (const Json& region : json.at("regions")) finding.regions.push_back(region_of(region));
    if (json.contains("heat")) finding.heat = heat_of(json.at("heat"));
    return finding;
}

Json json_of(const ModelIdentity& model) {
    Json json{{"name", model.name},
              {"version", model.version},
              {"vendor", model.vendor},
              {"sha256", model.sha256},
              {"intended_use", model.intended_use},
              {"purpose", name_of(model.purpose)},
              {"manifest_sha256", model.manifest_sha256}};
    if (!model.intended_use_ko.empty()) json["intended_use_ko"] = model.intended_use_ko;
    return json;
}

ModelIdentity model_of(const Json& json) {
    ModelIdentity model{.name = json.at("name"),
                        .version = json.at("version"),
                        .vendor = json.at("vendor"),
                        .sha256 = json.at("sha256"),
                        .intended_use = json.at("intended_use"),
                        .intended_use_ko = json.value("intended_use_ko", "")};
    if (json.contains("purpose")) {  // absent in results before 0.2
        model.purpose = word_of(kPurposes, json.at("purpose"));
    }
    model.manifest_sha256 = json.value("manifest_sha256", "");
    return model;
}

Json json_of(const ImageResult& result) {
    Json json;
    json["verdict"] = name_of(result.verdict);
    if (result.reason) json["reason"] = json_of(*result.reason);
    for (const Reason& warning : result.warnings) json["warnings"].push_back(json_of(warning));
    if (result.model) json["model"] = json_of(*result.model);
    json["findings"] = Json::array();
    for (const Finding& finding : result.findings) json["findings"].push_back(json_of(finding));
    json["rows"] = result.rows;
    json["columns"] = result.columns;
    if (result.lungs) json["lungs"] = {result.lungs->top, result.lungs->bottom};
    json["frame"] = result.frame;
    json["window"] = result.window;
    json["started_at_ms"] = result.started_at_ms;
    if (result.masked > 0) json["masked"] = result.masked;
    if (!result.device.empty()) json["device"] = result.device;
    if (!result.pixels_sha256.empty()) json["pixels_sha256"] = result.pixels_sha256;
    for (const ImageResult& other : result.others) json["answers"].push_back(json_of(other));
    return json;
}

ImageResult result_of(const Json& json) {
    ImageResult result;
    result.verdict = word_of(kVerdicts, json.at("verdict"));
    if (json.contains("reason")) result.reason = reason_of(json.at("reason"));
    if (json.contains("warnings")) {  // absent in results before 0.2
        for (const Json& warning : json.at("warnings")) {
            result.warnings.push_back(reason_of(warning));
        }
    }
    if (json.contains("model")) result.model = model_of(json.at("model"));
    for (const Json& finding : json.at("findings")) result.findings.push_back(finding_of(finding));
    result.rows = json.at("rows");
    result.columns = json.at("columns");
    if (json.contains("lungs")) {  // absent in results before 0.2
        result.lungs = {json.at("lungs").at(0), json.at("lungs").at(1)};
    }
    result.frame = json.at("frame");
    result.window = json.at("window");
    result.started_at_ms = json.at("started_at_ms");
    if (json.contains("masked")) result.masked = json.at("masked");
    if (json.contains("device")) result.device = json.at("device");
    if (json.contains("pixels_sha256")) result.pixels_sha256 = json.at("pixels_sha256");
    if (json.contains("answers")) {  // of the packages after the first; absent before 0.2
        for (const Json& other : json.at("answers")) result.others.push_back(result_of(other));
    }
    return result;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::findings: return "findings";
        case Verdict::no_findings: return "no_findings";
        case Verdict::not_analysed: return "not_analysed";
        case Verdict::failed: return "failed";
    }
    __builtin_unreachable();
}

std::string_view name_of(Answer answer) {
    switch (answer) {
        case Answer::absent: return "absent";
        case Answer::present: return "present";
        case Answer::undetermined: return "undetermined";
    }
    __builtin_unreachable();
}

std::string_view name_of(Side side) {
    switch (side) {
        case Side::unknown: return "";
        case Side::left: return "left";
        case Side::right: return "right";
        case Side::both: return "both";
    }
    __builtin_unreachable();
}

std::string to_json(const ImageResult& result) {
    // A reason may quote bytes of the image. Invalid UTF-8 becomes U+FFFD; it never throws.
    return json_of(result).dump(-1, ' ', false, Json::error_handler_t::replace);
}

ImageResult from_json(std::string_view text) {
    try {
        return result_of(Json::parse(text));
    } catch (const Json::exception& broken) {  // a third party's throw
        throw Error(Fault::corrupt, "a stored result cannot be read: {}", broken.what());
    }
}

}  // namespace bucky::inference
