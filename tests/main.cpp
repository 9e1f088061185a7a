// SPDX-License-Identifier: Apache-2.0
// The one main of every test executable: Catch2's costs ten seconds to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
