// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/status.h"

#include <string_view>

#include <fmt/format.h>

namespace bucky::scp {
namespace {

/// Statuses whose bits under `mask` equal `value`. The first match counts.
struct Row {
    std::uint16_t mask, value;
    SendVerdict verdict;
    std::string_view words;
};

// PS3.4 Table B.2-1 and PS3.7 Annex C. 0111 (duplicate SOP instance) is not a status of C-STORE,
// but archives answer it for an object that they hold. After a crash between their answer and our
// commit we send the object again, so it counts as success. 0110 and 0213 are temporary failures of
// the peer. The rest of 01xx and 02xx means that the request is at fault.
constexpr Row kRows[] = {
    {0xFFFF, 0x0000, SendVerdict::delivered, "success"},
    {0xFFFF, 0xB000, SendVerdict::delivered, "warning: coercion of data elements"},
    {0xFFFF, 0xB006, SendVerdict::delivered, "warning: elements discarded"},
    {0xFFFF, 0xB007, SendVerdict::delivered, "warning: data set does not match SOP class"},
    {0xF000, 0xB000, SendVerdict::delivered, "warning"},
    {0xFFFF, 0x0001, SendVerdict::delivered, "warning"},
    {0xFFFF, 0x0107, SendVerdict::delivered, "warning: attribute list error"},
    {0xFFFF, 0x0116, SendVerdict::delivered, "warning: attribute value out of range"},
    {0xFFFF, 0x0111, SendVerdict::already_there, "duplicate SOP instance: it is there already"},
    {0xFF00, 0xA700, SendVerdict::try_later, "refused: out of resources"},
    {0xFFFF, 0x0110, SendVerdict::try_later, "processing failure"},
    {0xFFFF, 0x0213, SendVerdict::try_later, "resource limitation"},
    {0xFF00, 0xA900, SendVerdict::refused, "error: data set does not match SOP class"},
    {0xF000, 0xA000, SendVerdict::refused, "refused"},
    {0xF000, 0xC000, SendVerdict::refused, "error: cannot understand"},
    {0xFFFF, 0x0117, SendVerdict::refused, "invalid SOP instance"},
    {0xFFFF, 0x0118, SendVerdict::refused, "no such SOP class"},
    {0xFFFF, 0x0122, SendVerdict::class_not_accepted, "refused: SOP class not supported"},
    {0xFFFF, 0x0124, SendVerdict::refused, "refused: not authorized"},
    {0xFFFF, 0x0210, SendVerdict::refused, "duplicate invocation"},
    {0xFFFF, 0x0211, SendVerdict::refused, "unrecognized operation"},
    {0xFFFF, 0x0212, SendVerdict::refused, "mistyped argument"},
    {0xFE00, 0x0000, SendVerdict::try_later, "an unusual failure"},
    {0x0000, 0x0000, SendVerdict::refused, "a status of the peer's own"},
};

const Row& row(std::uint16_t status) {
    const Row* at = kRows;
    while ((status & at->mask) != at->value) ++at;  // the last row matches everything
    return *at;
}

}  // namespace

SendVerdict meaning_of_store_status(std::uint16_t status) {
    return row(status).verdict;
}

std::string words_for_store_status(std::uint16_t status) {
    return fmt::format("{:04X} ({})", status, row(status).words);
}

}  // namespace bucky::scp
