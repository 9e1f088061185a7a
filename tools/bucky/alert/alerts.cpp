// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/alert/alerts.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/backoff.h"
#include "tools/bucky/sites/private_file.h"

namespace bucky {
namespace {

using nlohmann::json;

constexpr std::int64_t kFirstPauseMs = 5000, kLongestPauseMs = 600'000;

/// An alert does not tell that it cannot be told; the others do.
bool is_for(const conf::AlertSettings& alert, const Trouble& trouble) {
    if (trouble.concern == Concern::alert && trouble.about == alert.name) return false;
    return alert.about.empty() || std::ranges::count(alert.about, word_of(trouble.concern)) > 0;
}

}  // namespace

Alerts::Alerts(const std::filesystem::path& data_dir, const Clock& clock, Send send)
    : file_(data_dir / "alerts.json"), clock_(clock), send_(std::move(send)) {
    read();
}

/// What was told before the restart stands until it has been gone for a while: not every trouble is
/// known in the first second.
void Alerts::read() {
    std::ifstream in{file_};
    const auto whole = json::parse(in, nullptr, false);
    if (!whole.is_object()) return;
    try {
        for (const auto& [name, rows] : whole.items()) {
            for (const auto& row : rows) {
                const auto concern = choice_of<Concern>(row.at("concern").get<std::string>());
                if (!concern) continue;
                const AlertLine line{{*concern, row.at("about").get<std::string>(),
                                      row.at("words").get<std::string>()},
                                     row.at("since_ms").get<std::int64_t>()};
                const Key key{*concern, line.trouble.about};
                told_[name][key] = line;
                seen_[key] = {line, 0, clock_.steady_ms()};
            }
        }
    } catch (const json::exception& error) {  // what is told again is told once too often
        log::event(log::Level::warning, "alert.not_read", {{"words", error.what()}});
    }
}

void Alerts::keep() const {
    auto whole = json::object();
    for (const auto& [name, lines] : told_) {
        auto rows = json::array();
        for (const auto& [key, line] : lines) {
            rows.push_back({{"concern", word_of(line.trouble.concern)},
                            {"about", line.trouble.about},
                            {"words", line.trouble.words},
                            {"since_ms", line.since_ms}});
        }
        whole[name] = rows;
    }
    try {
        write_private_file(file_, whole.dump(1, ' ', false, json::error_handler_t::replace));
    } catch (const Error& error) {  // a full disk: the alert was told, and may be told again
        log::event(log::Level::warning, "alert.not_kept", {{"words", error.what()}});
    }
}

void Alerts::note(const std::vector<Trouble>& standing) {
    const auto now_ms = clock_.steady_ms();
    std::map<Key, Trouble> rows;
    for (const auto& one : standing) rows.emplace(Key{one.concern, one.about}, one);
    for (const auto& [key, trouble] : rows) {
        const auto [found, is_new] =
            seen_.try_emplace(key, Seen{.line = {trouble, clock_.now_ms()}, .begun_ms = now_ms});
        found->second.line.trouble = trouble;
        found->second.gone_ms.reset();
    }
    for (auto& [key, seen] : seen_) {
        if (!rows.contains(key) && !seen.gone_ms) seen.gone_ms = now_ms;
    }
}

/// What nobody would be told of any more.
void Alerts::forget(const std::vector<conf::AlertSettings>& alerts) {
    const auto named = [&](const std::string& name) {
        return std::ranges::find(alerts, name, &conf::AlertSettings::name);
    };
    const auto lines_before = told_.size();
    std::erase_if(told_, [&](const auto& one) { return named(one.first) == alerts.end(); });
    if (told_.size() != lines_before) keep();
    std::erase_if(retries_, [&](const auto& one) { return named(one.first) == alerts.end(); });
    {
        const MutexLock lock(mutex_);
        std::erase_if(silent_, [&](const auto& one) { return named(one.first) == alerts.end(); });
    }
    for (const auto& alert : alerts) {
        std::erase_if(told_[alert.name],
                      [&](const auto& one) { return !is_for(alert, one.second.trouble); });
    }
    std::erase_if(seen_, [&](const auto& one) {
        return one.second.gone_ms && std::ranges::none_of(told_, [&](const auto& told) {
                   return told.second.contains(one.first);
               });
    });
}

AlertNews Alerts::due(const conf::AlertSettings& alert) const {
    const auto now_ms = clock_.steady_ms();
    const auto after_ms = alert.after_s * 1000;
    AlertNews news;
    const auto told = told_.find(alert.name);
    for (const auto& [key, seen] : seen_) {
        const bool is_told = told != told_.end() && told->second.contains(key);
        if (seen.gone_ms) {
            if (is_told && now_ms - *seen.gone_ms >= after_ms) news.over.push_back(seen.line);
        } else if (!is_told && now_ms - seen.begun_ms >= after_ms &&
                   is_for(alert, seen.line.trouble)) {
            news.begun.push_back(seen.line);
        }
    }
    return news;
}

void Alerts::tell(const conf::AlertSettings& alert, AlertNews news) {
    auto& retry = retries_[alert.name];
    try {
        send_(alert, news);
    } catch (const Error& error) {  // a trouble, and told again later
        retry.due_ms =
            clock_.steady_ms() + back_off_ms(++retry.attempts, kFirstPauseMs, kLongestPauseMs, 0.5);
        metrics::set("bucky_alert_answers", 0, {{"alert", alert.name}});
        log::event(log::Level::warning, "alert.not_told",
                   {{"alert", alert.name}, {"attempt", retry.attempts}, {"words", error.what()}});
        const MutexLock lock(mutex_);
        silent_[alert.name] = {Concern::alert, alert.name,
                               fmt::format("alert {} could not be told and is tried again: `bucky "
                                           "alert test {}`",
                                           alert.name, alert.name),
                               error.what()};
        return;
    }
    retry = {};
    for (const auto& line : news.begun) {
        told_[alert.name][{line.trouble.concern, line.trouble.about}] = line;
    }
    for (const auto& line : news.over) {
        told_[alert.name].erase({line.trouble.concern, line.trouble.about});
    }
    keep();
    metrics::set("bucky_alert_answers", 1, {{"alert", alert.name}});
    metrics::count("bucky_alerts_total", {{"alert", alert.name}});
    log::event("alert.told", {{"alert", alert.name},
                              {"begun", news.begun.size()},
                              {"over", news.over.size()},
                              {"words", subject_of(news)}});
    const MutexLock lock(mutex_);
    silent_.erase(alert.name);
}

void Alerts::look(const conf::Settings& settings, const std::vector<Trouble>& standing) {
    note(standing);
    for (const auto& alert : settings.alerts) {
        const auto retry = retries_.find(alert.name);
        if (retry != retries_.end() && retry->second.due_ms > clock_.steady_ms()) continue;
        auto news = due(alert);
        if (news.begun.empty() && news.over.empty()) {
            if (retry == retries_.end() || retry->second.attempts == 0) continue;
            retries_.erase(retry);  // what could not be told is over, and nobody heard of it
            const MutexLock lock(mutex_);
            silent_.erase(alert.name);
            continue;
        }
        news.ae_title = settings.node.ae_title.str();
        tell(alert, std::move(news));
    }
    forget(settings.alerts);
}

std::vector<Trouble> Alerts::troubles() const {
    std::vector<Trouble> all;
    const MutexLock lock(mutex_);
    for (const auto& [name, trouble] : silent_) all.push_back(trouble);
    return all;
}

}  // namespace bucky
