// SPDX-License-Identifier: Apache-2.0
// libFuzzer: what a server of the Open Inference Protocol may answer: to a question for its model,
// and to an image. The first two bytes are the length of the JSON, where the answer says one.
#include <cstddef>
#include <optional>
#include <string_view>

#include "conf/base/error.h"
#include "tests/fuzz/target.h"
#include "tools/bucky/remote/wire.h"

namespace bucky::fuzz {
namespace {

template <typename Read>
void attempt(Read read) {
    try {
        read();
    } catch (const Error&) {  // an answer
    }
}

}  // namespace

void try_input(std::span<const std::uint8_t> input) {
    if (input.size() < 2) return;
    const std::size_t told = input[0] * 256UL + input[1];
    const std::string_view body{reinterpret_cast<const char*>(input.data()) + 2, input.size() - 2};
    const auto json_bytes = told > 0 ? std::optional{told} : std::nullopt;
    attempt([&] { (void)read_infer_answer(body, json_bytes, {"image", {"scores", "heatmaps"}}); });
    attempt([&] { (void)read_metadata(body); });
    attempt([&] {
        RemoteMetadata named;
        add_from_config(body, named);
    });
    attempt([&] { (void)error_words(body); });
}

}  // namespace bucky::fuzz
