// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/lookup_table.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include "inference/pixels/dicom_file.h"

namespace bucky::inference {
namespace {

using Entries = std::vector<std::uint16_t>;

/// LUT Data as 16-bit words. VR US, SS or OW by the standard (PS3.3 C.11.1.1.1); OB and UN where a
/// device or an archive did not know the tag.
Entries words_of(DcmItem& lut) {
    unsigned long count = 0;
    const Uint16* words = nullptr;
    if (lut.findAndGetUint16Array(DCM_LUTData, words, &count).good() && words != nullptr) {
        return {words, words + count};
    }
    const Sint16* negative = nullptr;
    if (lut.findAndGetSint16Array(DCM_LUTData, negative, &count).good() && negative != nullptr) {
        return {negative, negative + count};
    }
    const Uint8* bytes = nullptr;
    Entries entries;
    if (lut.findAndGetUint8Array(DCM_LUTData, bytes, &count).good() && bytes != nullptr) {
        for (unsigned long i = 0; i + 1 < count; i += 2) {
            entries.push_back(static_cast<std::uint16_t>(bytes[i] | bytes[i + 1] << 8U));
        }
    }
    return entries;
}

/// Two entries of 8 bits in each word, the first in the low byte.
Entries unpacked(const Entries& words, std::size_t count) {
    Entries entries;
    for (std::size_t i = 0; i < count; ++i) {
        entries.push_back(i % 2 == 0 ? words[i / 2] & 0xFFU : words[i / 2] >> 8U);
    }
    return entries;
}

std::uint16_t swapped(std::uint16_t word) {
    return static_cast<std::uint16_t>(word << 8U | word >> 8U);
}

/// The sum of the steps between neighbours.
std::uint64_t steps_in(const Entries& entries) {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < entries.size(); ++i) {
        sum += static_cast<std::uint64_t>(std::abs(int{entries[i]} - int{entries[i - 1]}));
    }
    return sum;
}

/// Entries whose bytes were exchanged jump up and down; the curve of a device does not.
bool put_bytes_in_order(Entries& entries) {
    constexpr std::size_t kEntriesToTell = 16;
    constexpr std::uint64_t kFarSmoother = 4;
    if (entries.size() < kEntriesToTell) return false;
    Entries other(entries.size());
    std::transform(entries.begin(), entries.end(), other.begin(), swapped);
    const std::uint64_t steps = steps_in(other);
    if (steps == 0 || steps * kFarSmoother >= steps_in(entries)) return false;
    entries = std::move(other);
    return true;
}

void add(std::string& note, const std::string& words) {
    note += note.empty() ? words : ", " + words;
}

/// in   the words; the entries that the descriptor declares, and their bits
Entries entries_of(Entries words, std::size_t declared, unsigned bits, StoredTable& stored) {
    if (words.size() < declared && words.size() == (declared + 1) / 2) {
        Entries entries = unpacked(words, declared);
        // With more bits than 8 it may be that half of the words is missing: then bytes jump.
        if (bits <= 8 || steps_in(entries) < steps_in(words)) return entries;
    }
    if (put_bytes_in_order(words)) add(stored.note, "the bytes of each entry exchanged");
    // One word more is padding. With more of them the number of entries is wrong.
    if (words.size() == declared + 1) words.pop_back();
    stored.is_cut = words.size() < declared;
    if (words.size() != declared) {
        add(stored.note, fmt::format("{} entries, not {}", words.size(), declared));
    }
    return words;
}

/// The number of bits of a VOI LUT's output. A Modality LUT's output is not scaled by it.
unsigned bits_of(const Entries& entries, unsigned declared, bool is_voi) {
    const unsigned highest = *std::max_element(entries.begin(), entries.end());
    const auto needed = std::max(8U, static_cast<unsigned>(std::bit_width(highest)));
    return is_voi ? needed : std::max(needed, std::min(declared, 16U));
}

/// Stretches the entries over all their bits: the scale is what they use. Up to a tenth less is
/// left as it is.
void fill_scale(LookupTable& table) {
    const unsigned top = (1U << table.bits) - 1;
    const unsigned highest = *std::max_element(table.entries.begin(), table.entries.end());
    if (highest == 0 || 10 * highest >= 9 * top) return;
    for (std::uint16_t& entry : table.entries) {
        entry = static_cast<std::uint16_t>((entry * top + highest / 2) / highest);
    }
}

std::optional<StoredTable> table_of(DcmItem& item, bool is_signed, bool is_voi) {
    const auto count = short_of(item, DCM_LUTDescriptor, 0);
    const auto first = short_of(item, DCM_LUTDescriptor, 1);
    const auto bits = short_of(item, DCM_LUTDescriptor, 2);
    if (!count || !first || !bits) return std::nullopt;
    StoredTable stored;
    stored.table.first = as_number(*first, is_signed);
    const int other = as_number(*first, !is_signed);
    if (other != stored.table.first) stored.other_first = other;
    Entries& entries = stored.table.entries;
    entries = entries_of(words_of(item), *count == 0 ? 65536 : *count, *bits, stored);
    if (entries.empty()) return std::nullopt;
    stored.table.bits = bits_of(entries, *bits, is_voi);
    if (is_voi) fill_scale(stored.table);
    if (is_voi && stored.table.bits != *bits) {
        add(stored.note, fmt::format("entries of {} bits, not {}", stored.table.bits, *bits));
    }
    return stored;
}

}  // namespace

std::vector<StoredTable> read_tables(DcmItem& dataset, const DcmTagKey& sequence, bool is_signed) {
    constexpr Sint32 kTablesMax = 16;
    const bool is_voi = sequence == DCM_VOILUTSequence;
    std::vector<StoredTable> tables;
    DcmItem* item = nullptr;
    for (Sint32 i = 0; i < kTablesMax; ++i) {
        if (dataset.findAndGetSequenceItem(sequence, item, i).bad()) break;
        if (auto table = table_of(*item, is_signed, is_voi)) tables.push_back(std::move(*table));
    }
    return tables;
}

}  // namespace bucky::inference
