// SPDX-License-Identifier: Apache-2.0
// `bucky audit`: a site's own past through a package, fetched from Debian's Orthanc beside a live
// node, with the figures of `bucky model evaluate` on the same images.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/orthanc.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"
#include "tools/fake_pacs/port.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

bool is_long() {
    return std::getenv("BUCKY_LONG") != nullptr;
}

std::string contents(const fs::path& file) {
    std::stringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

/// Phantoms of `bucky phantom`, and their truth as labels.
struct Past {
    fs::path folder, labels;
    std::vector<fs::path> files;

    Past(const TempDir& dir, int images) : folder(dir / "past"), labels(dir / "labels.csv") {
        REQUIRE(
            run({bucky_program().string(), "phantom", "--out", folder.string(), "--count",
                 std::to_string(images), "--seed", "41000", "--rows", "512", "--columns", "512"},
                {}, 20min)
                .status == 0);
        const std::vector<std::string> keys{"nodule", "tuberculosis", "pneumothorax", "pneumonia"};
        std::ofstream out{labels};
        out << "study_uid";
        for (const auto& key : keys) out << ',' << key;
        out << '\n';
        for (const auto& image : nlohmann::json::parse(contents(folder / "truth.json"))) {
            files.push_back(folder / image.at("file").get<std::string>());
            out << image.at("study_uid").get<std::string>();
            for (const auto& key : keys) {
                bool is_there = false;
                for (const auto& lesion : image.at("lesions")) {
                    is_there = is_there || lesion.at("finding") == key;
                }
                out << (is_there ? ",1" : ",0");
            }
            out << '\n';
        }
    }
};

std::string archive_named(const std::string& name, const Orthanc& pacs) {
    return "[[archive]]\nname = \"" + name +
           "\"\nae_title = \"ORTHANC\"\nhost = \"127.0.0.1\"\nport = " +
           std::to_string(pacs.dicom_port()) + "\ncoverage_minutes = 0\n";
}

/// Sensitivity, specificity and AUC of each finding, as the commands print them.
using Figures = std::map<std::string, std::vector<std::string>>;

Figures figures_in(const std::string& output, const std::regex& line) {
    Figures figures;
    for (std::sregex_iterator at{output.begin(), output.end(), line}, end; at != end; ++at) {
        figures[(*at)[1]] = {(*at)[2], (*at)[3], (*at)[4]};
    }
    return figures;
}

Figures of_evaluation(const std::string& output) {
    const std::regex line{R"((\w+) +\d+ +[\d.]+ % +([\d.]+ %) +([\d.]+ %) +([\d.]+) )"};
    return figures_in(output, line);
}

Figures of_audit(const std::string& output) {
    const std::regex line{R"((\w+) +\d+ +([\d.]+)  \S+ +([\d.]+ %) +([\d.]+ %) )"};
    Figures figures = figures_in(output, line);
    for (auto& [key, of] : figures) of = {of[1], of[2], of[0]};
    return figures;
}

}  // namespace

TEST_CASE("an audit of the archive's past has the evaluation's own figures, beside a live node",
          "[system][archive][audit]") {
    const TempDir dir;
    const int images = is_long() ? 2000 : 24;
    const Past past{dir, images};
    Orthanc pacs;
    constexpr std::size_t kAtOnce = 200;  // a command of the tests has two minutes
    for (std::size_t at = 0; at < past.files.size(); at += kAtOnce) {
        const auto first = past.files.begin() + static_cast<std::ptrdiff_t>(at);
        const auto count = std::min(kAtOnce, past.files.size() - at);
        const std::vector<fs::path> some{first, first + static_cast<std::ptrdiff_t>(count)};
        REQUIRE(dcmsend(pacs.dicom_port(), some, "ORTHANC").all_accepted());
    }
    const int port = fake::free_port();
    pacs.knows("BUCKY_AUDIT", port);
    RunningNode node{{.more = archive_named("pacs", pacs)}};
    const auto out = dir / "audit";

    const std::vector<std::string> words{"audit",
                                         "--archive",
                                         "pacs",
                                         "--from",
                                         "2026-01-01",
                                         "--to",
                                         "2026-01-03",
                                         "--model",
                                         phantom_model().string(),
                                         "--truth",
                                         past.labels.string(),
                                         "--out",
                                         out.string(),
                                         "--port",
                                         std::to_string(port),
                                         "--nice",
                                         "0"};
    auto command = words;
    command.insert(command.begin(), bucky_program().string());
    command.insert(command.end(), {"--config", node.config_file().string()});
    const auto said = run(command, {}, 30min);
    INFO(said.output);
    REQUIRE(said.status == 0);
    CHECK_THAT(said.output, Contains(std::to_string(images) + " images of " +
                                     std::to_string(images) + " studies"));
    const auto evaluated = run({bucky_program().string(), "model", "evaluate", past.folder.string(),
                                "--model", phantom_model().string()},
                               {}, 20min);
    INFO(evaluated.output);
    CHECK(of_audit(said.output).size() == 4);
    CHECK(of_audit(said.output) == of_evaluation(evaluated.output));

    for (const auto& text :
         {said.output, contents(out / "audit.html"), contents(out / "audit.csv")}) {
        CHECK_THAT(text, !Contains("Phantom^") && !Contains("PHANTOM-") && !Contains("2.25.") &&
                             !Contains("1.2.826"));
    }
    CHECK_FALSE(fs::exists(out / "images"));
    CHECK_THAT(node.bucky({"study", "list"}).output, !Contains("2026"));  // nothing came to it
}

TEST_CASE("an audit that is killed goes on where it was, and asks the archive for nothing twice",
          "[system][archive][audit]") {
    const TempDir dir;
    const Past past{dir, 12};
    Orthanc pacs;
    REQUIRE(dcmsend(pacs.dicom_port(), past.files, "ORTHANC").all_accepted());
    const int port = fake::free_port();
    pacs.knows("BUCKY_AUDIT", port);
    const auto config = dir / "bucky.toml";
    std::ofstream{config} << "[node]\nae_title = \"BUCKY\"\ndata_dir = \"" << (dir / "no").string()
                          << "\"\n[inference]\nmodels = [\"" << phantom_model().string()
                          << "\"]\n[[destination]]\nname = \"nowhere\"\nae_title = \"X\"\n"
                             "host = \"127.0.0.1\"\n"
                          << archive_named("pacs", pacs);
    const std::vector<std::string> words{bucky_program().string(),
                                         "audit",
                                         "--archive",
                                         "pacs",
                                         "--from",
                                         "20260101",
                                         "--to",
                                         "20260103",
                                         "--sample",
                                         "10",
                                         "--out",
                                         (dir / "audit").string(),
                                         "--port",
                                         std::to_string(port),
                                         "--nice",
                                         "0",
                                         "--config",
                                         config.string()};
    const auto lines = [&] {
        const auto text = contents(dir / "audit" / "done.jsonl");
        return std::count(text.begin(), text.end(), '\n');
    };
    std::string before;
    {
        Process first{words};
        REQUIRE(poll_until([&] { return lines() >= 3; }, 60s));
        first.signal(SIGKILL);
        (void)first.wait(10s);
        before = contents(dir / "audit" / "done.jsonl");
    }
    const auto again = run(words);
    INFO(again.output);
    CHECK(again.status == 0);
    CHECK_THAT(again.output, Contains("10 images of 10 studies"));
    const auto after = contents(dir / "audit" / "done.jsonl");
    CHECK(after.starts_with(before.substr(0, before.rfind('\n') + 1)));
    CHECK(lines() == 10);
    CHECK_FALSE(fs::exists(dir / "no"));  // no node's folder was touched

    auto other = words;
    other[9] = "11";
    const auto refused = run(other);
    CHECK(refused.status == 1);
    CHECK_THAT(refused.output, Contains("holds another audit"));
}

TEST_CASE("the threshold that an audit of two versions prints is one that the config takes",
          "[system][audit]") {
    const TempDir dir;
    const Past past{dir, 30};
    const auto nodule = phantom_model().parent_path() / "cxr-nodule";
    const auto config = dir / "bucky.toml";
    std::ofstream{config} << "[node]\ndata_dir = \"" << (dir / "no").string()
                          << "\"\n[inference]\nmodels_writable_ok = true\nmodels = [\""
                          << phantom_model().string() << "\", \"" << nodule.string()
                          << "\"]\n[[destination]]\nname = \"nowhere\"\nae_title = \"X\"\n"
                             "host = \"127.0.0.1\"\n";
    const auto said =
        run({bucky_program().string(), "audit", "--folder", past.folder.string(), "--model",
             "cxr-phantom", "--model", "cxr-nodule", "--truth", past.labels.string(), "--out",
             (dir / "audit").string(), "--nice", "0", "--config", config.string()});
    INFO(said.output);
    REQUIRE(said.status == 0);
    const auto table = said.output.substr(said.output.find("[[threshold]]"));
    std::ofstream{config, std::ios::app} << table.substr(0, table.find("\n\n") + 1);
    const auto checked =
        run({bucky_program().string(), "config", "check", "--config", config.string()});
    INFO(checked.output);
    CHECK(checked.status == 0);
    CHECK_THAT(contents(dir / "audit" / "audit.html"),
               Contains("keeps today") && Contains("AUC of the candidate less that in use"));
}
