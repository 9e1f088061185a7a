// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/decision_record.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "conf/base/digest.h"
#include "inference/findings_json.h"

namespace bucky {
namespace {

using Json = nlohmann::ordered_json;  // keeps keys in the order of writing

/// Of the record's keys; another one comes when a key changes its meaning.
constexpr int kFormat = 1;

/// The device column of an answer that no service gave.
constexpr auto kHere = "here";

std::string digest_of(const Uid& uid) {
    return hex(sha256(uid.str()));
}

Json json_of(const inference::ModelIdentity& model) {
    return {{"model", model.name},
            {"version", model.version},
            {"vendor", model.vendor},
            {"purpose", name_of(model.purpose)},
            {"weights_sha256", model.sha256},
            {"manifest_sha256", model.manifest_sha256}};
}

Json json_of(const inference::Finding& finding) {
    Json json{{"finding", finding.key},
              {"name", finding.name},
              {"code", finding.code.scheme + ':' + finding.code.value},
              {"score", finding.score},
              {"threshold", finding.threshold},
              {"answer", name_of(finding.answer)}};
    if (finding.undetermined_from) json["undetermined_from"] = *finding.undetermined_from;
    if (!finding.yields_to.empty()) json["yields_to"] = finding.yields_to;
    return json;
}

Json answer_of(const inference::ImageResult& result) {
    Json json = json_of(*result.model);
    json["device"] = result.device.empty() ? kHere : result.device;
    json["verdict"] = name_of(result.verdict);
    if (result.reason) json["reason"] = result.reason->key;
    if (result.masked > 0) json["masked"] = result.masked;
    json["findings"] = Json::array();
    for (const auto& finding : result.findings) json["findings"].push_back(json_of(finding));
    return json;
}

/// By them destinations may be told another answer than the package's.
Json site_thresholds(const storage::Instance& instance,
                     std::span<const inference::ImageResult> answers,
                     std::span<const conf::ThresholdSettings> thresholds) {
    Json json = Json::array();
    for (const auto& one : thresholds) {
        const bool is_asked = std::ranges::any_of(answers, [&](const auto& answer) {
            return answer.model && one.sha256 == answer.model->sha256;
        });
        if (!is_asked || !(one.tenant.empty() || one.tenant == instance.owner)) continue;
        json.push_back(
            {{"destination", one.destination}, {"finding", one.finding}, {"threshold", one.value}});
    }
    return json;
}

/// What a line of the table is made of. Any of it may be of another version, or tampered with.
struct Line {
    std::string_view owner;
    const storage::Decision& decision;
    const Json& record;
    const Json& answer;
    const Json& finding;
};

/// The value of a key as text; empty where there is none.
std::string text(const Json& json, const char* key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (!json.is_object() || found == json.end()) return "";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string listed(const Json& json, const char* key) {
    std::string words;
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (!json.is_object() || found == json.end() || !found->is_array()) return "";
    for (const auto& one : *found) {
        if (one.is_string()) words += (words.empty() ? "" : " ") + one.get<std::string>();
    }
    return words;
}

std::string platform_of(const Line& line) {
    const auto version = text(line.record, "software");
    return version.empty() ? "" : "Bucky " + version;
}

/// Positive, negative or undetermined; of a line without a finding, what became of the image.
std::string indicator_of(const Line& line) {
    const auto answer = text(line.finding, "answer");
    if (answer == "present") return "positive";
    if (answer == "absent") return "negative";
    return answer.empty() ? text(line.record, "verdict") : answer;
}

struct Column {
    std::string_view name;
    std::string (*of)(const Line&);
};

constexpr std::array kColumns{
    // The names of the template by which ACR Connect imports AI results. Its other columns
    // (patient, accession number, study date, age, sex, exam) are added by who may know them.
    Column{"Result Indicator", indicator_of},
    Column{"AI Result", [](const Line& line) { return text(line.finding, "name"); }},
    Column{"Manufacturer", [](const Line& line) { return text(line.answer, "vendor"); }},
    Column{"Model", [](const Line& line) { return text(line.answer, "model"); }},
    Column{"Software Version", [](const Line& line) { return text(line.answer, "version"); }},
    Column{"Platform", platform_of},
    Column{"Inference Date",
           [](const Line& line) { return iso_utc(line.decision.at_ms).substr(0, 10); }},
    // The use: when, on which input, by what, with which result.
    Column{"tenant", [](const Line& line) { return std::string{line.owner}; }},
    Column{"record", [](const Line& line) { return std::to_string(line.decision.number); }},
    Column{"received_at", [](const Line& line) { return text(line.record, "received_at"); }},
    Column{"started_at", [](const Line& line) { return text(line.record, "started_at"); }},
    Column{"answered_at", [](const Line& line) { return iso_utc(line.decision.at_ms); }},
    Column{"pixels_sha256", [](const Line& line) { return text(line.record, "pixels_sha256"); }},
    Column{"image_uid_sha256",
           [](const Line& line) { return text(line.record, "image_uid_sha256"); }},
    Column{"study_uid_sha256",
           [](const Line& line) { return text(line.record, "study_uid_sha256"); }},
    Column{"purpose", [](const Line& line) { return text(line.answer, "purpose"); }},
    Column{"weights_sha256", [](const Line& line) { return text(line.answer, "weights_sha256"); }},
    Column{"manifest_sha256",
           [](const Line& line) { return text(line.answer, "manifest_sha256"); }},
    Column{"device", [](const Line& line) { return text(line.answer, "device"); }},
    Column{"finding", [](const Line& line) { return text(line.finding, "finding"); }},
    Column{"code", [](const Line& line) { return text(line.finding, "code"); }},
    Column{"score", [](const Line& line) { return text(line.finding, "score"); }},
    Column{"threshold", [](const Line& line) { return text(line.finding, "threshold"); }},
    Column{"undetermined_from",
           [](const Line& line) { return text(line.finding, "undetermined_from"); }},
    Column{"answer", [](const Line& line) { return text(line.finding, "answer"); }},
    Column{"yields_to", [](const Line& line) { return text(line.finding, "yields_to"); }},
    Column{"site_thresholds",
           [](const Line& line) { return text(line.record, "site_thresholds"); }},
    Column{"verdict", [](const Line& line) { return text(line.record, "verdict"); }},
    Column{"reason", [](const Line& line) { return text(line.record, "reason"); }},
    Column{"warnings", [](const Line& line) { return listed(line.record, "warnings"); }},
    Column{"before", [](const Line& line) { return line.decision.before; }},
    Column{"sha256", [](const Line& line) { return line.decision.sha256; }},
};

std::vector<std::string> cells_of(const Line& line) {
    std::vector<std::string> cells;
    for (const Column& column : kColumns) cells.push_back(column.of(line));
    return cells;
}

/// The array of this key; one null where it has nothing, so that there is a line all the same.
Json those(const Json& json, const char* key) {
    if (json.is_object()) {
        const auto found = json.find(key);
        if (found != json.end() && found->is_array() && !found->empty()) return *found;
    }
    return Json::array({nullptr});
}

}  // namespace

std::string decision_record(const storage::Instance& instance, const inference::ImageResult& result,
                            const DecidedUnder& under) {
    Json json{{"format", kFormat},
              {"image_uid_sha256", digest_of(instance.sop_instance)},
              {"study_uid_sha256", digest_of(instance.study.uid)},
              {"pixels_sha256", result.pixels_sha256},
              {"received_at", iso_utc(instance.received_at_ms)},
              {"started_at", iso_utc(result.started_at_ms)},
              {"software", under.software},
              {"verdict", name_of(verdict_of(result))}};
    if (result.reason) json["reason"] = result.reason->key;
    for (const auto& warning : result.warnings) json["warnings"].push_back(warning.key);
    if (under.gate != nullptr) json["gate"] = json_of(*under.gate);
    json["answers"] = Json::array();
    const auto answers = inference::answers_of(result);
    for (const auto& answer : answers) {
        if (answer.model) json["answers"].push_back(answer_of(answer));
    }
    if (auto site = site_thresholds(instance, answers, under.thresholds); !site.empty()) {
        json["site_thresholds"] = std::move(site);
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string_view> decision_columns() {
    std::vector<std::string_view> names;
    for (const Column& column : kColumns) names.push_back(column.name);
    return names;
}

std::vector<std::vector<std::string>> decision_lines(std::string_view owner,
                                                     const storage::Decision& decision) {
    const Json record = Json::parse(decision.record, nullptr, false);  // what is no JSON: no object
    std::vector<std::vector<std::string>> lines;
    for (const Json& answer : those(record, "answers")) {
        for (const Json& finding : those(answer, "findings")) {
            lines.push_back(cells_of({.owner = owner,
                                      .decision = decision,
                                      .record = record,
                                      .answer = answer,
                                      .finding = finding}));
        }
    }
    return lines;
}

std::string decision_json(std::string_view owner, const storage::Decision& decision) {
    return fmt::format(
        R"({{"tenant":{},"record":{},"at_ms":{},"answered_at":"{}","before":"{}","sha256":"{}",)"
        R"("decision":{}}})",
        Json(owner).dump(), decision.number, decision.at_ms, iso_utc(decision.at_ms),
        decision.before, decision.sha256, decision.record);
}

}  // namespace bucky
