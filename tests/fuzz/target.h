// SPDX-License-Identifier: Apache-2.0
// What every fuzz target is: one function that a stranger's bytes are put into. An Error is an
// answer; anything else that leaves it is a finding. libFuzzer drives it in the preset `fuzz`;
// everywhere else replay.cpp puts the kept inputs through it, as a test.
#pragma once

#include <cstdint>
#include <span>

namespace bucky::fuzz {

void try_input(std::span<const std::uint8_t> input);

}  // namespace bucky::fuzz
