// SPDX-License-Identifier: Apache-2.0
// libFuzzer: the body of a request to the model server. First byte: its coding, and whether the
// second says how long the JSON is. What is taken has as many numbers as the model takes.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "conf/base/error.h"
#include "tests/fuzz/target.h"
#include "tools/bucky/service/content_coding.h"
#include "tools/bucky/service/infer_request.h"

namespace bucky::fuzz {
namespace {

constexpr service::Signature kModel{.channels = 1, .rows = 2, .columns = 3, .has_heatmaps = true};
constexpr std::string_view kCodings[] = {"", "deflate", "gzip"};
constexpr std::uint8_t kHasJsonBytes = 0x80;

void read(std::span<const std::uint8_t> input) {
    const auto coding = kCodings[(input[0] & ~kHasJsonBytes) % 3];
    std::optional<std::size_t> json_bytes;
    if ((input[0] & kHasJsonBytes) != 0) json_bytes = input[1];
    const std::string body{input.begin() + 2, input.end()};
    const auto most = service::body_bytes_max(kModel, json_bytes.has_value());
    const auto content = service::decode_content(body, coding, most);
    if (content.size() > std::max(most, body.size())) std::abort();
    const auto request = service::read_infer_request(content, json_bytes, kModel);
    if (request.images.empty() || request.outputs.empty()) std::abort();
    for (const auto& image : request.images) {
        if (image.values.size() != kModel.values()) std::abort();
    }
}

}  // namespace

void try_input(std::span<const std::uint8_t> input) {
    if (input.size() < 2) return;
    try {
        read(input);
    } catch (const Error& error) {  // an answer
        if (error.fault() == Fault::bug) std::abort();
    }
}

}  // namespace bucky::fuzz
