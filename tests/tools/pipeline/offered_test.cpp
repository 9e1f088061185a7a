// SPDX-License-Identifier: Apache-2.0
// scp/ knows what it offers and inference/ what it decodes, independently. They must agree.
#include <algorithm>

#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "scp/wire/contexts.h"
#include "tools/phantom/write.h"

using namespace bucky;

TEST_CASE("every transfer syntax that is offered is decoded, and phantoms come in all of them",
          "[tools]") {
    for (const auto& offered : scp::transfer_syntaxes()) {
        INFO(offered.name);
        CHECK(inference::decodes(offered.uid));
        const auto& written = phantom::transfer_syntaxes();
        CHECK(std::any_of(written.begin(), written.end(),
                          [&](const auto& row) { return row.uid == offered.uid; }));
    }
    for (const auto& written : phantom::transfer_syntaxes()) {
        INFO(written.name);
        CHECK(scp::find_transfer_syntax(written.uid) != nullptr);
    }
    // JPEG XL: docs/decisions/0410
    for (const char* younger :
         {"1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112"}) {
        CHECK(scp::find_transfer_syntax(younger) == nullptr);
        CHECK_FALSE(inference::decodes(younger));
    }
}
