// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/audit/message.h"

#include <cstddef>

#include <fmt/format.h>

#include "conf/base/clock.h"

namespace bucky {
namespace {

using audit::Event;
using audit::Kind;

struct Code {
    std::string_view value, scheme, meaning;
};

constexpr Code kNoCode{};
constexpr Code kSource{"110153", "DCM", "Source Role ID"};
constexpr Code kDestination{"110152", "DCM", "Destination Role ID"};
constexpr Code kApplication{"110150", "DCM", "Application"};
constexpr Code kStudy{"110180", "DCM", "Study Instance UID"};
constexpr Code kNode{"110182", "DCM", "Node ID"};
constexpr Code kPatient{"2", "RFC-3881", "Patient Number"};
constexpr Code kUri{"12", "RFC-3881", "URI"};

/// EventID and EventTypeCode (CID 400, 401), EventActionCode.
struct Meaning {
    Code event, type;
    char action;
};

Meaning meaning_of(const Event& event) {
    constexpr Code kActivity{"110100", "DCM", "Application Activity"};
    constexpr Code kAlert{"110113", "DCM", "Security Alert"};
    switch (event.kind) {
        case Kind::started: return {kActivity, {"110120", "DCM", "Application Start"}, 'E'};
        case Kind::stopped: return {kActivity, {"110121", "DCM", "Application Stop"}, 'E'};
        case Kind::begins_to_send:
            return {{"110102", "DCM", "Begin Transferring DICOM Instances"}, kNoCode, 'E'};
        case Kind::transferred:  // R: the source had it and still has it
            return {{"110104", "DCM", "DICOM Instances Transferred"},
                    kNoCode,
                    event.we_send ? 'R' : 'C'};
        case Kind::caller_refused: return {kAlert, {"110126", "DCM", "Node Authentication"}, 'E'};
        case Kind::configured: return {kAlert, {"110131", "DCM", "Software Configuration"}, 'E'};
        case Kind::asked: return {{"110112", "DCM", "Query"}, kNoCode, 'E'};
        case Kind::not_let_in:
            return {{"110114", "DCM", "User Authentication"}, {"110122", "DCM", "Login"}, 'E'};
    }
    __builtin_unreachable();
}

/// Length in bytes of the UTF-8 sequence at the start of `text`; 0 when XML cannot hold it.
std::size_t sequence_at(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto first = byte(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > text.size()) return 0;
    std::uint32_t point = first & (0xFFU >> (length + 1));
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xC0U) != 0x80U) return 0;
        point = point << 6U | (byte(at) & 0x3FU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_allowed = point >= kLeast[length] && point <= 0x10FFFF && point >= 0xA0 &&
                            (point < 0xD800 || point > 0xDFFF) && point != 0xFFFE &&
                            point != 0xFFFF;
    return is_allowed ? length : 0;
}

std::string escaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto length = sequence_at(text);
        const auto part = text.substr(0, length);
        if (length == 0)
            out += '?';
        else if (part == "&")
            out += "&amp;";
        else if (part == "<")
            out += "&lt;";
        else if (part == ">")
            out += "&gt;";
        else if (part == "\"")
            out += "&quot;";
        else
            out += part;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string coded(std::string_view element, const Code& code) {
    if (code.value.empty()) return {};
    return fmt::format(R"(<{} csd-code="{}" codeSystemName="{}" originalText="{}"/>)", element,
                       code.value, code.scheme, code.meaning);
}

std::string identification(const Event& event, std::int64_t now_ms) {
    const auto meaning = meaning_of(event);
    auto xml = fmt::format(R"(<EventIdentification EventActionCode="{}" EventDateTime="{}")"
                           R"( EventOutcomeIndicator="{}">)",
                           meaning.action, iso_utc(now_ms), static_cast<int>(event.outcome));
    xml += coded("EventID", meaning.event) + coded("EventTypeCode", meaning.type);
    if (!event.words.empty()) {
        xml += fmt::format("<EventOutcomeDescription>{}</EventOutcomeDescription>",
                           escaped(event.words));
    }
    return xml + "</EventIdentification>";
}

/// A.5.2.3: our own process is named by its number, with its AE title beside it.
std::string us(const AuditSource& source, const Code& role, bool is_requestor) {
    return fmt::format(
        R"(<ActiveParticipant UserID="{}" AlternativeUserID="AETITLES={}" UserIsRequestor="{}")"
        R"( NetworkAccessPointID="{}" NetworkAccessPointTypeCode="1">{}</ActiveParticipant>)",
        escaped(source.process), escaped(source.ae_title), is_requestor, escaped(source.host),
        coded("RoleIDCode", role));
}

/// Of another process only the AE title is known, or nothing.
std::string peer(const Event& event, const Code& role, bool is_requestor) {
    const auto& ae = event.peer_ae;
    std::string xml =
        fmt::format(R"(<ActiveParticipant UserID="{}")", ae.empty() ? "unknown" : escaped(ae));
    if (!ae.empty()) xml += fmt::format(R"( AlternativeUserID="AETITLES={}")", escaped(ae));
    xml += fmt::format(R"( UserIsRequestor="{}")", is_requestor);
    if (!event.peer_address.empty()) {
        const bool is_number =
            event.peer_address.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos;
        xml += fmt::format(R"( NetworkAccessPointID="{}" NetworkAccessPointTypeCode="{}")",
                           escaped(event.peer_address), is_number ? 2 : 1);
    }
    return xml + '>' + coded("RoleIDCode", role) + "</ActiveParticipant>";
}

std::string participants(const Event& event, const AuditSource& source) {
    switch (event.kind) {
        case Kind::started:
        case Kind::stopped: return us(source, kApplication, false);
        case Kind::configured: return us(source, kApplication, true);
        case Kind::begins_to_send:
        case Kind::transferred:
            return event.we_send ? us(source, kSource, true) + peer(event, kDestination, false)
                                 : peer(event, kSource, true) + us(source, kDestination, false);
        case Kind::caller_refused:
            return us(source, kApplication, false) + peer(event, kNoCode, true);
        case Kind::asked: return peer(event, kSource, true) + us(source, kDestination, false);
        case Kind::not_let_in: return peer(event, kNoCode, true) + us(source, kApplication, false);
    }
    __builtin_unreachable();
}

/// `inside` is the content after the code: a name or a query, details, descriptions.
std::string object(std::string_view id, int type, int role, const Code& id_type,
                   const std::string& inside) {
    return fmt::format(R"(<ParticipantObjectIdentification ParticipantObjectID="{}")"
                       R"( ParticipantObjectTypeCode="{}" ParticipantObjectTypeCodeRole="{}">)"
                       "{}{}</ParticipantObjectIdentification>",
                       escaped(id), type, role, coded("ParticipantObjectIDTypeCode", id_type),
                       inside);
}

std::string study_and_patient(const Event& event) {
    std::string inside =
        "<ParticipantObjectName>study</ParticipantObjectName>"
        "<ParticipantObjectDescription>";
    if (!event.accession_number.empty()) {
        inside += fmt::format(R"(<Accession Number="{}"/>)", escaped(event.accession_number));
    }
    for (const auto& [sop_class, count] : event.instances) {
        inside += fmt::format(R"(<SOPClass UID="{}" NumberOfInstances="{}"/>)", escaped(sop_class),
                              count);
    }
    inside += "</ParticipantObjectDescription>";
    return object(event.study, 2, 3, kStudy, inside) +
           object(event.patient_id.empty() ? "unknown" : event.patient_id, 1, 1, kPatient,
                  "<ParticipantObjectName/>");
}

std::string objects(const Event& event, const AuditSource& source) {
    switch (event.kind) {
        case Kind::begins_to_send:
        case Kind::transferred: return study_and_patient(event);
        case Kind::caller_refused:
        case Kind::configured:
            return object(source.ae_title, 2, 13, kNode,
                          fmt::format("<ParticipantObjectName>{}</ParticipantObjectName>"
                                      R"(<ParticipantObjectDetail type="Alert Description")"
                                      R"( value="{}"/>)",
                                      escaped(source.ae_title), to_base64(event.words)));
        case Kind::asked:
            return object(event.path, 2, 3, kUri,
                          fmt::format("<ParticipantObjectQuery>{}</ParticipantObjectQuery>",
                                      to_base64("GET " + event.path)));
        case Kind::started:
        case Kind::stopped:
        case Kind::not_let_in: return {};
    }
    __builtin_unreachable();
}

}  // namespace

std::string audit_message(const Event& event, const AuditSource& source, std::int64_t now_ms) {
    return "<AuditMessage>" + identification(event, now_ms) + participants(event, source) +
           fmt::format(R"(<AuditSourceIdentification AuditSourceID="{}@{}">)"
                       R"(<AuditSourceTypeCode csd-code="4"/></AuditSourceIdentification>)",
                       escaped(source.ae_title), escaped(source.host)) +
           objects(event, source) + "</AuditMessage>";
}

std::string to_base64(std::string_view bytes) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto part = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8U | (i < part.size() ? static_cast<unsigned char>(part[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            const auto letter = kAlphabet[bits >> (18 - 6 * i) & 0x3FU];
            out += i <= part.size() ? letter : '=';
        }
    }
    return out;
}

}  // namespace bucky
