// SPDX-License-Identifier: Apache-2.0
#include "storage/copies.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "conf/base/digest.h"
#include "conf/base/error.h"

namespace bucky::storage {
namespace {

constexpr std::uint32_t kPatientName = 0x00100010;
constexpr std::uint32_t kPatientId = 0x00100020;
constexpr std::uint32_t kIssuer = 0x00100021;
constexpr std::uint32_t kBirthDate = 0x00100030;
constexpr std::uint32_t kSex = 0x00100040;

std::string said(const ImageFacts& facts, std::uint32_t tag) {
    const auto found = facts.said.find(tag);
    return found == facts.said.end() ? "" : found->second;
}

/// The offset of the data set in a Part 10 file (PS3.10 7.1): after the preamble, "DICM" and
/// (0002,0000) File Meta Information Group Length, UL, 4 bytes. 0 when it is no Part 10 file.
std::streamoff data_set_begins(std::ifstream& in) {
    constexpr std::string_view kMetaBegins{"DICM\x02\x00\x00\x00UL\x04\x00", 12};
    constexpr std::size_t kPreambleBytes = 128;
    std::array<char, kPreambleBytes + kMetaBegins.size() + 4> head{};
    const bool is_part10 =
        in.read(head.data(), head.size()) &&
        std::string_view{head.data() + kPreambleBytes, kMetaBegins.size()} == kMetaBegins;
    in.clear();
    if (!is_part10) return 0;
    std::uint32_t meta_bytes = 0;
    for (std::size_t byte = 4; byte-- > 0;) {  // little endian
        meta_bytes = meta_bytes << 8U | static_cast<unsigned char>(head[head.size() - 4 + byte]);
    }
    return static_cast<std::streamoff>(head.size()) + meta_bytes;
}

/// The same rule as in tools/bucky/pipeline/patients.h: a header without a patient may be
/// anybody's.
bool same_patient(const ImageFacts& one, const ImageFacts& other) {
    const auto equal = [&](std::uint32_t tag) { return said(one, tag) == said(other, tag); };
    const auto compatible = [&](std::uint32_t tag) {
        return equal(tag) || said(one, tag).empty() || said(other, tag).empty();
    };
    const bool has_ids = !said(one, kPatientId).empty() && !said(other, kPatientId).empty();
    if (has_ids) return equal(kPatientId) && compatible(kIssuer);
    return compatible(kPatientName) && compatible(kBirthDate) && compatible(kSex);
}

}  // namespace

ImageFacts data_set_facts(const std::filesystem::path& file, std::string_view, bool with_pixels) {
    if (!with_pixels) return {};
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());
    const auto begins = data_set_begins(in);
    in.seekg(begins);
    Sha256Stream hash;
    std::vector<char> buffer(1U << 18U);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
        hash.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
    }
    return {{}, hex(hash.finish())};
}

Difference difference(const ImageFacts& stands, const ImageFacts& came) {
    if (!same_patient(stands, came)) return Difference::patient;
    // A copy without a patient must not replace one that has it.
    constexpr std::array kOfPatient{kPatientName, kPatientId, kBirthDate, kSex};
    const bool loses_patient = std::ranges::any_of(kOfPatient, [&](std::uint32_t tag) {
        return said(came, tag).empty() && !said(stands, tag).empty();
    });
    if (loses_patient) return Difference::none;
    auto found = Difference::none;
    for (const auto& [tag, value] : came.said) {
        const auto before = said(stands, tag);
        if (before == value) continue;
        if (!before.empty()) return Difference::changed;
        found = Difference::filled;
    }
    return found;
}

}  // namespace bucky::storage
