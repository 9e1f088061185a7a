// SPDX-License-Identifier: Apache-2.0
#include "conf/file/read.h"
#include "conf/aliases.h"

#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/conf/file/folder.h"

using namespace bucky;
using namespace bucky::conf;
using namespace bucky::test;

TEST_CASE("the smallest config that works gives every other key its default", "[conf]") {
    const Folder folder;
    const auto settings = read_settings_text(kSmallest, folder.file());
    CHECK(settings.scp.port == 11112);
    CHECK(settings.node.ae_title.str() == "BUCKY");
    REQUIRE(settings.destinations.size() == 1);
    CHECK(settings.destinations[0].port == 104);
    CHECK(settings.destinations[0].ae_title.str() == "ORTHANC");
}

TEST_CASE("relative paths count from the folder of the config file", "[conf]") {
    const Folder folder;
    const auto settings =
        read_settings_text("node.data_dir = \"data\"\n" + std::string{kSmallest}, folder.file());
    CHECK(settings.node.data_dir == folder.path() / "data");
    CHECK(settings.inference.models == std::vector{folder.path() / "model"});
}

TEST_CASE("every problem is reported at once, in the order of the file, each with its line",
          "[conf]") {
    const Folder folder;
    const auto problems = problems_of(folder, R"([scp]
port = 70000
artim = 3
[inference]
models = ["model", "elsewhere"]
device = "tpu"
[[destination]]
name = "PACS"
ae_title = "A\\B"
host = "10.0.0.1"
[[destination]]
name = "second"
host = "10.0.0.2"
[admin]
listen = "0.0.0.0:8090"
[nod]
)");
    std::vector<std::pair<std::size_t, std::string>> where;
    for (const auto& problem : problems) where.emplace_back(problem.line, problem.key);
    CHECK(where == std::vector<std::pair<std::size_t, std::string>>{{2, "scp.port"},
                                                                    {3, "scp.artim"},
                                                                    {5, "inference.models"},
                                                                    {6, "inference.device"},
                                                                    {8, "destination.name"},
                                                                    {9, "destination.ae_title"},
                                                                    {11, "destination.ae_title"},
                                                                    {15, "admin.listen"},
                                                                    {16, "nod"}});
}

TEST_CASE("what() has a line for each problem: file, line, key, problem, allowed values",
          "[conf]") {
    const Folder folder;
    const auto text = std::string{kSmallest} + "[scp]\nport = 70000\nartim_s = \"long\"\n";
    CHECK_THROWS_WITH(read_settings_text(text, "bucky.toml"),
                      Catch::Contains("bucky.toml:9: scp.port: 70000 is not allowed; it must be 0 "
                                      "to 65535\n") &&
                          Catch::Contains("bucky.toml:10: scp.artim_s: must be a whole number"));
}

TEST_CASE("a misspelt key or section is an error that suggests the right one", "[conf]") {
    const Folder folder;
    CHECK_THAT(problem_of(folder, "[scp]\nartim = 10"), Catch::Contains("did you mean artim_s?"));
    CHECK_THAT(problem_of(folder, "[stdy]\nquiet_s = 10"), Catch::Contains("did you mean study?"));
    CHECK_THAT(problem_of(folder, "[overlay]\nfrobnicate = 1"),
               Catch::Contains("known are enabled, style, longer_side_px"));
}

TEST_CASE("keys that must agree are compared", "[conf]") {
    const Folder folder;
    CHECK_THAT(problem_of(folder, "[study]\nquiet_s = 400"), Catch::Contains("study.ceiling_s"));
    CHECK_THAT(problem_of(folder, "retry_first_s = 1000"), Catch::Contains("retry_cap_s"));
    CHECK_THAT(problem_of(folder, "[admin]\nlisten = \"127.0.0.1:11112\""),
               Catch::Contains("scp.port already"));
    CHECK_THAT(
        problem_of(folder, "[[destination]]\nname = \"pacs\"\nae_title = \"X\"\nhost = \"h\""),
        Catch::Contains("names two destinations"));
}

TEST_CASE("a destination by STOW-RS has a url, and nothing that only C-STORE has", "[conf]") {
    const Folder folder;
    const auto said = [&](const std::string& lines) -> std::string {
        try {
            (void)read_settings_text(std::string{kSmallest} +
                                         "[[destination]]\nname = \"web\"\nae_title = \"WEB\"\n" +
                                         lines,
                                     folder.file());
        } catch (const ConfigError& error) {  // the words are the subject of this test
            return error.what();
        }
        return "good";
    };
    const std::string url = "url = \"https://pacs.example/dicom-web\"\n";
    CHECK(said(url) == "good");
    CHECK(said("url = \"http://127.0.0.1:8042/dicom-web\"") == "good");
    CHECK(said("url = \"https://[2001:db8::1]:443/x\"") == "good");
    CHECK_THAT(said(""), Catch::Contains("host: is missing"));
    for (const auto* bad : {"http://pacs.example/dicom-web", "ftp://pacs.example", "https://",
                            "https://a@pacs.example", "https://pacs.example/?x"}) {
        INFO(bad);
        CHECK_THAT(said("url = \"" + std::string{bad} + "\""), Catch::Contains("url: "));
    }
    CHECK_THAT(said(url + "commitment = true"), Catch::Contains("STOW-RS has none"));
    CHECK_THAT(said(url + "character_set = \"ISO_IR 100\""), Catch::Contains("as they were made"));
    CHECK_THAT(said(url + "client_id = \"x\""), Catch::Contains("counts only beside token_url"));
    CHECK_THAT(said(url + "token_url = \"https://login.example/token\""),
               Catch::Contains("client_secret_file: is missing beside token_url"));
    CHECK_THAT(said("host = \"h\"\ntoken_file = \"/x\""),
               Catch::Contains("counts only beside url"));
}

TEST_CASE("without a token the admin listener must be on loopback", "[conf]") {
    const Folder folder;
    for (const std::string good : {"127.0.0.1:0", "[::1]:8090", "localhost:1", ""}) {
        const auto text = std::string{kSmallest} + "[admin]\nlisten = \"" + good + "\"\n";
        CHECK(read_settings_text(text, folder.file()).admin.listen == good);
    }
    for (const std::string bad :
         {"127.0.0.1", ":80", "127.0.0.1:65536", "::1:80", "127.evil.example:80", "[]:80"}) {
        CHECK_THAT(problem_of(folder, "[admin]\nlisten = \"" + bad + "\""),
                   Catch::Contains("an IP address with a port"));
    }
    for (const std::string open : {"0.0.0.0:8090", "10.0.0.1:80", "[::]:80"}) {
        const auto line = "[admin]\nlisten = \"" + open + "\"";
        CHECK_THAT(problem_of(folder, line), Catch::Contains("needs an admin.token_file"));
        const auto text = std::string{kSmallest} + line + "\ntoken_file = \"credential:t\"\n";
        CHECK(read_settings_text(text, folder.file()).admin.listen == open);
    }
    CHECK_THAT(problem_of(folder, "[admin]\ntoken_file = \"secret\""),
               Catch::Contains("credential:NAME"));
}

TEST_CASE("a syslog server has scheme, host and port, and its TLS keys need each other",
          "[conf][audit]") {
    const Folder folder;
    std::ofstream(folder.path() / "a.pem") << "a file";
    const auto audit = [](const std::string& lines) { return "[audit]\n" + lines; };
    const auto good = std::string{kSmallest} + audit(
                                                   "syslog = \"tls://siem.example:6514\"\n"
                                                   "ca = \"a.pem\"\ncertificate = \"a.pem\"\n"
                                                   "key = \"a.pem\"\ncrl = \"a.pem\"\n"
                                                   "tls_name = \"siem\"\n");
    CHECK(read_settings_text(good, folder.file()).audit.ca == folder.path() / "a.pem");
    for (const std::string bad :
         {"tls://", "tls://siem.example", "ssl://siem.example:1", "siem.example:6514"}) {
        CHECK_THAT(problem_of(folder, audit("syslog = \"" + bad + '"')),
                   Catch::Contains("tls://HOST:PORT"));
    }
    for (const std::string key : {"ca", "certificate", "crl", "tls_name"}) {
        for (const std::string other : {"", "syslog = \"tcp://siem.example:601\"\n"}) {
            CHECK(problem_of(folder, audit(other + key + " = \"a.pem\"")) ==
                  "audit." + key + ": counts only beside syslog = \"tls://...\"");
        }
    }
    CHECK(problem_of(folder, audit("syslog = \"tls://siem.example:6514\"\nkey = \"a.pem\"")) ==
          "audit.key: counts only beside a certificate");
    CHECK_THAT(problem_of(folder, audit("syslog = \"tls://h:1\"\nca = \"not-there.pem\"")),
               Catch::Contains("not-there.pem\" is not allowed"));
    CHECK(problem_of(folder, "tls = true\nkey = \"a.pem\"") ==
          "destination.key: counts only beside a certificate");
}

TEST_CASE("a peer is named by AE title, by address or by network", "[conf]") {
    const Folder folder;
    const auto text = std::string{kSmallest} + "[[peer]]\naddress = \"10.1.0.0/16\"\n[[peer]]\n";
    CHECK(read_settings_text(text, folder.file()).peers.size() == 2);
    for (const std::string bad : {"10.1.0.0/33", "10.1", "a.example", "::1/129", "/8"}) {
        CHECK_THAT(problem_of(folder, "[[peer]]\naddress = \"" + bad + "\""),
                   Catch::Contains("10.1.0.0/16"));
    }
}

TEST_CASE("a node without a model has no results, so it does not start", "[conf]") {
    const Folder folder;
    const auto problems = problems_of(folder, "[node]\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].key == "inference.models");
    CHECK_THAT(problems[0].words, Catch::StartsWith("is needed"));
    CHECK(problems_of(folder, "[inference]\nmodels = []\n").size() == 1);
}

TEST_CASE("a node without a destination keeps its results, so it may start", "[conf]") {
    const Folder folder;
    const auto settings = read_settings_text("[inference]\nmodels = [\"model\"]\n", folder.file());
    CHECK(settings.destinations.empty());
}

TEST_CASE("a value of the wrong type is reported with the required type", "[conf]") {
    const Folder folder;
    CHECK_THAT(problem_of(folder, "[scp]\ncheck_called_ae = 1"), Catch::Contains("true or false"));
    CHECK_THAT(problem_of(folder, "[scp]\nport = 1.5"), Catch::Contains("whole number"));
    CHECK_THAT(problem_of(folder, "[log]\nlevel = 3"), Catch::Contains("quotes"));
    CHECK_THAT(problem_of(folder, "[log]\nlevel = \"loud\""), Catch::Contains("debug, info"));
    CHECK_THAT(problem_of(folder, "log = 3"),
               Catch::Contains("unknown key"));  // in [[destination]]
    CHECK(problems_of(folder, "scp = 3\npeer = 3\n" + std::string{kSmallest}).size() == 2);
    CHECK(problems_of(folder, "peer = [1, 2]\n" + std::string{kSmallest}).size() == 1);
}

TEST_CASE("text that is not TOML is one problem with its line", "[conf]") {
    const Folder folder;
    const auto problems = problems_of(folder, "[node]\nae_title = \n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 2);
    CHECK_THAT(problems[0].words, Catch::Contains("not TOML"));
}

TEST_CASE("a config file that is not there is a config error, not a crash", "[conf]") {
    CHECK_THROWS_AS(read_settings("/nonexistent/bucky.toml"), ConfigError);
}

TEST_CASE("a [[model]] row names a configured model by its folder, once", "[conf]") {
    const Folder folder;
    const auto with = [&](const std::string& text) { return std::string{kSmallest} + text; };
    const auto settings = read_settings_text(
        with("[[model]]\nfolder = \"model\"\nshadow = true\nprecision = \"bfloat16\"\n"),
        folder.file());
    REQUIRE(settings.models.size() == 1);
    CHECK(settings.models[0].folder == folder.path() / "model");
    CHECK(settings.models[0].shadow);
    CHECK(settings.models[0].replicas == 0);
    CHECK(problems_of(folder, with("[[model]]\nfolder = \"other\"\n")).at(0).words ==
          "\"" + (folder.path() / "other").string() + "\" is not one of inference.models");
    CHECK_THAT(problems_of(folder, with("[[model]]\nfolder = \"model\"\n"
                                        "[[model]]\nfolder = \"model\"\n"))
                   .at(0)
                   .words,
               Catch::Contains("has two [[model]]"));
    CHECK_THAT(problem_of(folder, "[[model]]\nfolder = \"model\"\nprecision = \"double\""),
               Catch::Contains("float32, bfloat16 or float16"));
}

TEST_CASE("the objects of a destination are listed once, in one list", "[conf]") {
    const Folder folder;
    const auto read = [&](const std::string& lines) {
        return read_settings_text(std::string{kSmallest} + lines, folder.file());
    };
    const auto by_default = read("").destinations.at(0);
    CHECK(by_default.send == std::vector{ResultKind::report, ResultKind::overlay});
    CHECK(by_default.send_if_found.empty());
    const auto settings = read(
        "[[destination]]\nname = \"old\"\nae_title = \"OLD\"\nhost = \"h\"\n"
        "send = [\"sr\"]\nsend_if_found = [\"overlay\"]\nlanguage = \"ko\"\n"
        "picture_syntax = \"rle\"\n");
    CHECK(settings.destinations.at(1).send_if_found == std::vector{ResultKind::overlay});
    CHECK(settings.destinations.at(1).language == Language::korean);
    for (const auto& [lines, words] : std::vector<std::pair<std::string, std::string>>{
             {"send = [\"movie\"]", "\"movie\" is not allowed; it must be sr"},
             {"send = \"sr\"", "must be a list"},
             {"send = [\"sr\", \"sr\"]", "stands there twice"},
             {"send_if_found = [\"sr\"]", "stands in send too"},
             {"send = []", "nothing would be sent"},
             {"language = \"fr\"", "must be en, ko, or empty"},
             {"picture_syntax = \"jpeg\"", "must be uncompressed, rle or jpeg-lossless"},
             {"character_set = \"latin1\"", "must be ISO_IR 192, ISO_IR 100"},
         }) {
        CAPTURE(lines);
        CHECK_THROWS_WITH(
            read("[[destination]]\nname = \"x\"\nae_title = \"X\"\nhost = \"h\"\n" + lines),
            Catch::Contains(words));
    }
}

TEST_CASE("a [[precedence]] names a finding and a package, once, and a tenant that is there",
          "[conf][several]") {
    const Folder folder;
    const auto row = [](const std::string& more) {
        return "[[precedence]]\nfinding = \"nodule\"\nmodel = \"m\"\n" + more;
    };
    const auto read = [&](const std::string& rows) {
        return read_settings_text(std::string{kSmallest} + rows, folder.file()).precedences;
    };
    CHECK(read(row("")).at(0).model == "m");
    CHECK(read(row("")).at(0).line > 1);
    CHECK_THROWS_WITH(read("[[precedence]]\nfinding = \"nodule\"\n"),
                      Catch::Contains("precedence.model: is needed"));
    CHECK_THROWS_WITH(read(row("tennant = \"N\"\n")), Catch::Contains("did you mean tenant?"));
    CHECK_THROWS_WITH(read(row("tenant = \"N\"\n")), Catch::Contains("there is no tenant \"N\""));
    CHECK_THROWS_WITH(read(row("") + row("")),
                      Catch::Contains("has a [[precedence]] for \"nodule\" already"));
}

TEST_CASE("a [[threshold]] names the weights, a value between 0 and 1 and optionally a destination",
          "[conf]") {
    const Folder folder;
    const auto read = [&](std::string sha256, const std::string& more) {
        return read_settings_text(fmt::format("{}[[threshold]]\nmodel = \"m\"\nversion = \"1\"\n"
                                              "sha256 = \"{}\"\nfinding = \"nodule\"\n{}\n",
                                              kSmallest, sha256, more),
                                  folder.file());
    };
    const std::string sha256(64, 'a');
    const auto threshold = read(sha256, "value = 0.6").thresholds.at(0);
    CHECK(threshold.value == 0.6);
    CHECK(threshold.destination.empty());
    CHECK(threshold.line > 1);
    CHECK_THROWS_WITH(read(sha256, ""), Catch::Contains("threshold.value: is needed"));
    CHECK_THROWS_WITH(read(sha256, "value = 1"), Catch::Contains("it must be 0.01 to 0.99"));
    CHECK_THROWS_WITH(read("abc", "value = 0.6"), Catch::Contains("64 hexadecimal digits"));
    CHECK_THROWS_WITH(read(sha256, "value = 0.6\ndestination = \"nobody\""),
                      Catch::Contains("there is no destination \"nobody\""));
}

TEST_CASE("an [[alias]] explains a word that says nothing, and no other", "[conf]") {
    const Folder folder;
    const auto read = [&](const std::string& lines) {
        return read_settings_text(std::string{kSmallest} + "[[alias]]\n" + lines, folder.file());
    };
    const auto settings = read(
        "attribute = \"body_part\"\nword = \"TX FACE\"\nmeans = \"CHEST PA\"\n"
        "ae_title = \"XRAY1\"\n[[alias]]\nattribute = \"body_part\"\nword = \"TX FACE\"\n"
        "means = \"CHEST\"\n");
    CHECK(aliases_for(settings, "XRAY1").at(0).means == "CHEST PA");
    CHECK(aliases_for(settings, "XRAY1").size() == 2);
    CHECK(aliases_for(settings, "XRAY2").at(0).means == "CHEST");
    CHECK(aliases_for(settings, "").size() == 1);
    for (const auto& [lines, words] : std::vector<std::pair<std::string, std::string>>{
             {"attribute = \"body_part\"\nword = \"CHEST LAT\"\nmeans = \"CHEST\"\n",
              "alias.word: \"CHEST LAT\" names another view or region"},
             {"attribute = \"view\"\nword = \"LL\"\nmeans = \"PA\"\n", "names another view"},
             {"attribute = \"view\"\nword = \"F1\"\nmeans = \"CHEST\"\n",
              "\"CHEST\" is no view that docs/eligibility.md explains"},
             {"attribute = \"body_part\"\nword = \"TX\"\nmeans = \"KNEE\"\n", "is no body_part"},
             {"attribute = \"side\"\nword = \"TX\"\nmeans = \"CHEST\"\n",
              "must be body_part, view or modality"},
             {"attribute = \"view\"\nword = \"F1\"\n", "alias.means: is needed"},
         }) {
        CAPTURE(lines);
        CHECK_THROWS_WITH(read(lines), Catch::Contains(words));
    }
}

TEST_CASE("scp.ignore names classes by modality or UID, never CR or DX", "[conf]") {
    const Folder folder;
    const auto read = [&](const std::string& list) {
        return read_settings_text(std::string{kSmallest} + "[scp]\nignore = " + list + "\n",
                                  folder.file());
    };
    CHECK(read("[]").scp.ignore.empty());
    CHECK(read("[\"SR\", \"CT\", \"1.2.840.10008.5.1.4.1.1.7\"]").scp.ignore.size() == 3);
    for (const auto* list : {"[\"CR\"]", "[\"DX\"]", "[\"1.2.840.10008.5.1.4.1.1.1.1\"]",
                             "[\"1.2.3\"]", "[\"everything\"]", "[\"\"]"}) {
        CAPTURE(list);
        CHECK_THROWS_WITH(read(list), Catch::Contains("other than CR and DX"));
    }
}
