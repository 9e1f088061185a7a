// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "conf/endpoint.h"
#include "conf/observe/trouble.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

using enum Presence;

bool is_mail_server(std::string_view text) {
    for (const std::string_view scheme : {"smtp://", "smtps://"}) {
        if (!text.starts_with(scheme)) continue;
        text.remove_prefix(scheme.size());
        if (const auto endpoint = parse_endpoint(text)) {
            return endpoint->port > 0 && is_host(endpoint->host);
        }
        return is_host(text) && text.find_first_of(":@?#") == std::string_view::npos;
    }
    return false;
}

/// An address of RFC 5321 without quotes and comments, which nobody has.
bool is_mailbox(std::string_view text) {
    const auto at = text.find('@');
    const bool has_odd = std::ranges::any_of(text, [](char c) {
        return c <= ' ' || c > '~' ||
               std::string_view{"<>()[],:\\\""}.find(c) != std::string_view::npos;
    });
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos && text.size() <= 254 && !has_odd;
}

constexpr Fits kMailbox{is_mailbox, "a mail address such as pacs@hospital.example"};

constexpr Key<AlertSettings> kKeys[] = {
    {"name", &AlertSettings::name, Fits{is_destination_name, "1 to 32 of a-z, 0-9 and -"}, "",
     "Name of the alert in commands, logs and metrics.", R"("pacs-team")", required},
    {"about", &AlertSettings::about, OneOf{kWordsOf<Concern>}, "",
     "What is told. Empty: every trouble, and that no model reads patients."},
    {"after_s", &AlertSettings::after_s, Range{0, 86400}, "s",
     "Time that a trouble stands before it is told, and that it is over before that is told."},
    {"smtp", &AlertSettings::smtp,
     Fits{is_empty_or<is_mail_server>, "empty, or smtp://HOST[:PORT] or smtps://HOST[:PORT]"}, "",
     "Mail server. smtps:// is TLS from the first byte (port 465), smtp:// demands STARTTLS (port "
     "25 where none is named). Empty: `url` is told.",
     R"("smtp://mail.hospital.example:587")"},
    {"from", &AlertSettings::from, Fits{is_empty_or<is_mailbox>, "a mail address"}, "",
     "Sender of the mails.", R"("bucky@hospital.example")"},
    {"to", &AlertSettings::to, kMailbox, "", "Who gets them.", R"(["pacs@hospital.example"])"},
    {"starttls", &AlertSettings::starttls, Anything{}, "",
     "Demand STARTTLS of smtp://. false: mails go out unencrypted, and without a password."},
    {"user", &AlertSettings::user, Anything{}, "",
     "User name at the mail server. Empty: it asks for none."},
    {"password_file", &AlertSettings::password_file,
     Fits{is_empty_or<is_secret_file>, "empty, a path that begins with /, or credential:NAME"}, "",
     "File with its password. credential:NAME: the systemd credential of that name."},
    {"url", &AlertSettings::url,
     Fits{is_empty_or<is_web_url>, "empty, https://HOST[:PORT][/PATH], or http:// on loopback"}, "",
     "Webhook: troubles are sent there by POST. Empty: `smtp` is told."},
    {"form", choice<&AlertSettings::form>, OneOf{kWordsOf<WebhookForm>}, "",
     "json: every row with its parts. slack: {\"text\": ...}, which Slack, Mattermost and others "
     "show."},
    {"token_file", &AlertSettings::token_file,
     Fits{is_empty_or<is_secret_file>, "empty, a path that begins with /, or credential:NAME"}, "",
     "Bearer token of the webhook. Empty: none."},
    {"proxy", &AlertSettings::proxy,
     Fits{is_empty_or<is_proxy>, "empty, or http://HOST:PORT or https://HOST:PORT"}, "",
     "Proxy that opens the connection to the webhook (CONNECT). Empty: none."},
    {"ca", &AlertSettings::ca, kFileOrNone, "",
     "Certificate authorities (PEM) that may issue the certificate of the mail server or webhook. "
     "Empty: those the system trusts."},
};

void check_mail(const AlertSettings& alert, const Place& at, Checker& checker) {
    if (alert.from.empty()) checker.complain(at, "from", "is missing beside smtp");
    if (alert.to.empty()) checker.complain(at, "to", "is missing beside smtp");
    if (alert.user.empty() != alert.password_file.empty()) {
        checker.complain(at, "user", "counts only beside a password_file, and that beside a user");
    }
    const bool is_tls = alert.starttls || alert.smtp.starts_with("smtps://");
    if (!is_tls && !alert.user.empty()) {
        checker.complain(at, "starttls", "is false: the password would go out unencrypted");
    }
    if (!is_tls && !alert.ca.empty()) checker.complain(at, "ca", "counts only beside TLS");
}

void check(const Settings& settings, Checker& checker) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < settings.alerts.size(); ++i) {
        const auto& alert = settings.alerts[i];
        const Place at{"alert", i};
        if (!alert.name.empty() && !names.insert(alert.name).second) {
            checker.complain(at, "name", fmt::format(R"("{}" names two alerts)", alert.name));
        }
        if (alert.smtp.empty() == alert.url.empty()) {
            checker.complain(at, "smtp",
                             alert.url.empty() ? "is missing, and so is url: nobody would be told"
                                               : "there is a url, too: one of the two");
            continue;
        }
        if (!alert.smtp.empty()) check_mail(alert, at, checker);
        const auto refuse = [&](std::string_view key, bool is_there, std::string_view beside) {
            if (is_there) checker.complain(at, key, fmt::format("counts only beside {}", beside));
        };
        refuse("token_file", alert.url.empty() && !alert.token_file.empty(), "url");
        refuse("proxy", alert.url.empty() && !alert.proxy.empty(), "url");
        refuse("to", alert.smtp.empty() && !alert.to.empty(), "smtp");
        refuse("user", alert.smtp.empty() && !alert.user.empty(), "smtp");
    }
}

}  // namespace

Section<AlertSettings> alert_section() {
    return {.name = "alert",
            .field = &Settings::alerts,
            .keys = kKeys,
            .sentence =
                "Where troubles are told without Prometheus, one [[alert]] each: once when "
                "one begins, once when it is over. No alert names a patient. `bucky alert "
                "test NAME` tries it.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
