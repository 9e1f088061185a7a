// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/remote/wire.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tests/support/process.h"
#include "tools/bucky/remote/http_client.h"

using namespace bucky;
using inference::ModelInput;
using nlohmann::json;

namespace {

const TensorNames kNames{"image", {"scores", "heatmaps"}};

std::string as_bytes(const std::vector<float>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

/// An answer with two scores and heatmaps of 1 x 2; a test changes the JSON.
json good_head() {
    return json::parse(R"({"outputs": [
        {"name": "scores", "datatype": "FP32", "shape": [1, 2],
         "parameters": {"binary_data_size": 8}},
        {"name": "heatmaps", "datatype": "FP32", "shape": [1, 2, 1, 2],
         "parameters": {"binary_data_size": 16}}]})");
}

inference::ModelOutput read(const json& head,
                            const std::vector<float>& numbers = {0.25F, 0.5F, 0, 1, 0.125F, 1}) {
    const auto text = head.dump();
    return read_infer_answer(text + as_bytes(numbers), text.size(), kNames);
}

Fault fault_of_reading(const json& head,
                       const std::vector<float>& numbers = {0.25F, 0.5F, 0, 1, 0.125F, 1}) {
    try {
        (void)read(head, numbers);
    } catch (const Error& error) {
        return error.fault();
    }
    FAIL("it was read");
    return Fault::bug;
}

}  // namespace

TEST_CASE("a request carries the tensor to the bit, an id, and nothing else", "[tools][remote]") {
    const ModelInput input{1, 1, 3, {0.1F, std::nextafter(0.5F, 1.0F), -2.5e-30F}};
    const auto request = infer_request(input, kNames, TensorForm::float32, "7f");
    const auto head = json::parse(request.body.substr(0, request.json_bytes));
    CHECK(head == json::parse(R"({"id": "7f",
        "inputs": [{"name": "image", "shape": [1, 1, 1, 3], "datatype": "FP32",
                    "parameters": {"binary_data_size": 12}}],
        "outputs": [{"name": "scores", "parameters": {"binary_data": true}},
                    {"name": "heatmaps", "parameters": {"binary_data": true}}]})"));
    CHECK(request.body.substr(request.json_bytes) == as_bytes(input.values));
}

TEST_CASE("a request in FP16 has half the bytes", "[tools][remote]") {
    const auto request = infer_request({1, 1, 2, {1.0F, -0.5F}}, kNames, TensorForm::float16, "7f");
    const std::string tensor = request.body.substr(request.json_bytes);
    CHECK(tensor == std::string("\x00\x3c\x00\xb8", 4));
    CHECK(request.body.find(R"("FP16")") < request.json_bytes);
}

TEST_CASE("a request without binary tensors has the same numbers in its JSON", "[tools][remote]") {
    const ModelInput input{1, 1, 3, {0.1F, std::nextafter(0.5F, 1.0F), -2.5e-30F}};
    const auto request = infer_request(input, kNames, TensorForm::numbers, "7f");
    const auto head = json::parse(request.body);
    CHECK(head["inputs"][0]["data"].get<std::vector<float>>() == input.values);
    CHECK(head["outputs"][0] == json{{"name", "scores"}});
}

TEST_CASE("half precision is rounded to the nearest, ties to even", "[tools][remote]") {
    CHECK(to_half(65504.0F) == 0x7BFF);
    CHECK(to_half(65520.0F) == 0x7C00);  // infinity
    CHECK(to_half(0x1p-24F) == 0x0001);
    CHECK(to_half(0x1p-25F) == 0x0000);         // a tie, to even
    CHECK(to_half(0x1.8p-24F) == 0x0002);       // a tie, to even
    CHECK(to_half(1.0F + 0x1p-11F) == 0x3C00);  // a tie, to even
    CHECK(to_half(1.0F + 0x1.8p-10F) == 0x3C02);
    CHECK(std::isnan(from_half(to_half(std::numeric_limits<float>::quiet_NaN()))));
    int wrong = 0;
    for (std::uint32_t half = 0; half < 0x10000; ++half) {
        const float number = from_half(static_cast<std::uint16_t>(half));
        wrong += std::isnan(number) || to_half(number) == half ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("an answer is read from binary tensors, from numbers, and from FP16", "[tools][remote]") {
    const auto output = read(good_head());
    CHECK(output.scores == std::vector<float>{0.25F, 0.5F});
    CHECK(output.heatmap_rows == 1);
    CHECK(output.heatmap_columns == 2);
    CHECK(output.heatmaps == std::vector<float>{0, 1, 0.125F, 1});

    const auto numbers = json::parse(R"({"outputs": [
        {"name": "other", "datatype": "FP32", "shape": [1], "data": [7]},
        {"name": "heatmaps", "datatype": "FP32", "shape": [2, 1, 2],
         "data": [[[0, 1]], [[0.1, 1]]]},
        {"name": "scores", "datatype": "FP32", "shape": [1, 2],
         "data": [0.25, 0.30000001192092896]}
        ]})");
    const auto read_numbers = read_infer_answer(numbers.dump(), std::nullopt, kNames);
    CHECK(read_numbers.scores == std::vector<float>{0.25F, 0.3F});
    CHECK(read_numbers.heatmaps == std::vector<float>{0, 1, 0.1F, 1});

    auto halves = good_head();
    halves["outputs"].erase(1);
    halves["outputs"][0]["datatype"] = "FP16";
    halves["outputs"][0]["parameters"]["binary_data_size"] = 4;
    const auto text = halves.dump();
    CHECK(read_infer_answer(text + std::string("\x00\x34\x00\x38", 4), text.size(),
                            {"image", {"scores"}})
              .scores == std::vector<float>{0.25F, 0.5F});
}

TEST_CASE("an answer that lies about itself is none", "[tools][remote]") {
    auto head = good_head();
    auto& scores = head["outputs"][0];
    SECTION("more bytes than there are") {
        scores["parameters"]["binary_data_size"] = 1 << 20;
    }
    SECTION("bytes of another number of numbers") {
        scores["shape"] = {1, 3};
    }
    SECTION("a shape that overflows") {
        scores["shape"] = {1ULL << 32U, 1ULL << 32U};
    }
    SECTION("a shape of nothing") {
        scores["shape"] = json::array();
    }
    SECTION("a negative side") {
        scores["shape"] = {-1, 2};
    }
    SECTION("two images") {
        head["outputs"][0]["shape"] = {2, 1};
    }
    SECTION("another type") {
        scores["datatype"] = "INT8";
    }
    SECTION("no scores") {
        scores["name"] = "points";
    }
    SECTION("no heatmaps") {
        head["outputs"].erase(1);
    }
    SECTION("heatmaps of other findings") {
        head["outputs"][1]["shape"] = {1, 4, 1, 1};
    }
    SECTION("no outputs") {
        head.erase("outputs");
    }
    SECTION("outputs that are no objects") {
        head["outputs"] = {1, 2};
    }
    SECTION("a text for numbers") {
        scores.erase("parameters");
        scores["data"] = {"healthy", "ill"};
    }
    CHECK(fault_of_reading(head) == Fault::corrupt);
}

TEST_CASE("numbers that no model may give are refused", "[tools][remote]") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(fault_of_reading(good_head(), {nan, 0.5F, 0, 1, 0, 1}) == Fault::corrupt);
    CHECK(fault_of_reading(good_head(), {0.5F, 0.5F, 0, 7.5F, 0, 1}) == Fault::corrupt);
    CHECK_THROWS_AS(read_infer_answer("<html>Please log in</html>", std::nullopt, kNames), Error);
}

TEST_CASE("metadata names versions, tensors and the hash of the weights", "[tools][remote]") {
    const auto metadata = read_metadata(R"({"name": "spots", "versions": ["1", "1.0.0"],
        "inputs": [{"name": "image"}], "outputs": [{"name": "s"}, {"name": "h"}],
        "parameters": {"sha256": "abc", "purpose": "research"}})");
    CHECK(metadata.versions == std::vector<std::string>{"1", "1.0.0"});
    CHECK(metadata.inputs == std::vector<std::string>{"image"});
    CHECK(metadata.outputs == std::vector<std::string>{"s", "h"});
    CHECK(metadata.sha256 == "abc");
    CHECK(metadata.purpose == "research");
    CHECK(read_metadata("{}").sha256.empty());
    CHECK_THROWS_AS(read_metadata("[]"), Error);
    RemoteMetadata of_config;
    add_from_config(R"({"parameters": {"sha256": {"string_value": "abc"},
                                       "purpose": {"string_value": "clinical"}}})",
                    of_config);
    CHECK(of_config.sha256 == "abc");
    CHECK(of_config.purpose == "clinical");
    add_from_config(R"({"parameters": 7})", of_config);
    CHECK(of_config.sha256.empty());
}

TEST_CASE("an error is shown in the server's words, as one printable line", "[tools][remote]") {
    CHECK(error_words(R"({"error": "no such\nmodel"})") == "no such model");
    CHECK(error_words("<h1>Bad gateway</h1>") == "<h1>Bad gateway</h1>");
    CHECK(error_words(std::string(5000, 'x')).size() <= 300);
}

TEST_CASE("what is compressed is read by others", "[tools][remote]") {
    const std::string text(10'000, 'x');
    const auto small = compressed(text, false);
    CHECK(small.size() < 100);
    std::string hex;
    for (const char c : small) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    const auto judged = test::run({"/usr/bin/python3", "-c",
                                   "import sys, zlib; print(zlib.decompress(bytes.fromhex("
                                   "sys.argv[1])) == b'x' * 10000)",
                                   hex});
    CHECK(judged.output == "True\n");
}

TEST_CASE("a url's host and the parts of a path are told apart", "[tools][remote]") {
    CHECK(host_of("https://ai.example/x") == "ai.example");
    CHECK(host_of("https://ai.example:8443") == "ai.example");
    CHECK(host_of("http://[::1]:80/") == "[::1]");
    CHECK(path_part("a b/ü") == "a%20b%2F%C3%BC");
}
