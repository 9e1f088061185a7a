// SPDX-License-Identifier: Apache-2.0
// libFuzzer: the first words of a caller. What the door peeks at, as it comes; then the body of an
// A-ASSOCIATE-RQ under a header that is right, as the door hands it to the session.
#include "scp/wire/associate_request.h"
#include "scp/wire/client_hello.h"
#include "tests/fuzz/front_house.h"
#include "tests/fuzz/target.h"

namespace bucky::fuzz {

void try_input(std::span<const std::uint8_t> input) {
    for (const std::size_t so_far : {std::size_t{0}, input.size() / 2, input.size()}) {
        const auto first = input.first(so_far);
        for (const auto& peek : {scp::peek(first), scp::peek_hello(first)}) {
            if (peek.kind == scp::Peek::Kind::more && peek.bytes <= first.size()) __builtin_trap();
            if (peek.kind == scp::Peek::Kind::whole && peek.bytes > first.size()) __builtin_trap();
        }
    }
    Bytes request{1, 0};
    put_big(request, input.size(), 4);
    request.insert(request.end(), input.begin(), input.end());
    if (scp::peek(request).kind != scp::Peek::Kind::whole) return;
    FrontHouse::one().serve(std::move(request), {});
}

}  // namespace bucky::fuzz
