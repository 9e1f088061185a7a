// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/command.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "conf/observe/metrics.h"
#include "inference/package/package.h"
#include "tests/support/test_pki.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/reload.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

struct Said {
    int status = 0;
    std::string text;

    std::size_t widest() const {
        std::istringstream lines{text};
        std::size_t widest = 0;
        for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
        return widest;
    }
};

/// Runs the command as main() does and captures its output.
Said run(std::vector<std::string> words) {
    CLI::App app{"", "bucky"};
    app.require_subcommand(1);
    Said said;
    for (const auto add :
         {add_status, add_queue, add_study, add_analyze, add_explain, add_model, add_config}) {
        add(app, said.status);
    }
    std::ostringstream printed;
    auto* const before = std::cout.rdbuf(printed.rdbuf());
    std::reverse(words.begin(), words.end());
    try {
        app.parse(words);
    } catch (...) {
        std::cout.rdbuf(before);
        throw;
    }
    std::cout.rdbuf(before);
    said.text = printed.str();
    return said;
}

/// A data folder with a study whose results wait for a PACS, and the config that names it.
class Visited : public NodeHarness {
public:
    Visited() {
        for (auto& destination : settings.destinations) {
            destination.ae_title = AeTitle{"PACS"};
            destination.host = "127.0.0.1";
        }
        phantom::DicomOptions dicom;
        dicom.study_uid = "2.25.123456789012345678901234567890123456789";
        receive({.seed = 3, .lesions = {phantom::Finding::pneumonia}, .dicom = dicom});
        hang_up();
        infer_all();
        report_all();
        write_file(config(), conf::to_toml(settings));
    }
    std::string config() const { return (dir / "bucky.toml").string(); }
    Said ask(std::vector<std::string> words) const {
        words.insert(words.end(), {"--config", config()});
        return run(std::move(words));
    }
    void park_one(const std::string& words) {
        auto& jobs = context().jobs;
        const auto job = jobs.claim(storage::Lane::deliver("pacs"), 60'000);
        REQUIRE(job.has_value());
        jobs.park(*job, words);
    }
};

}  // namespace

TEST_CASE("status asks for a person when no node runs, and is content when one does", "[tools]") {
    const Visited visited;
    const auto idle = visited.ask({"status"});
    CHECK(idle.status == 1);
    CHECK_THAT(idle.text, Catch::Contains("! no node runs on this data_dir"));
    CHECK(idle.widest() <= 80);

    const DataLock lock{visited.settings.node.data_dir};
    const auto running = visited.ask({"status"});
    CHECK(running.status == 0);
    CHECK_THAT(running.text, Catch::Contains("running, process ") &&
                                 Catch::Contains("deliver:archive") && Catch::Contains("infer"));
}

TEST_CASE("status tells what only the running node sees, and nothing that an earlier one saw",
          "[tools]") {
    const Visited visited;
    const DataLock lock{visited.settings.node.data_dir};
    RunningNote note;
    note.process = std::to_string(::getpid());
    note.troubles = {"audit messages wait: the server is a stranger"};
    leave_note(visited.settings.node.data_dir, note);
    const auto said = visited.ask({"status"});
    CHECK(said.status == 1);
    CHECK_THAT(said.text, Catch::Contains("! audit messages wait: the server is a stranger\n"));
    note.process = "1";
    leave_note(visited.settings.node.data_dir, note);
    CHECK(visited.ask({"status"}).status == 0);
}

TEST_CASE("status tells programs the same as people", "[tools]") {
    Visited visited;
    const DataLock lock{visited.settings.node.data_dir};
    const auto good = nlohmann::json::parse(visited.ask({"status", "--json"}).text);
    CHECK(good.at("healthy") == true);
    CHECK(good.at("running") == true);
    CHECK(good.at("queues").size() == 4);

    visited.park_one("0xA900: not \xff UTF-8");
    const auto said = visited.ask({"status", "--json"});
    CHECK(said.status == 1);
    const auto bad = nlohmann::json::parse(said.text);
    CHECK(bad.at("healthy") == false);
    CHECK_THAT(bad.at("troubles").at(0).get<std::string>(),
               Catch::Contains("`bucky queue retry --destination pacs` sends them again"));
}

TEST_CASE("the queue shows what is parked with the peer's own words, and one command sends it",
          "[tools]") {
    Visited visited;
    visited.park_one("refused 0x0122: SOP class not supported \x1b[2J");
    const auto shown = visited.ask({"queue"});
    CHECK_THAT(shown.text, Catch::Contains("refused 0x0122: SOP class not supported ?[2J"));
    CHECK(shown.widest() <= 80);
    CHECK_THAT(visited.ask({"queue", "retry", "--destination", "pacs"}).text,
               Catch::StartsWith("1 jobs"));
    CHECK(visited.context().jobs.parked(10).empty());
    visited.park_one("refused again");
    auto& jobs = visited.context().jobs;
    const auto waiting = jobs.claim(storage::Lane::deliver("archive"), 60'000);
    REQUIRE(waiting.has_value());
    jobs.retry_later(*waiting, visited.clock.now_ms() + 1'000'000'000'000, "it is away");
    CHECK_THAT(visited.ask({"queue", "retry", "--destination", "archive", "--parked"}).text,
               Catch::StartsWith("0 jobs"));
    CHECK_THAT(visited.ask({"queue", "retry", "--parked"}).text, Catch::StartsWith("1 jobs"));
    CHECK_THAT(visited.ask({"queue", "retry"}).text, Catch::StartsWith("1 jobs"));
    CHECK_THROWS_WITH(visited.ask({"queue", "retry", "--destination", "pasc"}),
                      Catch::Contains("no [[destination]] is named pasc"));
}

TEST_CASE("what waits for a destination that is gone is dropped or moved by a command", "[tools]") {
    Visited visited;
    CHECK_THROWS_WITH(visited.ask({"queue", "drop", "--destination", "pacs"}),
                      Catch::Contains("pacs is a [[destination]] and gets its results"));
    CHECK_THROWS_WITH(visited.ask({"queue", "drop", "--destination", "pasc"}),
                      Catch::Contains("nothing waits for pasc"));
    for (auto& one : visited.settings.destinations) {
        if (one.name == "pacs") one.name = "new-pacs";
        if (one.name == "archive") one.name = "new-archive";
    }
    write_file(visited.config(), conf::to_toml(visited.settings));
    const DataLock lock{visited.settings.node.data_dir};
    CHECK(visited.ask({"status"}).status == 1);
    const auto checked = run({"config", "check", visited.config()});
    CHECK(checked.status == 0);
    CHECK_THAT(checked.text, Catch::Contains(": good\n") &&
                                 Catch::Contains("! deliver:pacs: 2 results wait") &&
                                 Catch::Contains("! deliver:archive: 2 results wait"));

    CHECK_THROWS_WITH(visited.ask({"queue", "move", "--destination", "pacs", "--to", "pacs"}),
                      Catch::Contains("no [[destination]] is named pacs"));
    CHECK_THAT(visited.ask({"queue", "move", "--destination", "pacs", "--to", "new-pacs"}).text,
               Catch::StartsWith("deliver:pacs: 2 results go to new-pacs now, 0 of them"));
    CHECK_THAT(visited.ask({"queue", "drop", "--destination", "archive"}).text,
               Catch::StartsWith("deliver:archive: 2 jobs dropped"));
    const auto status = visited.ask({"status"});
    INFO(status.text);
    CHECK(status.status == 0);
    CHECK_THAT(run({"config", "check", visited.config()}).text, Catch::EndsWith(": good\n"));
    CHECK_THAT(visited.ask({"study", "show", "A-1"}).text,
               Catch::Contains("from pacs to new-pacs by hand") &&
                   Catch::Contains("for archive: dropped by hand"));
}

TEST_CASE("a study of which nothing was sent to anybody is not called delivered", "[tools]") {
    Visited visited;
    visited.settings.destinations.at(0).name = "new";
    visited.settings.destinations.resize(1);
    write_file(visited.config(), conf::to_toml(visited.settings));
    for (const auto* gone : {"pacs", "archive"}) {
        visited.ask({"queue", "drop", "--destination", gone});
    }
    const auto list = visited.ask({"study", "list"}).text;
    CHECK_THAT(list, Catch::Contains("not sent") && !Catch::Contains("delivered"));
}

TEST_CASE("a tenant's results do not move to a destination that is not for it", "[tools]") {
    Visited visited;
    visited.receive({.seed = 4, .owner = "NORTH"});
    visited.hang_up();
    auto& tenant = visited.settings.tenants.emplace_back();
    tenant.ae_title = AeTitle{"NORTH"};
    tenant.destinations = {"pacs"};
    visited.infer_all();
    visited.report_all();
    for (auto& one : visited.settings.destinations) {
        if (one.name == "pacs") one.name = "new-pacs";
    }
    tenant.destinations = {"new-pacs"};
    write_file(visited.config(), conf::to_toml(visited.settings));
    const auto to = [&](const char* name) {
        return visited.ask({"queue", "move", "--destination", "pacs", "--to", name}).text;
    };
    CHECK_THAT(to("archive"), Catch::Contains("2 results go to archive") &&
                                  Catch::Contains("2 are of tenants that archive is not for"));
    CHECK_THAT(to("new-pacs"), Catch::Contains("2 results go to new-pacs"));
}

TEST_CASE("the queue tells what waits by destination and age, to people and to programs",
          "[tools]") {
    const Visited visited;
    const auto shown = visited.ask({"queue"});
    CHECK(shown.widest() <= 80);
    CHECK_THAT(shown.text, Catch::Contains("WAITS SINCE") && Catch::Contains("deliver:archive"));
    const auto said = nlohmann::json::parse(visited.ask({"queue", "--json"}).text);
    std::map<std::string, std::int64_t> open;
    for (const auto& queue : said.at("queues")) {
        open[queue.at("lane")] = queue.at("open");
        std::int64_t by_age = 0;
        for (const auto& age : queue.at("by_age")) by_age += age.at("jobs").get<std::int64_t>();
        CHECK(by_age == queue.at("open"));
        CHECK(queue.at("by_age").front().at("younger_than_s") == 60);
        CHECK(queue.at("by_age").back().at("younger_than_s").is_null());
    }
    CHECK(open == std::map<std::string, std::int64_t>{{"deliver:archive", 2}, {"deliver:pacs", 2}});
}

TEST_CASE(
    "studies are listed within 80 columns and found by the end of the UID or the accession "
    "number",
    "[tools]") {
    const Visited visited;
    const auto list = visited.ask({"study", "list"});
    CHECK(list.widest() <= 80);
    CHECK_THAT(list.text, Catch::Contains("2026-11-23 14:30:00") && Catch::Contains("sending") &&
                              Catch::Contains("...1234567890123456789"));
    for (const std::string name :
         {"2.25.123456789012345678901234567890123456789", "890123456789", "A-1"}) {
        const auto shown = visited.ask({"study", "show", name});
        CHECK(shown.widest() <= 80);
        CHECK_THAT(shown.text,
                   Catch::Contains("Study 2.25.123456789012345678901234567890123456789") &&
                       Catch::Contains("accession number A-1") &&
                       Catch::Contains("XRAY1 at 10.0.0.9") && Catch::Contains("cxr-phantom") &&
                       Catch::Contains("overlay") && Catch::Contains("deliver:archive") &&
                       Catch::Contains("image.verdict"));
    }
    CHECK_THROWS_WITH(visited.ask({"study", "show", "99.99"}), Catch::Contains("no study"));
}

TEST_CASE("a study's UID shows every tenant's study of it, and its key shows that tenant's alone",
          "[tools][tenants]") {
    NodeHarness harness;
    phantom::DicomOptions dicom;
    dicom.study_uid = "1.2.77";
    for (const auto* owner : {"", "NORTH", "SOUTH"}) {
        harness.receive({.seed = 3, .dicom = dicom, .owner = owner});
    }
    harness.settings.destinations.clear();
    write_file(harness.dir / "bucky.toml", conf::to_toml(harness.settings));
    const auto ask = [&](const char* command, const char* study) {
        return run({"study", command, study, "--config", (harness.dir / "bucky.toml").string()});
    };
    CHECK_THAT(ask("show", "1.2.77").text, Catch::Contains("Study 1.2.77\n") &&
                                               Catch::Contains("Study 1.2.77@NORTH\n") &&
                                               Catch::Contains("Study 1.2.77@SOUTH\n"));
    CHECK_THAT(ask("show", "1.2.77@SOUTH").text,
               Catch::StartsWith("Study 1.2.77@SOUTH\n") && !Catch::Contains("NORTH"));
    CHECK_THAT(ask("show", "77@NORTH").text, Catch::StartsWith("Study 1.2.77@NORTH\n"));
    CHECK_THROWS_WITH(ask("show", "1.2.77@EAST"), Catch::Contains("no study is known by"));
    CHECK_THROWS_WITH(
        ask("retry", "1.2.77"),
        "3 studies have the UID 1.2.77; name one: 1.2.77, 1.2.77@NORTH, 1.2.77@SOUTH");
    CHECK_THAT(ask("retry", "1.2.77@NORTH").text, Catch::StartsWith("1 image of 1.2.77@NORTH"));
}

TEST_CASE("a study that is run again has its images looked at again, and the look is counted",
          "[tools]") {
    Visited visited;
    const auto counted = [](const char* name) { return metrics::total(name).value; };
    const auto analysed = counted("bucky_analysed_images_total");
    const auto positive = counted("bucky_positive_images_total");
    CHECK_THAT(visited.ask({"study", "retry", "A-1"}).text, Catch::StartsWith("1 image of 2.25"));
    CHECK(visited.images().at(0).awaiting);
    visited.clock.advance_ms(SystemClock{}.now_ms() - visited.clock.now_ms() +
                             1000);  // the command's
    CHECK(visited.infer_all() == 1);
    CHECK(counted("bucky_analysed_images_total") == analysed + 1);
    CHECK(counted("bucky_positive_images_total") == positive + 1);
}

TEST_CASE("a study may be run again by one model alone, by its name", "[tools]") {
    Visited visited;
    const auto retry = [&](const char* model) {
        return visited.ask({"study", "retry", "A-1", "--model", model}).text;
    };
    CHECK_THROWS_WITH(retry("cxr-other"),
                      Catch::Contains("no model that reports is named cxr-other, but cxr-phantom"));
    CHECK_THAT(retry("cxr-phantom"), Catch::Contains("looked at again, by cxr-phantom alone"));
    visited.clock.advance_ms(SystemClock{}.now_ms() - visited.clock.now_ms() +
                             1000);  // the command's
    CHECK(visited.infer_all() == 1);
    CHECK(visited.images().at(0).verdict != "not_analysed");

    // a model that has gone meanwhile is not silently another
    visited.context().studies.retry(visited.study(), "gone");
    CHECK(visited.infer_all() == 1);
    CHECK(visited.images().at(0).verdict == "not_analysed");
    CHECK_THAT(visited.images().at(0).result_json,
               Catch::Contains("no model gone may look at this image"));
}

TEST_CASE("reading commands change nothing", "[tools]") {
    Visited visited;
    const auto before = visited.context().jobs.jobs_of_study(visited.study()).size();
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"status"}, {"queue"}, {"study", "list"}}) {
        visited.ask(words);
    }
    CHECK(visited.context().jobs.jobs_of_study(visited.study()).size() == before);
}

TEST_CASE("analyze writes report, picture and findings of each file, and skips what is no DICOM",
          "[tools]") {
    const TempDir dir;
    std::filesystem::create_directories(dir / "in");
    for (const std::uint64_t seed : {1, 2}) {
        const auto drawn = phantom::draw(phantom::random_recipe(seed, 400, 400));
        phantom::write_dicom(drawn, {}, dir / "in" / (std::to_string(seed) + ".dcm"));
    }
    write_file(dir / "in" / "truth.json", "[]");
    const auto out = (dir / "out").string();
    const auto said =
        run({"analyze", (dir / "in").string(), "--model", phantom_model(), "--out", out});
    CHECK(said.status == 0);
    for (const auto* name : {"1.json", "1.png", "1.overlay.dcm", "2.json"}) {
        CHECK(std::filesystem::exists(dir / "out" / name));
    }
    CHECK_FALSE(std::filesystem::exists(dir / "out" / "truth.json"));
    CHECK_THAT(read_text(dir / "out" / "1.png"), Catch::StartsWith("\x89PNG"));

    const auto hot = (dir / "hot").string();
    CHECK(run({"analyze", (dir / "in").string(), "--model", phantom_model(), "--out", hot,
               "--style", "heatmap"})
              .status == 0);
    const auto differs = [&](const char* name) {
        return read_text(dir / "out" / name) != read_text(dir / "hot" / name);
    };
    CHECK((differs("1.png") || differs("2.png")));  // one of the two has a finding

    const auto wrong = run({"analyze", (dir / "in" / "truth.json").string(), "--model",
                            phantom_model(), "--out", out});
    CHECK(wrong.status == 1);
}

TEST_CASE("explain says which model takes a file, else which rule says no, and names no patient",
          "[tools]") {
    const TempDir dir;
    const auto drawn = phantom::draw(phantom::random_recipe(1, 400, 400));
    phantom::DicomOptions dicom;
    dicom.patient_name = "Secret^Name";
    dicom.patient_id = "SECRET-ID";
    phantom::write_dicom(drawn, dicom, dir / "pa.dcm");
    dicom.view_position = "LL";
    phantom::write_dicom(drawn, dicom, dir / "lateral.dcm");

    const auto taken = run({"explain", (dir / "pa.dcm").string(), "--model", phantom_model()});
    CHECK_THAT(taken.text, Catch::Contains("cxr-phantom 1.1.0: takes it") &&
                               !Catch::Contains("Secret", Catch::CaseSensitive::No));
    const auto not_taken =
        run({"explain", (dir / "lateral.dcm").string(), "--model", phantom_model()});
    CHECK_THAT(not_taken.text, Catch::Contains("no (view.not_taken): view position LL") &&
                                   Catch::Contains("no (orientation.not_frontal)"));  // all of them
}

TEST_CASE(
    "explain --called asks the models of that tenant, at its thresholds, and knows no stranger",
    "[tools][tenants]") {
    const TempDir dir;
    phantom::write_dicom(phantom::draw(phantom::random_recipe(1, 400, 400)), {}, dir / "pa.dcm");
    const auto copy = (dir / "second").string();
    std::filesystem::copy(phantom_model(), copy);
    const auto manifest = read_text(dir / "second" / "model.toml");
    const std::string name = "name = \"cxr-phantom\"";
    auto renamed = manifest;
    renamed.replace(renamed.find(name), name.size(), "name = \"cxr-second\"");
    write_file(dir / "second" / "model.toml", renamed);
    const auto sha256 = inference::read_package(copy).identity.sha256;
    write_file(dir / "bucky.toml",
               "[node]\nno_destination_ok = true\n[inference]\nmodels = [\"" +
                   phantom_model().string() + "\", \"" + copy +
                   "\"]\n"
                   "[[destination]]\nname = \"north-pacs\"\nae_title = \"N\"\nhost = \"h\"\n"
                   "[[destination]]\nname = \"archive\"\nae_title = \"A\"\nhost = \"h\"\n"
                   "[[tenant]]\nae_title = \"NORTH\"\nmodels = [\"" +
                   copy +
                   "\"]\ndestinations = [\"north-pacs\", \"archive\"]\n"
                   "[[tenant]]\nae_title = \"SOUTH\"\ndestinations = [\"archive\"]\n"
                   "[[threshold]]\ntenant = \"NORTH\"\ndestination = \"archive\"\n"
                   "model = \"cxr-second\"\nversion = \"1.1.0\"\nsha256 = \"" +
                   sha256 + "\"\nfinding = \"nodule\"\nvalue = 0.83\n");
    const auto explain = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"explain", (dir / "pa.dcm").string(), "--config",
                                   (dir / "bucky.toml").string()});
        return run(std::move(more)).text;
    };
    const auto north = explain({"--called", "NORTH"});
    CHECK_THAT(north, Catch::Contains("As an image of NORTH:\ncxr-second 1.1.0: takes it\n") &&
                          !Catch::Contains("cxr-phantom") &&
                          Catch::Contains("nodule                north-pacs: present from ") &&
                          Catch::Contains("nodule                archive: present from 0.83 (the "
                                          "package says ") &&
                          Catch::Contains("pneumothorax          present from "));
    CHECK_THAT(explain({"--called", "SOUTH"}),
               Catch::Contains("As an image of SOUTH:\ncxr-phantom 1.1.0: takes it\n") &&
                   Catch::Contains("cxr-second 1.1.0: would take it too, but comes later") &&
                   !Catch::Contains("0.83"));
    CHECK_THAT(explain({}), Catch::Contains("\ncxr-phantom 1.1.0: takes it\n") &&
                                !Catch::Contains("As an image of"));
    CHECK_THROWS_WITH(explain({"--called", "EAST"}),
                      "nobody is called EAST here; there is BUCKY, NORTH, SOUTH");
}

TEST_CASE("model check loads a package, model list reads those of the config", "[tools]") {
    const Visited visited;
    CHECK_THAT(run({"model", "check", phantom_model(), "--device", "cpu"}).text,
               Catch::Contains("The package is sound") && Catch::Contains("nodule"));
    CHECK_THAT(visited.ask({"model", "list"}).text, Catch::Contains("cxr-phantom 1.1.0"));
    const TempDir empty;
    CHECK_THROWS_AS(run({"model", "check", empty.path().string()}), Error);
    std::filesystem::copy(phantom_model(), empty / "bad");
    write_file(empty / "bad" / "weights.ts", "these are no weights");
    CHECK(run({"model", "check", (empty / "bad").string()}).status == 1);
}

TEST_CASE("config check is quiet about a good file and throws all that is wrong with a bad one",
          "[tools]") {
    const Visited visited;
    CHECK_THAT(visited.ask({"config", "check"}).text, Catch::EndsWith("bucky.toml: good\n"));
    const auto shown = visited.ask({"config", "show"}).text;
    CHECK_THAT(shown, Catch::Contains("port = 11112  # bucky.toml:10\n"));
    CHECK(conf::to_toml(conf::read_settings_text(shown, visited.config())) ==
          read_text(visited.config()));
    CHECK(run({"config", "example"}).text == conf::example_config());

    // certificates and keys are read as the node would read them
    const auto &node = pki().node(), &other = pki().xray1();
    const auto with = [&](const Identity& identity, const std::filesystem::path& key) {
        const auto file = (visited.dir / "tls.toml").string();
        write_file(file,
                   read_text(visited.config()) +
                       "\n[[listener]]\nport = 0\nclient_certificates = \"off\"\ncertificate = \"" +
                       identity.certificate.string() + "\"\nkey = \"" + key.string() + "\"\n");
        return run({"config", "check", file}).text;
    };
    CHECK_THAT(with(node, node.key), Catch::EndsWith("good\n"));
    CHECK_THROWS_WITH(with(node, other.key),
                      Catch::Contains("listener.1: key " + other.key.string()));
    const auto bad = (visited.dir / "bad.toml").string();
    write_file(bad, "[scp]\nport = 70000\n");
    CHECK_THROWS_AS(run({"config", "check", bad}), conf::ConfigError);

    // what the reader finds and what only the packages can tell, in one go
    write_file(bad, read_text(visited.config()) +
                        "[[tenant]]\nae_title = \"NORTH\"\ndestinations = [\"nowhere\"]\n"
                        "[[tenant]]\nae_title = \"NORTH\"\ndestinations = [\"pacs\"]\n"
                        "[[threshold]]\ntenant = \"NORTH\"\nmodel = \"cxr-phantom\"\n"
                        "version = \"1.1.0\"\nsha256 = \"" +
                        std::string(64, 'a') + "\"\nfinding = \"nodule\"\nvalue = 0.5\n");
    CHECK_THROWS_WITH(run({"config", "check", bad}),
                      Catch::Contains("there is no destination \"nowhere\"") &&
                          Catch::Contains("\"NORTH\" names two tenants") &&
                          Catch::Contains("is for other weights than those of cxr-phantom"));
}

TEST_CASE("config check reads the admin token as the node would, and leaves credentials to systemd",
          "[tools]") {
    using std::filesystem::perms;
    const TempDir dir;
    const auto token = (dir / "token").string(), file = (dir / "bucky.toml").string();
    const auto check = [&](const std::string& where, const std::string& listen = "127.0.0.1:0") {
        write_file(file, "[node]\nae_title = \"BUCKY\"\ndata_dir = \"" + dir.path().string() +
                             "\"\n[admin]\nlisten = \"" + listen + "\"\ntoken_file = \"" + where +
                             "\"\n[inference]\nmodels = [\"" + phantom_model().string() + "\"]\n");
        return run({"config", "check", file}).text;
    };
    CHECK_THROWS_WITH(check(token), Catch::Contains("bucky.toml:6: admin.token_file: " + token +
                                                    " cannot be read"));
    CHECK_THAT(check(token, ""), Catch::EndsWith("good\n"));  // nobody is asked for it
    write_file(token, "");
    std::filesystem::permissions(token, perms::owner_read | perms::owner_write);
    CHECK_THROWS_WITH(check(token), Catch::Contains("fewer than 16"));
    write_file(token, "correct-horse-battery\n");
    CHECK_THAT(check(token), Catch::EndsWith("good\n"));
    std::filesystem::permissions(token, perms::others_read, std::filesystem::perm_options::add);
    CHECK_THROWS_WITH(check(token), Catch::Contains("open to everyone") &&
                                        !Catch::Contains("correct-horse-battery"));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
    CHECK_THAT(check("credential:admin-token"), Catch::EndsWith("good\n"));
    REQUIRE(::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1) == 0);
    CHECK_THAT(check("credential:admin-token"), Catch::EndsWith("good\n"));
    CHECK_THROWS_WITH(check("credential:token"), Catch::Contains("open to everyone"));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
}
