// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/web/stow_answer.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scp/wire/status.h"

namespace bucky {
namespace {

using nlohmann::json;

/// The answer to one instance has some hundred bytes.
constexpr std::size_t kAnswerBytesMax = 1U << 20U;

constexpr auto kFailedSequence = "00081198", kReferencedSequence = "00081199";
constexpr auto kFailureReason = "00081197", kWarningReason = "00081196";
constexpr auto kReferencedInstance = "00081155";

/// The first value of an attribute; null when there is none.
json value(const json& item, const char* tag) {
    const auto found = item.find(tag);
    if (found == item.end() || !found->is_object()) return nullptr;
    const auto values = found->find("Value");
    if (values == found->end() || !values->is_array() || values->empty()) return nullptr;
    return values->front();
}

std::optional<std::uint16_t> number(const json& item, const char* tag) {
    const auto found = value(item, tag);
    constexpr std::int64_t kMost = 0xFFFF;
    if (!found.is_number_integer() || found < 0 || found > kMost) return std::nullopt;
    return found.get<std::uint16_t>();
}

/// The item of this sequence that names the instance; the only one where it names none.
std::optional<json> item_of(const json& answer, const char* sequence,
                            std::string_view sop_instance) {
    const auto found = answer.find(sequence);
    if (found == answer.end() || !found->is_object()) return std::nullopt;
    const auto items = found->find("Value");
    if (items == found->end() || !items->is_array()) return std::nullopt;
    for (const auto& item : *items) {
        if (!item.is_object()) continue;
        const auto named = value(item, kReferencedInstance);
        if (named.is_string() && named.get<std::string>() == sop_instance) return item;
        if (named.is_null() && items->size() == 1) return item;
    }
    return std::nullopt;
}

scp::SendOutcome of_reason(std::uint16_t reason) {
    return {.verdict = scp::meaning_of_store_status(reason),
            .status = fmt::format("{:04X}", reason),
            .words = scp::words_for_store_status(reason)};
}

scp::SendOutcome of_http(long status) {
    SendVerdict verdict = SendVerdict::try_later;
    if (status >= 200 && status < 300 && status != 202) verdict = SendVerdict::delivered;
    const bool is_its_fault = status == 400 || status == 406 || status == 409 || status == 413 ||
                              status == 415 || status == 422;
    if (is_its_fault) verdict = SendVerdict::refused;
    scp::SendOutcome outcome{.verdict = verdict, .status = std::to_string(status)};
    if (verdict != SendVerdict::delivered) outcome.words = words_for_http_status(status);
    return outcome;
}

}  // namespace

scp::SendOutcome stow_outcome(long http_status, std::string_view body,
                              std::string_view sop_instance) {
    auto answer = body.size() > kAnswerBytesMax ? json{} : json::parse(body, nullptr, false);
    if (answer.is_array() && answer.size() == 1) answer = json(answer.front());
    if (!answer.is_object()) return of_http(http_status);
    if (const auto failed = item_of(answer, kFailedSequence, sop_instance)) {
        if (const auto reason = number(*failed, kFailureReason); reason && *reason != 0) {
            return of_reason(*reason);
        }
        return {.verdict = SendVerdict::refused,
                .status = std::to_string(http_status),
                .words = "refused without a reason"};
    }
    if (const auto kept = item_of(answer, kReferencedSequence, sop_instance)) {
        scp::SendOutcome outcome{.verdict = SendVerdict::delivered,
                                 .status = std::to_string(http_status)};
        if (const auto warning = number(*kept, kWarningReason); warning && *warning != 0) {
            outcome.words = scp::words_for_store_status(*warning);
        }
        return outcome;
    }
    if (answer.contains(kFailedSequence) || answer.contains(kReferencedSequence)) {
        return {.verdict = SendVerdict::try_later,  // Orthanc says 200 for a part that it skipped
                .status = std::to_string(http_status),
                .words = "the answer does not say that the object was stored"};
    }
    return of_http(http_status);
}

bool is_of_service(long status) {
    return status == 401 || status == 403 || status == 404 || status == 405 || status == 407 ||
           status == 429 || status == 502 || status == 503 || status == 504 ||
           (status >= 300 && status < 400);
}

std::string words_for_http_status(long status) {
    std::string_view words = "the service's own log may say why";
    if (status == 401) {
        words = "not authenticated: is the token, the client secret or the certificate valid?";
    } else if (status == 403) {
        words = "not permitted: may this client store?";
    } else if (status == 404 || status == 405) {
        words = "no STOW-RS there: is destination.url right, up to the part before /studies?";
    } else if (status == 409) {
        words = "it stored nothing and gave no reason that can be read";
    } else if (status == 413) {
        words = "the object is too large for it";
    } else if (status == 415 || status == 406) {
        words = "it does not take this media type or transfer syntax";
    } else if (status == 429 || status == 503) {
        words = "it is busy";
    } else if (status >= 300 && status < 400) {
        words = "it points elsewhere: put that address into destination.url";
    }
    return fmt::format("HTTP {}: {}", status, words);
}

}  // namespace bucky
