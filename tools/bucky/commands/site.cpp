// SPDX-License-Identifier: Apache-2.0
// `bucky site`: the register of the sites that a service serves. It opens the register itself, so
// it works beside a running node and without one.
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/json_time.h"
#include "tools/bucky/shared/table.h"
#include "tools/bucky/sites/site_control.h"

namespace bucky {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

conf::Settings settings_of_control(const std::filesystem::path& config) {
    auto settings = conf::read_settings(config);
    if (settings.service.sites) return settings;
    throw Error(Fault::bad_input,
                "this node keeps no register: run it where service.sites is true, or set it");
}

std::string state_of(const storage::RegisteredSite& site, std::int64_t now_ms) {
    if (site.revoked_at_ms > 0) return "revoked";
    if (site.expires_at_ms > now_ms) {
        return fmt::format("until {}, {} d", utc_second(site.expires_at_ms).substr(0, 10),
                           (site.expires_at_ms - now_ms) / kDayMs);
    }
    if (site.expires_at_ms > 0) return "expired";
    return site.open_until_ms > now_ms ? "invited" : "invitation over";
}

nlohmann::json site_json(const storage::RegisteredSite& site) {
    return {{"site", site.name},
            {"invited_at", json_time(site.invited_at_ms)},
            {"invitation_until", json_time(site.open_until_ms)},
            {"certificate_until", json_time(site.expires_at_ms)},
            {"revoked_at", json_time(site.revoked_at_ms)}};
}

void list_json(SiteControl& control) {
    auto sites = nlohmann::json::array();
    for (const auto& site : control.sites().sites()) sites.push_back(site_json(site));
    std::cout << nlohmann::json{{"sites", std::move(sites)}}.dump(2) << '\n';
}

void show_json(SiteControl& control, const storage::RegisteredSite& site) {
    auto told = site_json(site);
    auto& certificates = told["certificates"] = nlohmann::json::array();
    for (const auto& one : control.sites().certificates(site.name)) {
        certificates.push_back(nlohmann::json{{"serial", one.serial},
                                              {"issued_at", json_time(one.issued_at_ms)},
                                              {"expires_at", json_time(one.expires_at_ms)},
                                              {"revoked_at", json_time(one.revoked_at_ms)}});
    }
    std::cout << told.dump(2) << '\n';
}

void list(SiteControl& control, std::int64_t now_ms) {
    Table table{{{"SITE"}, {"SINCE"}, {"CERTIFICATE"}}};
    for (const auto& site : control.sites().sites()) {
        table.row(
            {site.name, utc_second(site.invited_at_ms).substr(0, 10), state_of(site, now_ms)});
    }
    std::cout << (table.empty() ? "no sites; `bucky site invite NAME` invites one\n"
                                : table.text());
}

int show(SiteControl& control, const std::string& name, std::int64_t now_ms, bool as_json) {
    const auto site = control.sites().site(name);
    if (!site) {
        std::cout << "there is no site " << printable(name) << '\n';
        return 1;
    }
    if (as_json) {
        show_json(control, *site);
        return 0;
    }
    std::cout << fmt::format("{}: {}\n", site->name, state_of(*site, now_ms));
    if (site->open_until_ms > now_ms) {
        std::cout << fmt::format("  its invitation is open until {}\n",
                                 utc_second(site->open_until_ms));
    }
    Table table{{{"SERIAL"}, {"ISSUED"}, {"EXPIRES"}, {"REVOKED"}}};
    for (const auto& one : control.sites().certificates(name)) {
        table.row({one.serial, utc_second(one.issued_at_ms), utc_second(one.expires_at_ms),
                   utc_second(one.revoked_at_ms)});
    }
    std::cout << table.text();
    return 0;
}

}  // namespace

void add_site(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("site", "The sites that this service serves");
    command->require_subcommand(1);
    const auto config = config_option(*command);
    const auto name = std::make_shared<std::string>();
    const auto with_name = [&](CLI::App* one) {
        one->add_option("NAME", *name, "The site, such as eunpyeong")->required()->type_name("");
        return one;
    };

    auto* invite = with_name(command->add_subcommand(
        "invite", "One line for the site's admin; it counts once, for 72 hours"));
    invite->callback([config, name] {
        const SystemClock clock;
        const auto made = SiteControl{settings_of_control(*config), clock}.invite(*name);
        std::cout << made.line << '\n';
        std::cerr << fmt::format("# for the admin of {}; it counts once, until {}\n", *name,
                                 utc_second(made.until_ms));
    });
    const auto as_json = std::make_shared<bool>(false);
    const auto with_json = [&](CLI::App* one) {
        one->add_flag("--json", *as_json, "The same, for programs");
        return one;
    };
    with_json(command->add_subcommand("list", "A row a site: since when, and its certificate"))
        ->callback([config, as_json] {
            const SystemClock clock;
            SiteControl control{settings_of_control(*config), clock};
            *as_json ? list_json(control) : list(control, clock.now_ms());
        });
    with_json(with_name(command->add_subcommand("show", "Its certificates")))
        ->callback([config, name, as_json, &exit_status] {
            const SystemClock clock;
            SiteControl control{settings_of_control(*config), clock};
            exit_status = show(control, *name, clock.now_ms(), *as_json);
        });
    auto* revoke =
        with_name(command->add_subcommand("revoke", "Refuse it from its next request on"));
    revoke->footer(
        "Other model servers refuse it when they have fetched the list: in a minute.\n"
        "`bucky site invite` lets it in again, with a new certificate.");
    revoke->callback([config, name] {
        const SystemClock clock;
        const auto certificates = SiteControl{settings_of_control(*config), clock}.revoke(*name);
        std::cout << fmt::format("{}: {} certificate{} revoked\n", *name, certificates,
                                 certificates == 1 ? "" : "s");
    });
}

}  // namespace bucky
