// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/infer_request.h"

#include <limits>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/tools/service/http_caller.h"

using namespace bucky;
using namespace bucky::service;

namespace {

constexpr Signature kTwoByThree{.channels = 1, .rows = 2, .columns = 3, .has_heatmaps = true};
const std::vector<float> kSix{0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};

InferRequest read(const std::string& json, const std::vector<float>& values = {}) {
    std::string body = json;
    body.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    return read_infer_request(body, json.size(), kTwoByThree);
}

std::string why_not(const std::string& json, const std::vector<float>& values = {}) {
    try {
        (void)read(json, values);
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::bad_input);
        return error.what();
    }
    return "taken";
}

std::string binary(const std::string& shape, std::size_t bytes, const std::string& more = "") {
    return R"({"inputs":[{"name":"image","datatype":"FP32","shape":)" + shape +
           R"(,"parameters":{"binary_data_size":)" + std::to_string(bytes) + "}}]" + more + "}";
}

std::string in_json(const std::string& data) {
    return R"({"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,2,3],"data":)" + data +
           "}]}";
}

}  // namespace

TEST_CASE("a binary tensor and the same numbers in JSON are the same image", "[service]") {
    const auto one = read(binary("[1,1,2,3]", 24), kSix);
    const auto flat = read(in_json("[0.1,0.2,0.3,0.4,0.5,0.6]"));
    const auto nested = read(in_json("[[[[0.1,0.2,0.3],[0.4,0.5,0.6]]]]"));
    REQUIRE(one.images.size() == 1);
    CHECK(one.images[0].values == kSix);
    CHECK(flat.images[0].values == kSix);
    CHECK(nested.images[0].values == kSix);
    CHECK(one.images[0].rows == 2);
    CHECK(one.images[0].columns == 3);
}

TEST_CASE("a batch is cut into its images", "[service]") {
    auto twelve = kSix;
    twelve.insert(twelve.end(), kSix.rbegin(), kSix.rend());
    const auto request = read(binary("[2,1,2,3]", 48), twelve);
    REQUIRE(request.images.size() == 2);
    CHECK(request.images[0].values == kSix);
    CHECK(request.images[1].values == std::vector<float>(kSix.rbegin(), kSix.rend()));
}

TEST_CASE("outputs are those that the request names, in its order and form", "[service]") {
    const auto all =
        read(binary("[1,1,2,3]", 24, R"(,"parameters":{"binary_data_output":true})"), kSix);
    REQUIRE(all.outputs.size() == 2);
    CHECK(all.outputs[0].name == "scores");
    CHECK(all.outputs[1].is_binary);
    const auto some = read(
        binary("[1,1,2,3]", 24,
               R"(,"id":"x7","outputs":[{"name":"heatmaps","parameters":{"binary_data":true}},)"
               R"({"name":"scores"}])"),
        kSix);
    REQUIRE(some.outputs.size() == 2);
    CHECK(some.outputs[0].name == "heatmaps");
    CHECK(some.outputs[0].is_binary);
    CHECK_FALSE(some.outputs[1].is_binary);
    CHECK(some.id == "x7");
}

TEST_CASE("a shape, a name, a type or a size that is not the model's is named", "[service]") {
    const auto contains = [](const char* part) { return Catch::Contains(part); };
    CHECK_THAT(why_not(binary("[1,1,3,2]", 24), kSix), contains("the model takes [N,1,2,3]"));
    CHECK_THAT(why_not(binary("[1,2,3]", 24), kSix), contains("the shape of image is [1,2,3]"));
    CHECK_THAT(why_not(binary("[0,1,2,3]", 24), kSix), contains("the shape"));
    CHECK_THAT(why_not(binary("[-1,1,2,3]", 24), kSix), contains("the shape"));
    CHECK_THAT(why_not(binary("[9223372036854775807,1,2,3]", 24), kSix), contains("images in a"));
    CHECK_THAT(why_not(binary("[1,1,2,3]", 20), kSix), contains("binary_data_size 20"));
    CHECK_THAT(why_not(binary("[1,1,2,3]", 24), {1.0F}), contains("4 bytes follow"));
    CHECK_THAT(why_not(binary("[1,1,2,3]", 24, R"(,"outputs":[{"name":"weights"}])"), kSix),
               contains("no such output"));
    CHECK_THAT(why_not(R"({"inputs":[]})"), contains("one input, called image"));
    CHECK_THAT(why_not(R"({"inputs":[{"name":"x"}]})"), contains("one input, called image"));
    CHECK_THAT(why_not(R"({"inputs":[{"name":"image","datatype":"INT8"}]})"), contains("FP32"));
    CHECK_THAT(why_not(in_json("[1,2,3]")), contains("have 3 numbers"));
    CHECK_THAT(why_not(in_json(R"([1,2,3,4,5,"6"])")), contains("numbers are wanted"));
    CHECK_THAT(why_not(in_json("[1,2,3,4,5,1e300]")), contains("beyond float32"));
}

TEST_CASE("a number that is not finite is no pixel", "[service]") {
    auto values = kSix;
    values[3] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THAT(why_not(binary("[1,1,2,3]", 24), values), Catch::Contains("not finite"));
    values[3] = std::numeric_limits<float>::infinity();
    CHECK_THAT(why_not(binary("[1,1,2,3]", 24), values), Catch::Contains("not finite"));
}

TEST_CASE("JSON that is none, too deep or too long is refused before it takes memory",
          "[service]") {
    CHECK_THAT(why_not("{"), Catch::Contains("no JSON"));
    CHECK_THAT(why_not("[]"), Catch::Contains("an object is wanted"));
    CHECK_THAT(why_not(in_json(std::string(50, '['))), Catch::Contains("too many levels"));
    std::string many = "[1";
    for (int i = 0; i < 200; ++i) many += ",1";
    CHECK_THAT(why_not(in_json(many + "]")), Catch::Contains("more numbers than the model takes"));
    CHECK_THAT(why_not(R"({"id":")" + std::string(70'000, 'x') + "\"}"),
               Catch::Contains("the JSON has"));
}

TEST_CASE("a key cannot pass for a place that it does not have", "[service]") {
    CHECK_THAT(why_not(R"({"inputs[].name":"image","inputs[].shape[]":1})"),
               Catch::Contains("one input"));
    CHECK_THAT(why_not(R"({"outputs[].name":"scores"})"), Catch::Contains("one input"));
    CHECK_THAT(why_not(R"({"inputs":[["image"]]})"), Catch::Contains("an object is wanted"));
}

TEST_CASE("an Inference-Header-Content-Length that lies is named", "[service]") {
    CHECK_THROWS_WITH(read_infer_request("{}", 3, kTwoByThree),
                      Catch::Contains("is 3, the body has 2 bytes"));
}
