// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/alert/message.h"

#include <array>

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using nlohmann::json;

std::string host_name() {
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    return host.front() == '\0' ? "unknown" : host.data();
}

std::string minute(std::int64_t at_ms) {
    auto text = iso_utc(at_ms).substr(0, 16);
    text[10] = ' ';
    return text + " UTC";
}

std::string label(const Trouble& trouble) {
    return fmt::format("{}{}{}", word_of(trouble.concern), trouble.about.empty() ? "" : " ",
                       printable(trouble.about));
}

std::string counted(const std::vector<AlertLine>& lines, const char* what) {
    if (lines.empty()) return {};
    if (lines.size() == 1) return fmt::format("{}: {}", what, label(lines[0].trouble));
    return fmt::format("{} {}", lines.size(), what);
}

void add_lines(std::string& text, const char* heading, const std::vector<AlertLine>& lines) {
    if (lines.empty()) return;
    text += fmt::format("{}\n", heading);
    for (const auto& [trouble, since_ms] : lines) {
        text += fmt::format("- {}, since {}: {}\n", label(trouble), minute(since_ms),
                            printable(trouble.words));
    }
    text += '\n';
}

std::string dumped(const json& whole) {
    return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

json rows_of(const std::vector<AlertLine>& lines) {
    auto rows = json::array();
    for (const auto& [trouble, since_ms] : lines) {
        rows.push_back({{"concern", word_of(trouble.concern)},
                        {"about", trouble.about},
                        {"words", trouble.words},
                        {"since", iso_utc(since_ms)}});
    }
    return rows;
}

bool is_test(const AlertNews& news) {
    return news.begun.empty() && news.over.empty();
}

}  // namespace

std::string subject_of(const AlertNews& news) {
    const auto begun = counted(news.begun, "begun"), over = counted(news.over, "over");
    auto line = fmt::format("[{}] {}{}{}", printable(news.ae_title), begun,
                            begun.empty() || over.empty() ? "" : ", ", over);
    if (is_test(news)) line += "test of an alert";
    for (auto& c : line) {
        if (c < ' ' || c > '~') c = '?';
    }
    return line;
}

std::string text_of(const AlertNews& news) {
    std::string text;
    if (is_test(news)) text = "A test: so this node tells what needs a person.\n\n";
    add_lines(text, "Begun:", news.begun);
    add_lines(text, "Over:", news.over);
    return text + fmt::format("Bucky " BUCKY_VERSION
                              ", AE title {}, on {}. There, `sudo bucky "
                              "status` says how it is now, and what peers said.\n",
                              news.ae_title, host_name());
}

std::string json_of(const AlertNews& news) {
    return dumped({{"version", BUCKY_VERSION},
                   {"ae_title", news.ae_title},
                   {"host", host_name()},
                   {"test", is_test(news)},
                   {"subject", subject_of(news)},
                   {"begun", rows_of(news.begun)},
                   {"over", rows_of(news.over)}});
}

std::string slack_of(const AlertNews& news) {
    return dumped({{"text", fmt::format("{}\n{}", subject_of(news), text_of(news))}});
}

}  // namespace bucky
