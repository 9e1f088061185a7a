// SPDX-License-Identifier: Apache-2.0
// Lookup tables of a dataset. Descriptor and entries often contradict each other: the entries are
// read as they are, and the descriptor is believed where they leave a choice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inference/pixels/image.h"

class DcmItem;
class DcmTagKey;

namespace bucky::inference {

struct StoredTable {
    LookupTable table;
    /// The first input by the other reading of its sign; nullopt when both readings are the same.
    std::optional<int> other_first = {};
    bool is_cut = false;  ///< there are fewer entries than the descriptor says
    std::string note;     ///< for people: how the entries differ from the descriptor; may be empty
};

/// in   a dataset; a sequence of tables; whether their inputs may be negative
/// out  the tables that have a descriptor and entries, in the order of the sequence. The number of
///      bits of a VOI LUT is that of its largest entry, at least 8: devices state 16 for entries of
///      12 bits, or too few, and viewers scale by what the entries use
/// err  none
/// src  PS3.3 C.11.1.1.1, C.11.2.1.1
std::vector<StoredTable> read_tables(DcmItem& dataset, const DcmTagKey& sequence, bool is_signed);

/// The number in a value of 16 bits of VR US or SS.
inline int as_number(std::uint16_t raw, bool is_signed) {
    return is_signed ? static_cast<std::int16_t>(raw) : raw;
}

}  // namespace bucky::inference
