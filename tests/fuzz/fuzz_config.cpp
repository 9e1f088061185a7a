// SPDX-License-Identifier: Apache-2.0
// libFuzzer: a configuration file. One that is taken is spelled out again and means the same.
#include "conf/file/read.h"
#include "tests/fuzz/target.h"

namespace bucky::fuzz {

void try_input(std::span<const std::uint8_t> input) {
    const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
    const auto settings = conf::read_settings_text(text, "/nowhere/bucky.toml");
    const auto again = conf::read_settings_text(conf::to_toml(settings), "/nowhere/bucky.toml");
    if (conf::spelled_out(settings) != conf::spelled_out(again)) __builtin_trap();
}

}  // namespace bucky::fuzz
