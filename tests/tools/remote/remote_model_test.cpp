// SPDX-License-Identifier: Apache-2.0
// RemoteModel against a server of the Open Inference Protocol that is written in Python, with each
// way in which a service may fail.
#include "tools/bucky/remote/remote_model.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tests/tools/remote/remote_site.h"
#include "tools/bucky/shared/files.h"
#include "tools/fake_pacs/port.h"

using namespace bucky;
using namespace bucky::test;
using nlohmann::json;
using Site = RemoteSite;
using namespace std::chrono_literals;

TEST_CASE("a remote model's answers are those of the same model here, to the bit",
          "[tools][remote]") {
    Site site;
    SECTION("compressed and binary") {}
    SECTION("with gzip") {
        site.settings.compression = Compression::gzip;
    }
    SECTION("as they are") {
        site.settings.compression = Compression::none;
    }
    SECTION("as numbers of the JSON") {
        site.server.mood(R"({"json": true})");
    }
    CHECK(site.model().device() == "remote: 127.0.0.1");
    for (const float brightest : {0.1F, 0.30000001F, 0.999F}) {
        const auto input = spots_input(brightest);
        const auto output = site.model().run(input);
        check_equal(output, spots_answer(input));
        CHECK(output.device == "remote: 127.0.0.1");
    }
}

TEST_CASE("a server without binary tensors gives the same answers", "[tools][remote]") {
    Site site{{}, "\n[remote]\nbinary = false\n"};
    site.server.mood(R"({"json": true})");
    const auto input = spots_input(0.30000001F);
    check_equal(site.model().run(input), spots_answer(input));
    const json headers = site.seen()["headers"];
    CHECK(std::count(headers.begin(), headers.end(), "Inference-Header-Content-Length") == 0);
}

TEST_CASE("only a tensor, the model's name and hash and a random id leave, over one connection",
          "[tools][remote]") {
    Site site;
    for (int i = 0; i < 3; ++i) (void)site.model().run(spots_input(0.5F));
    const auto seen = site.seen();
    CHECK(seen["connections"] == 1);
    CHECK(seen["headers"] == json{"Accept", "Bucky-Weights-Sha256", "Content-Encoding",
                                  "Content-Length", "Content-Type", "Host",
                                  "Inference-Header-Content-Length"});
    std::set<std::string> ids;
    for (const auto& id : seen["ids"]) ids.insert(id);
    CHECK(ids.size() == 4);  // one of them of the golden input
    CHECK(ids.begin()->size() == 32);
    for (const std::string request : seen["requests"]) {
        CHECK_THAT(request, Catch::Contains(" /v2/models/spots"));
    }
}

TEST_CASE("the manifest names the model, its version and its tensors at the server",
          "[tools][remote]") {
    SECTION("as they are") {
        Site site{{"--model", "spots chest", "--versions", "7"}, R"(
[remote]
model = "spots chest"
version = "7"
input = "image"
outputs = ["scores", "heatmaps"]
)"};
        CHECK_NOTHROW(site.model());
        const json asked = site.seen()["requests"];
        CHECK(std::count(asked.begin(), asked.end(),
                         "POST /v2/models/spots%20chest/versions/7/infer") == 1);
    }
    SECTION("a tensor that the server does not have") {
        Site site{{}, "\n[remote]\ninput = \"picture\"\n"};
        CHECK_THAT(site.words_of_run(), Catch::Contains("spots 1.0.0 is not proven") &&
                                            Catch::Contains("no input picture"));
    }
    SECTION("a model that the server does not have") {
        Site site{{}, "\n[remote]\nmodel = \"stains\"\n"};
        CHECK_THAT(site.words_of_run(), Catch::Contains("HTTP 404: no such model"));
    }
}

TEST_CASE("a package that allows it sends FP16", "[tools][remote]") {
    Site exact, half{{}, "\n[remote]\ndatatype = \"FP16\"\n"};
    exact.settings.compression = half.settings.compression = Compression::none;
    const auto file = half.dir / "spots" / "model.toml";
    const auto text = read_text(file);  // the golden output is of FP32
    std::ofstream{file} << std::string{text}.replace(text.find("tolerance = 0.0"), 15,
                                                     "tolerance = 0.001");
    CHECK(exact.model().run(spots_input(0.9F)).scores[1] == 0.9F);
    CHECK(half.model().run(spots_input(0.9F)).scores[1] == Approx(0.9F).margin(0.0005));
    CHECK(half.seen()["bytes"].get<double>() < 0.6 * exact.seen()["bytes"].get<double>());
}

TEST_CASE("other weights are refused in words, and no image is spent on them", "[tools][remote]") {
    Site site;
    SECTION("by the hash") {
        site.server.mood(R"({"sha256": "bbbb"})");
        CHECK_THAT(site.words_of_run(),
                   Catch::Contains("the server has the weights bbbb: must be"));
        CHECK(site.seen()["infer"] == 0);
    }
    SECTION("by the golden output") {
        site.server.mood(R"({"off": 0.0001})");
        CHECK_THAT(site.words_of_run(), Catch::Contains("the numbers differ from"));
        CHECK(site.seen()["infer"] == 1);
    }
    SECTION("at a later proof") {
        (void)site.model();
        site.server.mood(R"({"sha256": "bbbb"})");
        CHECK_THAT(Site::words_of<inference::NobodyAnswers>([&] { site.model().prove(); }),
                   Catch::Contains("must be aaaa"));
    }
    SECTION("after a reconnect, before any image") {
        (void)site.model();
        site.server.kill9();
        site.server.start_again();
        site.server.mood(R"({"sha256": "bbbb"})");
        CHECK_THAT(site.words_of_run<Error>(), Catch::Contains("127.0.0.1"));
        CHECK_THAT(site.words_of_run(), Catch::Contains("must be aaaa"));
        CHECK(site.seen()["answered"] == 0);
    }
}

TEST_CASE("a server that names no hash counts only where the config allows it", "[tools][remote]") {
    Site site;
    site.server.mood(R"({"sha256": ""})");
    SECTION("not as a default") {
        CHECK_THAT(site.words_of_run(), Catch::Contains("names no hash of its weights"));
    }
    SECTION("allowed") {
        site.settings.unnamed_weights_ok = true;
        CHECK_NOTHROW(site.model().run(spots_input(0.5F)));
    }
    SECTION("named in the model's configuration, as NVIDIA Triton does") {
        site.server.mood(R"({"in_config": true})");
        CHECK_NOTHROW(site.model().run(spots_input(0.5F)));
    }
}

TEST_CASE("a connection that ends is proven anew before its answers count", "[tools][remote]") {
    Site site;
    (void)site.model().run(spots_input(0.5F));
    const int before = site.seen()["infer"];
    site.server.mood(R"({"close": true})");
    CHECK_NOTHROW(site.model().run(spots_input(0.5F)));  // over the connection that is proven
    CHECK_THAT(site.words_of_run(), Catch::Contains("closes the connection after each answer") ||
                                        Catch::Contains("does not last for one proof"));
    site.server.mood("{}");
    check_equal(site.model().run(spots_input(0.5F)), spots_answer(spots_input(0.5F)));
    CHECK(site.seen()["infer"].get<int>() >= before + 2);  // a golden input and the image
}

TEST_CASE("429 and 503 are a pause of the length that the server names", "[tools][remote]") {
    Site site;
    (void)site.model();
    for (const auto& [mood, wanted] :
         {std::pair{R"({"status": 429, "retry_after": 7})", 7000ms},
          std::pair{R"({"status": 503})", 5000ms},
          std::pair{R"({"status": 503, "retry_after": 86400})", 900'000ms}}) {
        site.server.mood(mood);
        try {
            (void)site.model().run(spots_input(0.5F));
            FAIL("it answered");
        } catch (const inference::Later& later) {
            CHECK(later.after() == wanted);
        }
    }
    site.server.mood("{}");
    CHECK_NOTHROW(site.model().run(spots_input(0.5F)));
    CHECK(site.seen()["connections"] == 1);
}

TEST_CASE("every other error is said in words, and costs an image only where it is the image's",
          "[tools][remote]") {
    Site site;
    (void)site.model();
    const auto fault = [&] {
        try {
            (void)site.model().run(spots_input(0.5F));
        } catch (const inference::NobodyAnswers&) {
            return std::string{"nobody"};
        } catch (const Error& error) {
            CHECK_THAT(error.what(), Catch::Contains("told to refuse"));
            return std::string{name_of(error.fault())};
        }
        return std::string{"answered"};
    };
    SECTION("once: it is asked again") {
        site.server.mood(R"({"status": 500, "times": 1})");
        CHECK(fault() == "answered");
    }
    SECTION("once, a page of a proxy: it is asked again") {
        site.server.mood(R"({"body": "<h1>Log in</h1>", "times": 1})");
        CHECK(fault() == "answered");
    }
    SECTION("always: the golden input is refused as well") {
        site.server.mood(R"({"status": 400})");
        CHECK(fault() == "nobody");
    }
    SECTION("a certificate that is revoked, say") {
        site.server.mood(R"({"status": 403})");
        CHECK(fault() == "nobody");
    }
    SECTION("the server's weights were exchanged for others") {
        site.server.mood(R"({"status": 409})");
        CHECK(fault() == "nobody");
    }
    SECTION("a gateway without a server behind it") {
        site.server.mood(R"({"status": 502})");
        CHECK(fault() == "unavailable");
    }
}

TEST_CASE("a server that dies with an image, or is slow, is unavailable", "[tools][remote]") {
    Site site;
    SECTION("dies") {
        (void)site.model();
        site.server.mood(R"({"die": true})");
        const auto words = site.words_of_run<Error>();
        CHECK_THAT(words, Catch::Contains(site.server.url()) && !Catch::Contains("another kind"));
        CHECK_THAT(site.words_of_run(), Catch::Contains("onnect"));  // and from now on, nobody
        site.server.start_again();
        CHECK_NOTHROW(site.model().run(spots_input(0.5F)));
    }
    SECTION("is slow") {
        site.settings.connect_timeout_s = site.settings.answer_timeout_s = 1;
        (void)site.model();
        site.server.mood(R"({"delay_s": 30})");
        CHECK_THAT(site.words_of_run<Error>(), Catch::Contains("timed out"));
        site.server.mood("{}");
        CHECK_NOTHROW(site.model().run(spots_input(0.5F)));
    }
    SECTION("was never there") {
        site.settings.url = "http://127.0.0.1:" + std::to_string(fake::free_port());
        CHECK_THAT(site.words_of_run(), Catch::Contains("onnect"));
    }
}
