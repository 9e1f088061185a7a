// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/request_check.h"

#include <string_view>

#include "conf/base/error.h"

namespace bucky::scp {
namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::size_t kPduHead = 6, kFixed = 68;  ///< PS3.8 Table 9-11
constexpr std::size_t kUidMax = 64;               ///< PS3.5 9.1; also the size of DCMTK's buffers
constexpr std::size_t kPduMin = 14;               ///< less breaks the division of DCMTK's answers
constexpr std::size_t kContextsMax = 128;         ///< ids are the odd numbers of one byte

enum ItemType : std::uint8_t {
    application_context = 0x10,
    context_of_request = 0x20,
    context_of_answer = 0x21,
    abstract_syntax = 0x30,
    transfer_syntax = 0x40,
    user_information = 0x50,
    maximum_length = 0x51,
    implementation_class = 0x52,
    role_selection = 0x54,
    implementation_version = 0x55,
    extended_negotiation = 0x56,
    user_identity = 0x58,
    user_identity_of_answer = 0x59
};

template <typename... Parts>
[[noreturn]] void wrong(fmt::format_string<Parts...> words, Parts&&... parts) {
    throw Error(Fault::bad_input, "its association request is not well formed: {}",
                fmt::format(words, std::forward<Parts>(parts)...));
}

std::size_t two_bytes(Span from, std::size_t at) {
    return std::size_t{from[at]} << 8U | from[at + 1];
}

/// Calls `take(type, body)` for each item: type, a reserved byte, two bytes of length, the body.
template <typename Take>
void for_each_item(Span left, std::string_view where, Take take) {
    constexpr std::size_t kHead = 4;
    while (!left.empty()) {
        if (left.size() < kHead) {
            wrong("{} ends with {} bytes that are no item", where, left.size());
        }
        const std::size_t length = two_bytes(left, 2), there = left.size() - kHead;
        if (length > there) {
            wrong("item {:02X}H in {} says that it has {} bytes, and {} are there", left[0], where,
                  length, there);
        }
        take(left[0], left.subspan(kHead, length));
        left = left.subspan(kHead + length);
    }
}

void check_length(Span body, std::string_view what) {
    if (body.size() > kUidMax) {
        wrong("{} has {} bytes, {} at most are taken", what, body.size(), kUidMax);
    }
}

void check_context(Span body) {
    if (body.size() < 4) wrong("a presentation context has {} bytes, 4 at least", body.size());
    int abstract = 0, transfer = 0;
    for_each_item(body.subspan(4), "a presentation context", [&](std::uint8_t type, Span sub) {
        if (type == abstract_syntax) {
            check_length(sub, "an abstract syntax");
            ++abstract;
        } else if (type == transfer_syntax) {
            check_length(sub, "a transfer syntax");
            ++transfer;
        }
    });
    if (abstract != 1 || transfer == 0) {
        wrong("presentation context {} has {} abstract and {} transfer syntaxes", body[0], abstract,
              transfer);
    }
}

/// PS3.7 D.3.3.7.1: a type, a byte, then two fields with their lengths.
void check_identity(Span body) {
    std::size_t at = 2;
    for (int field = 0; field < 2; ++field) {
        if (at + 2 > body.size()) wrong("a user identity ends after {} bytes", body.size());
        at += 2 + two_bytes(body, at);
    }
    if (at != body.size()) {
        wrong("a user identity of {} bytes has fields of {}", body.size(), at);
    }
}

/// A UID with its length, followed by at least `more` bytes (PS3.7 D.3.3.4.1, D.3.3.5.1).
void check_uid_and(Span body, std::size_t more, std::string_view what) {
    if (body.size() < 2 + more) wrong("{} ends after {} bytes", what, body.size());
    const std::size_t uid = two_bytes(body, 0);
    if (uid > body.size() - 2 - more) {
        wrong("{} of {} bytes has a UID of {}", what, body.size(), uid);
    }
}

void check_maximum(Span body) {
    if (body.size() < 4) wrong("the maximum length has {} bytes, not 4", body.size());
    const std::size_t most = two_bytes(body, 0) << 16U | two_bytes(body, 2);
    if (most != 0 && most < kPduMin) {
        wrong("its PDUs may have {} bytes: no answer fits, {} at least are needed", most, kPduMin);
    }
}

void check_user_information(Span body) {
    int identities = 0;
    for_each_item(body, "the user information", [&](std::uint8_t type, Span sub) {
        switch (type) {
            case maximum_length: check_maximum(sub); break;
            case implementation_class: check_length(sub, "the implementation class UID"); break;
            case implementation_version:
                check_length(sub, "the implementation version name");
                break;
            case role_selection: check_uid_and(sub, 2, "a role selection"); break;
            case extended_negotiation: check_uid_and(sub, 0, "an extended negotiation"); break;
            case user_identity:
                check_identity(sub);
                ++identities;
                break;
            case user_identity_of_answer: wrong("it has the user identity of an answer");
            default: break;
        }
    });
    if (identities > 1) wrong("it has {} user identities", identities);
}

}  // namespace

void check_request(Span request) {
    if (request.size() < kPduHead + kFixed) wrong("it has {} bytes", request.size());
    if ((request[kPduHead + 1] & 1U) == 0) return;  // another protocol version: rejected for that
    std::size_t contexts = 0, informations = 0;
    for_each_item(request.subspan(kPduHead + kFixed), "it", [&](std::uint8_t type, Span body) {
        switch (type) {
            case application_context: check_length(body, "the application context"); break;
            case context_of_request:
                check_context(body);
                ++contexts;
                break;
            case context_of_answer: wrong("it has the presentation context of an answer");
            case user_information:
                check_user_information(body);
                ++informations;
                break;
            default: break;
        }
    });
    if (contexts == 0) wrong("it has no presentation context");
    if (contexts > kContextsMax) {
        wrong("it has {} presentation contexts, {} at most", contexts, kContextsMax);
    }
    if (informations > 1) wrong("it has {} user informations", informations);
}

}  // namespace bucky::scp
