// SPDX-License-Identifier: Apache-2.0
// libFuzzer: a data set on its way into Intake: C-STORE, spool file, the walk over the data set,
// the transaction. First byte: bits 0-1 the transfer syntax, bits 2-7 how large the PDVs are.
#include <algorithm>

#include "tests/fuzz/front_house.h"
#include "tests/fuzz/target.h"

namespace bucky::fuzz {
namespace {

constexpr std::uint8_t kCommand = 1, kLast = 2;  // PS3.8 E.2

/// Implicit VR Little Endian, as all commands (PS3.7 6.3.1).
void put_element(Bytes& to, std::uint8_t low, std::uint8_t high, std::span<const char> value) {
    to.insert(to.end(), {0, 0, low, high, static_cast<std::uint8_t>(value.size()), 0, 0, 0});
    to.insert(to.end(), value.begin(), value.end());
}

/// C-STORE-RQ (PS3.7 9.3.1.1) of the instance that the seeds are.
Bytes store_request() {
    const auto text = [](std::string_view value) { return std::span{value.data(), value.size()}; };
    Bytes command;
    put_element(command, 0x02, 0x00, text({"1.2.840.10008.5.1.4.1.1.1.1\0", 28}));
    put_element(command, 0x00, 0x01, text({"\x01\0", 2}));
    put_element(command, 0x10, 0x01, text({"\x01\0", 2}));
    put_element(command, 0x00, 0x07, text({"\0\0", 2}));
    put_element(command, 0x00, 0x08, text({"\x01\0", 2}));
    put_element(command, 0x00, 0x10, text({"1.2.3.4\0", 8}));
    Bytes whole;
    const char length[] = {static_cast<char>(command.size()), 0, 0, 0};
    put_element(whole, 0x00, 0x00, length);
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
}

}  // namespace

void try_input(std::span<const std::uint8_t> input) {
    static const Bytes request = usual_request();
    static const Bytes command = store_request();
    if (input.empty()) return;
    const auto context = static_cast<std::uint8_t>(3 + 2 * (input[0] & 3U));
    const std::size_t most = 2 * (input[0] >> 2U) == 0 ? 4096 : 2 * (input[0] >> 2U);
    auto dataset = input.subspan(1);
    Bytes said;
    put_pdata(said, context, kCommand | kLast, command);
    do {
        const auto fragment = dataset.first(std::min(most, dataset.size()));
        dataset = dataset.subspan(fragment.size());
        put_pdata(said, context, dataset.empty() ? kLast : 0, fragment);
    } while (!dataset.empty());
    FrontHouse::one().serve(request, said);
}

}  // namespace bucky::fuzz
