// SPDX-License-Identifier: Apache-2.0
// libFuzzer: what is said on an association that has been accepted: PDVs, whole and in pieces,
// DIMSE commands, data sets where none should be, and PDUs that are none.
//
// The input is a row of records: a byte that says what comes, a byte of length, so many bytes.
//   bits 0-1  message control header (PS3.8 E.2): command, last
//   bits 2-4  context 1, 3, ... 15: six of them were accepted
//   bit 5     the bytes are put on the wire as they are: a PDU of the fuzzer's own
//   bit 6     256 times the length
#include <algorithm>

#include "tests/fuzz/front_house.h"
#include "tests/fuzz/target.h"

namespace bucky::fuzz {

void try_input(std::span<const std::uint8_t> input) {
    static const Bytes request = usual_request();
    Bytes said;
    while (input.size() > 2) {
        const unsigned what = input[0];
        const std::size_t length = input[1] * ((what & 0x40U) != 0 ? 256UL : 1UL);
        input = input.subspan(2);
        const auto bytes = input.first(std::min(length, input.size()));
        input = input.subspan(bytes.size());
        if ((what & 0x20U) != 0) {
            said.insert(said.end(), bytes.begin(), bytes.end());
        } else {
            put_pdata(said, static_cast<std::uint8_t>((what >> 2U & 7U) * 2 + 1),
                      static_cast<std::uint8_t>(what & 3U), bytes);
        }
    }
    FrontHouse::one().serve(request, said);
}

}  // namespace bucky::fuzz
