// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/service.h"

#include <cstring>

#include <zlib.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/digest.h"
#include "tests/tools/service/served.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::vector<int> kShape{1, 1, 256, 256};

std::string error_in(const HttpAnswer& answer) {
    return json::parse(answer.body, nullptr, false).value("error", "no JSON: " + answer.body);
}

inference::ModelOutput at_home(const std::vector<float>& values) {
    const auto shelf = phantom_shelf().now();
    return shelf->packages().front().model->run({1, 256, 256, values});
}

std::vector<float> floats(std::string_view bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
}

}  // namespace

TEST_CASE("scores and heatmaps that come over the wire equal those at home to the bit",
          "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    const auto answer = site.ask(infer_request(slope(), kShape));
    REQUIRE(answer.status == 200);
    REQUIRE(answer.json_bytes > 0);
    const auto document = json::parse(answer.body.substr(0, answer.json_bytes));
    CHECK(document["id"] == "42");
    CHECK(document["model_name"] == "cxr-phantom");
    CHECK(document["parameters"]["device"].get<std::string>().starts_with("cpu"));
    const auto expected = at_home(slope());
    auto all = expected.scores;
    all.insert(all.end(), expected.heatmaps.begin(), expected.heatmaps.end());
    CHECK(floats(std::string_view{answer.body}.substr(answer.json_bytes)) == all);
}

TEST_CASE("a batch, JSON tensors and a packed body give the same scores", "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    auto two = slope();
    two.insert(two.end(), two.size(), 0.5F);
    const auto batch = site.ask(infer_request(two, {2, 1, 256, 256}));
    REQUIRE(batch.status == 200);
    const auto scores = floats(std::string_view{batch.body}.substr(batch.json_bytes));

    HttpRequest in_json{.method = "POST", .target = "/v2/models/cxr-phantom/versions/1.1.0/infer"};
    in_json.body =
        json{{"inputs",
              {{{"name", "image"}, {"datatype", "FP32"}, {"shape", kShape}, {"data", slope()}}}},
             {"outputs", {{{"name", "scores"}}}}}
            .dump();
    const auto text = site.ask(in_json);
    REQUIRE(text.status == 200);
    const auto data = json::parse(text.body)["outputs"][0]["data"].get<std::vector<float>>();
    CHECK(data == at_home(slope()).scores);
    CHECK(std::equal(data.begin(), data.end(), scores.begin()));

    auto packed = infer_request(slope(), kShape);
    std::string body(compressBound(packed.body.size()), '\0');
    uLongf bytes = body.size();
    REQUIRE(compress(reinterpret_cast<Bytef*>(body.data()), &bytes,
                     reinterpret_cast<const Bytef*>(packed.body.data()),
                     packed.body.size()) == Z_OK);
    body.resize(bytes);
    packed.body = body;
    packed.fields.emplace_back("Content-Encoding", "deflate");
    const auto unpacked = site.ask(packed);
    REQUIRE(unpacked.status == 200);
    CHECK(floats(std::string_view{unpacked.body}.substr(unpacked.json_bytes))[0] == data[0]);
}

TEST_CASE("the server says what it is, what it serves and with which weights", "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    CHECK(json::parse(site.ask({}).body)["extensions"][0] == "binary_tensor_data");
    CHECK(site.ask({.target = "/v2/health/live"}).status == 200);
    CHECK(json::parse(site.ask({.target = "/v2/health/ready"}).body)["ready"] == true);
    const auto told = json::parse(site.ask({.target = "/v2/models/cxr-phantom"}).body);
    const auto& package = phantom_shelf().now()->packages().front().package;
    CHECK(told["parameters"]["sha256"] == package.identity.sha256);
    CHECK(told["parameters"]["purpose"] == "demonstration");
    CHECK(told["versions"][0] == package.identity.version);
    CHECK(told["inputs"][0]["shape"] == json{-1, 1, 256, 256});
    CHECK(told["outputs"][0]["shape"] == json{-1, package.findings.size()});
    CHECK(site.ask({.target = "/v2/models/cxr-phantom/versions/1.1.0/ready"}).status == 200);
    CHECK(site.ask({.target = "/v2/models/cxr%2Dphantom/ready"}).status == 200);
}

TEST_CASE("a site without weights is given them, and they have their hash", "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    const auto& package = phantom_shelf().now()->packages().front().package;
    const auto answer = site.ask({.target = "/v2/models/cxr-phantom/versions/1.1.0/weights"});
    CHECK(answer.status == 200);
    CHECK(hex(sha256(answer.body)) == package.identity.sha256);
    CHECK(json::parse(site.ask({}).body)["name"] == "bucky");  // and not the file again
}

TEST_CASE("a site whose package has other weights is told so before its image is looked at",
          "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    const auto& ours = phantom_shelf().now()->packages().front().package.identity.sha256;
    auto request = infer_request(slope(), kShape);
    request.fields.emplace_back("Bucky-Weights-Sha256", ours);
    CHECK(site.ask(request).status == 200);
    const std::string other(64, 'b');
    request.fields.back().second = other;
    const auto answer = site.ask(request);
    CHECK(answer.status == 409);
    CHECK(error_in(answer) ==
          "the server has the weights " + ours + ": the site's package cxr-phantom has " + other);
    CHECK(answer.stays);
    for (const auto* target : {"/v2/models/cxr-phantom", "/v2/models/cxr-phantom/ready"}) {
        HttpRequest look{.target = target, .fields = {{"Bucky-Weights-Sha256", "not<a>hash"}}};
        const auto told = site.ask(look);
        CHECK(told.status == 409);
        CHECK_THAT(error_in(told), Catch::EndsWith("has others"));
        CHECK(told.stays);
        look.fields.front().second = ours;
        CHECK(site.ask(look).status == 200);
    }
}

TEST_CASE("what is refused is read at a pace: to send it again at once gains nothing",
          "[service]") {
    ServiceTimes times;
    times.hold_back = 300ms;
    const Served served{plain_service(), times};
    HttpCaller rude{served.port()}, other{served.port()};
    auto request = infer_request(slope(), kShape);
    request.target = "/v2/models/other/infer";
    const auto began = std::chrono::steady_clock::now();
    CHECK(rude.ask(request).status == 404);
    CHECK(rude.ask(request).status == 404);
    CHECK(std::chrono::steady_clock::now() - began >= 600ms);
    CHECK(other.ask(infer_request(slope(), kShape)).status == 200);
}

TEST_CASE("what cannot be answered is refused in words, and the connection goes on", "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    const auto good = infer_request(slope(), kShape);
    const auto refused = [&](HttpRequest request, int status) {
        const auto answer = site.ask(request);
        CHECK(answer.status == status);
        CHECK_FALSE(error_in(answer).starts_with("no JSON"));
        CHECK(answer.stays);
        return error_in(answer);
    };
    auto request = good;
    request.target = "/v2/models/other/infer";
    CHECK_THAT(refused(request, 404), Catch::Contains("no such model"));
    request.target = "/v2/models/cxr-phantom/versions/9/infer";
    refused(request, 404);
    refused({.target = "/v3"}, 404);
    refused({.target = "/v2/models/cxr-phantom/infer"}, 405);
    request = good;
    request.fields.emplace_back("Content-Encoding", "br");
    refused(request, 415);
    request = good;
    request.fields[0].second = "many";
    refused(request, 400);
    request.fields[0].second = "99999999";
    refused(request, 400);
    CHECK_THAT(refused(infer_request({1.0F}, {1, 1, 1, 1}), 400), Catch::Contains("shape"));
    CHECK(site.ask(good).status == 200);
}

TEST_CASE("a body of 2 GB, one without a length and one that is too long end early", "[service]") {
    const Served served;
    const std::string post = "POST /v2/models/cxr-phantom/infer HTTP/1.1\r\nHost: x\r\n";
    HttpCaller huge{served.port()};
    huge.send(post + "Content-Length: 2147483648\r\n\r\n");
    auto answer = huge.hear();
    CHECK(answer.status == 413);
    CHECK_THAT(error_in(answer), Catch::Contains("2147483648 bytes"));
    CHECK_FALSE(answer.stays);

    HttpCaller none{served.port()};
    none.send(post + "\r\n");
    CHECK(none.hear().status == 400);

    HttpCaller expects{served.port()};
    expects.send(post + "Expect: 100-continue\r\nContent-Length: 2147483648\r\n\r\n");
    CHECK(expects.hear().status == 413);

    HttpCaller chunked{served.port()};
    chunked.send(post + "Inference-Header-Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string part(1U << 20U, 'x');
    for (int i = 0; i < 4; ++i) chunked.send("100000\r\n" + part + "\r\n");
    chunked.send("100000\r\n" + part);  // 5 MB, and 16 images have 4
    CHECK(chunked.hear().status == 413);
}

TEST_CASE("a deflate bomb is refused, and what is no HTTP too", "[service]") {
    const Served served;
    HttpCaller site{served.port()};
    auto bomb = infer_request(slope(), kShape);
    const std::string zeros(64U << 20U, '\0');
    bomb.body.resize(compressBound(zeros.size()));
    uLongf bytes = bomb.body.size();
    REQUIRE(compress(reinterpret_cast<Bytef*>(bomb.body.data()), &bytes,
                     reinterpret_cast<const Bytef*>(zeros.data()), zeros.size()) == Z_OK);
    bomb.body.resize(bytes);
    bomb.fields.emplace_back("Content-Encoding", "deflate");
    const auto answer = site.ask(bomb);
    CHECK(answer.status == 400);
    CHECK_THAT(error_in(answer), Catch::Contains("unpacks to more"));

    HttpCaller stranger{served.port()};
    stranger.send("A-ASSOCIATE-RQ\r\n\r\n");
    CHECK(stranger.hear().status == 400);
    HttpCaller talker{served.port()};
    talker.send("GET /v2 HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
    CHECK(talker.hear().status == 431);
}

TEST_CASE("a sender that stops in the middle is told so, and others are answered meanwhile",
          "[service]") {
    const Served served{plain_service(), {.header = 10s, .idle = 10s, .part = 300ms, .look = 60s}};
    HttpCaller slow{served.port()};
    slow.send("POST /v2/models/cxr-phantom/infer HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{");
    HttpCaller good{served.port()};
    CHECK(good.ask(infer_request(slope(), kShape)).status == 200);
    const auto answer = slow.hear();
    CHECK(answer.status == 408);
    CHECK_FALSE(answer.stays);
    {
        HttpCaller gone{served.port()};
        gone.send("POST /v2/models/cxr-phantom/infer HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{");
    }
    CHECK(good.ask(infer_request(slope(), kShape)).status == 200);
}

TEST_CASE("a site beyond its quota waits, and its connection goes on", "[service]") {
    auto told = plain_service();
    told.site_per_day = 1;
    const Served served{told};
    HttpCaller site{served.port()};
    CHECK(site.ask(infer_request(slope(), kShape)).status == 200);
    const auto answer = site.ask(infer_request(slope(), kShape));
    CHECK(answer.status == 429);
    CHECK(answer.retry_after == "60");
    CHECK(answer.stays);
    CHECK(site.ask({}).status == 200);
}

TEST_CASE("a server that closes answers what it has and refuses what is new", "[service]") {
    Served served;
    HttpCaller site{served.port()};
    const auto request = infer_request(slope(), kShape);
    const auto text = "POST " + request.target +
                      " HTTP/1.1\r\nInference-Header-Content-Length: " + request.fields[0].second +
                      "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
    HttpCaller other{served.port()};
    CHECK(other.ask({}).status == 200);
    site.send(text + request.body);
    CHECK(site.hear().status == 200);
    served.service.close();
    CHECK(other.ask({.target = "/v2/health/ready"}).status == 503);
    CHECK(site.ask(request).status == 503);
}
