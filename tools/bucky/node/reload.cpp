// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/reload.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "conf/observe/log.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path file_in(const fs::path& data_dir) {
    return data_dir / "running.json";
}

}  // namespace

std::vector<std::string> keep_until_restart(const conf::Settings& now, conf::Settings& next) {
    std::vector<std::string> waiting;
    const auto keep = [&](const char* key, const auto& was, auto& is) {
        if (was == is) return;
        is = was;
        waiting.emplace_back(key);
    };
    keep("node.data_dir", now.node.data_dir, next.node.data_dir);
    keep("scp.listen", now.scp.listen, next.scp.listen);
    keep("scp.port", now.scp.port, next.scp.port);
    keep("scp.plain", now.scp.plain, next.scp.plain);
    const auto same_place = [](const auto& one, const auto& other) {
        return one.listen == other.listen && one.port == other.port;
    };
    if (!std::equal(now.listeners.begin(), now.listeners.end(), next.listeners.begin(),
                    next.listeners.end(), same_place)) {
        next.listeners = now.listeners;
        waiting.emplace_back("listener");
    }
    keep("web.listen", now.web.listen, next.web.listen);
    keep("admin.listen", now.admin.listen, next.admin.listen);
    keep("admin.token_file", now.admin.token_file, next.admin.token_file);
    keep("service.listen", now.service.listen, next.service.listen);
    keep("service.proxy_protocol", now.service.proxy_protocol, next.service.proxy_protocol);
    keep("service.certificate_header", now.service.certificate_header,
         next.service.certificate_header);
    keep("service.sites", now.service.sites, next.service.sites);
    if (now.service.certificate.empty() != next.service.certificate.empty()) {
        keep("service.certificate", now.service.certificate, next.service.certificate);
        next.service.key = now.service.key;
        next.service.ca = now.service.ca;
    }
    keep("audit", now.audit, next.audit);
    return waiting;
}

void take_up_log(const conf::LogSettings& told) {
    log::set_format(told.format);
    log::show_patients(told.phi);
    if (told.phi) {
        log::set_level(log::Level::warning);  // must be visible at any configured level
        log::event(log::Level::warning, "log.phi",
                   {{"words", "log.phi: patients' names and IDs are written from now on"}});
    }
    log::set_level(told.level, told.modules);
}

void leave_note(const fs::path& data_dir, const RunningNote& note) {
    auto in_force = json::array();
    for (const auto& [key, value] : note.in_force) in_force.push_back({key, value});
    auto troubles = json::array();
    for (const auto& one : note.troubles) {
        troubles.push_back({word_of(one.concern), one.about, one.words, one.said});
    }
    const json whole{
        {"process", note.process}, {"since_ms", note.since_ms}, {"begun", note.begun},
        {"reloads", note.reloads}, {"refused", note.refused},   {"waiting", note.waiting},
        {"troubles", troubles},    {"notes", note.notes},       {"in_force", in_force}};
    const auto fresh = file_in(data_dir).string() + ".new";
    std::error_code failed;
    {
        std::ofstream out{fresh, std::ios::trunc};
        fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write, failed);
        out << whole.dump(1, ' ', false, json::error_handler_t::replace) << '\n';
        if (!out.flush()) failed = std::make_error_code(std::errc::io_error);
    }
    if (!failed) fs::rename(fresh, file_in(data_dir), failed);  // atomic for readers
    if (failed) {
        log::event(log::Level::warning, "node.no_note", {{"words", failed.message()}});
    }
}

std::optional<RunningNote> read_note(const fs::path& data_dir) {
    std::ifstream in{file_in(data_dir)};
    const auto whole = json::parse(in, nullptr, false);
    if (!whole.is_object()) return std::nullopt;
    try {
        RunningNote note;
        whole.at("process").get_to(note.process);
        whole.at("since_ms").get_to(note.since_ms);
        whole.at("reloads").get_to(note.reloads);
        whole.at("begun").get_to(note.begun);
        whole.at("refused").get_to(note.refused);
        whole.at("waiting").get_to(note.waiting);
        for (const auto& one : whole.at("troubles")) {
            note.troubles.push_back(
                {choice_of<Concern>(one.at(0).get<std::string>()).value_or(Concern::node),
                 one.at(1).get<std::string>(), one.at(2).get<std::string>(),
                 one.at(3).get<std::string>()});
        }
        note.notes = whole.value("notes", note.notes);
        whole.at("in_force").get_to(note.in_force);
        return note;
    } catch (const json::exception&) {  // an older or damaged note is as good as none
        return std::nullopt;
    }
}

}  // namespace bucky
