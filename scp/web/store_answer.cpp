// SPDX-License-Identifier: Apache-2.0
#include "scp/web/store_answer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "scp/wire/status.h"

namespace bucky::scp {
namespace {

struct Attribute {
    std::string_view tag, keyword;
};
constexpr Attribute kClass{"00081150", "ReferencedSOPClassUID"};
constexpr Attribute kInstance{"00081155", "ReferencedSOPInstanceUID"};
constexpr Attribute kWarning{"00081196", "WarningReason"};
constexpr Attribute kFailure{"00081197", "FailureReason"};

bool is_stored(const StoredPart& part) {
    return part.failure == 0;
}
bool is_failed(const StoredPart& part) {
    return part.failure != 0 && !part.sop_instance.empty();
}
bool is_unknown(const StoredPart& part) {
    return part.failure != 0 && part.sop_instance.empty();
}

/// Each part is in one of them.
struct Sequence {
    Attribute attribute;
    bool (*holds)(const StoredPart&);
};
constexpr std::array kSequences{
    Sequence{{"00081198", "FailedSOPSequence"}, is_failed},
    Sequence{{"00081199", "ReferencedSOPSequence"}, is_stored},
    Sequence{{"0008119A", "OtherFailuresSequence"}, is_unknown},
};

bool is_uid(std::string_view text) {  // what comes from a caller needs no escape then
    constexpr std::size_t kUidBytesMax = 64;
    return !text.empty() && text.size() <= kUidBytesMax &&
           text.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool may_come_again(const StoredPart& part) {
    return !is_stored(part) && meaning_of_store_status(part.failure) == SendVerdict::try_later;
}

/// Calls uid(attribute, text) and number(attribute, value) for what an item has.
template <typename OfUid, typename OfNumber>
void each_value(const StoredPart& part, OfUid&& uid, OfNumber&& number) {
    if (is_uid(part.sop_class)) uid(kClass, part.sop_class);
    if (is_uid(part.sop_instance)) uid(kInstance, part.sop_instance);
    if (part.warning != 0) number(kWarning, part.warning);
    if (part.failure != 0) number(kFailure, part.failure);
}

std::string json_item(const StoredPart& part) {
    std::string made;
    const auto comma = [&] { return made.empty() ? "" : ","; };
    each_value(
        part,
        [&](const Attribute& one, const std::string& text) {
            made += fmt::format(R"({}"{}":{{"vr":"UI","Value":["{}"]}})", comma(), one.tag, text);
        },
        [&](const Attribute& one, std::uint16_t value) {
            made += fmt::format(R"({}"{}":{{"vr":"US","Value":[{}]}})", comma(), one.tag, value);
        });
    return '{' + made + '}';
}

std::string xml_item(const StoredPart& part, int number) {
    auto made = fmt::format(R"(<Item number="{}">)", number);
    const auto put = [&](const Attribute& one, std::string_view vr, const auto& value) {
        made += fmt::format(R"(<DicomAttribute tag="{}" vr="{}" keyword="{}">)"
                            R"(<Value number="1">{}</Value></DicomAttribute>)",
                            one.tag, vr, one.keyword, value);
    };
    each_value(
        part, [&](const Attribute& one, const std::string& text) { put(one, "UI", text); },
        [&](const Attribute& one, std::uint16_t value) { put(one, "US", value); });
    return made + "</Item>";
}

}  // namespace

int status_of(const std::vector<StoredPart>& parts) {
    constexpr int kOk = 200, kAccepted = 202, kConflict = 409, kUnavailable = 503;
    const auto stored = std::ranges::count_if(parts, is_stored);
    const bool is_plain =
        std::ranges::all_of(parts, [](const auto& one) { return one.warning == 0; });
    if (stored == std::ssize(parts)) return is_plain ? kOk : kAccepted;
    if (stored > 0) return kAccepted;
    return std::ranges::any_of(parts, may_come_again) ? kUnavailable : kConflict;
}

std::string to_dicom_json(const std::vector<StoredPart>& parts) {
    std::string made;
    for (const auto& [attribute, holds] : kSequences) {
        std::string items;
        for (const auto& part : parts) {
            if (holds(part)) items += (items.empty() ? "" : ",") + json_item(part);
        }
        if (items.empty()) continue;
        made += fmt::format(R"({}"{}":{{"vr":"SQ","Value":[{}]}})", made.empty() ? "" : ",",
                            attribute.tag, items);
    }
    return '{' + made + '}';
}

std::string to_dicom_xml(const std::vector<StoredPart>& parts) {
    std::string made =
        R"(<?xml version="1.0" encoding="UTF-8"?>)"
        R"(<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">)";
    for (const auto& [attribute, holds] : kSequences) {
        std::string items;
        int number = 0;
        for (const auto& part : parts) {
            if (holds(part)) items += xml_item(part, ++number);
        }
        if (items.empty()) continue;
        made += fmt::format(R"(<DicomAttribute tag="{}" vr="SQ" keyword="{}">{}</DicomAttribute>)",
                            attribute.tag, attribute.keyword, items);
    }
    return made + "</NativeDicomModel>";
}

}  // namespace bucky::scp
