// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"
#include "conf/sections/result_words.h"
#include "conf/sections/tls_keys.h"

namespace bucky::conf {
namespace {

using enum Presence;

// Defined Terms of PS3.3 C.12.1.1.2, tables C.12-2 and C.12-5: those without code extensions,
// and of those with them the one of older Korean archives.
constexpr std::array<std::string_view, 15> kCharacterSets{
    "ISO_IR 192", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110",
    "ISO_IR 144", "ISO_IR 127", "ISO_IR 126", "ISO_IR 138", "ISO_IR 148",
    "ISO_IR 166", "ISO_IR 13",  "GB18030",    "GBK",        "ISO 2022 IR 149"};

constexpr Key<DestinationSettings> kKeys[] = {
    {"name", &DestinationSettings::name, Fits{is_destination_name, "1 to 32 of a-z, 0-9 and -"}, "",
     "Name of the destination in commands, logs and metrics.", R"("pacs")", required},
    {"ae_title", &DestinationSettings::ae_title, Anything{}, "", "AE title of the destination.",
     R"("ORTHANC")", required},
    {"host", &DestinationSettings::host, Fits{is_empty_or<is_host>, "a host name or an IP address"},
     "", "Host name or IP address. Required without `url`.", R"("127.0.0.1")"},
    {"port", &DestinationSettings::port, Range{1, 65535}, "", "TCP port.", "4242"},
    {"connect_timeout_s", &DestinationSettings::connect_timeout_s, Range{1, 300}, "s",
     "Time for the destination to accept the connection and the association."},
    {"response_timeout_s", &DestinationSettings::response_timeout_s, Range{1, 3600}, "s",
     "Time for the destination to answer a C-STORE."},
    {"retry_first_s", &DestinationSettings::retry_first_s, Range{1, 3600}, "s",
     "Wait before the second attempt. The wait doubles with each further attempt."},
    {"retry_cap_s", &DestinationSettings::retry_cap_s, Range{1, 86400}, "s",
     "Longest wait between two attempts."},
    {"give_up_days", &DestinationSettings::give_up_days, Range{1, 365}, "days",
     "Time of attempts before a result is parked. `bucky queue retry` sends it again."},
    {"send", &DestinationSettings::send, OneOf{kResultWords}, "", kSendSentence},
    {"send_if_found", &DestinationSettings::send_if_found, OneOf{kResultWords}, "",
     "Objects that are sent only if the study (for an object of one image: the image) has a "
     "finding, present or undetermined. An object in neither list is never sent."},
    {"language", choice<&DestinationSettings::language>,
     Fits{is_empty_or<is_word_of<Language>>, "en, ko, or empty for node.language"}, "",
     "Language of its objects. Empty: node.language."},
    {"picture_syntax", choice<&DestinationSettings::picture_syntax>, OneOf{kWordsOf<PictureSyntax>},
     "",
     "Preferred transfer syntax of pictures. All are lossless. If the destination does not accept "
     "it, pictures are sent in RLE Lossless or else uncompressed."},
    {"character_set", &DestinationSettings::character_set, OneOf{kCharacterSets}, "",
     "Specific Character Set of its objects, for an archive that garbles UTF-8 (ISO_IR 192). If a "
     "character cannot be encoded, the object is sent in UTF-8 instead and the journal says so."},
    {"commitment", &DestinationSettings::commitment, Anything{}, "",
     "Request storage commitment (PS3.4 Annex J) for delivered results, and send again what the "
     "destination has lost."},
    {"commitment_timeout_s", &DestinationSettings::commitment_timeout_s, Range{1, 604800}, "s",
     "Time for the destination to report on a storage commitment request. Then the request is "
     "repeated."},
    {"tls", &DestinationSettings::tls, Anything{}, "",
     "Use TLS 1.2 or 1.3 (PS3.15 B.12), and nothing else."},
    {"ca", &DestinationSettings::ca, kFileOrNone, "",
     "Certificate authorities (PEM) that may issue its certificate. Empty: those the system "
     "trusts."},
    {"certificate", &DestinationSettings::certificate, kFileOrNone, "",
     "Client certificate of this node (PEM), if the destination requests one. Empty: none."},
    {"key", &DestinationSettings::key, kFileOrNone, "",
     "Private key of that certificate (PEM). Empty: it is in the same file."},
    {"crl", &DestinationSettings::crl, kFileOrNone, "",
     "Certificate revocation lists (PEM), as listener.crl, for each authority above its "
     "certificate."},
    {"tls_name", &DestinationSettings::tls_name, Anything{}, "",
     "Host name or IP address that its certificate must contain. Empty: host."},
    {"url", &DestinationSettings::url,
     Fits{is_empty_or<is_web_url>, "empty, https://HOST[:PORT][/PATH], or http:// on loopback"}, "",
     "Base address of its DICOMweb service: results are stored by STOW-RS (PS3.18 10.5) at "
     "/studies below it, byte for byte. Certificates are those of the keys above. Empty: it is "
     "reached by C-STORE."},
    {"token_file", &DestinationSettings::token_file,
     Fits{is_empty_or<is_secret_file>, "empty, a path, or credential:NAME"}, "",
     "Bearer token for `url`: a file, read for each object, or a systemd credential. Empty: none."},
    {"token_url", &DestinationSettings::token_url,
     Fits{is_empty_or<is_web_url>, "empty, https://HOST[:PORT]/PATH, or http:// on loopback"}, "",
     "Where a bearer token is fetched by OAuth2 client credentials (RFC 6749 4.4). Empty: none."},
    {"client_id", &DestinationSettings::client_id, Anything{}, "", "Of those credentials."},
    {"client_secret_file", &DestinationSettings::client_secret_file,
     Fits{is_empty_or<is_secret_file>, "empty, a path, or credential:NAME"}, "",
     "Of those credentials: a file, or a systemd credential."},
    {"scope", &DestinationSettings::scope, Anything{}, "", "Scope that is asked for. Empty: none."},
};

void check_url(const DestinationSettings& to, const Place& place, Checker& checker) {
    if (to.url.empty()) {
        if (to.host.empty()) checker.complain(place, "host", "is missing");
        for (const auto& [key, value] :
             {std::pair{"token_file", &to.token_file}, std::pair{"token_url", &to.token_url}}) {
            if (!value->empty()) checker.complain(place, key, "counts only beside url");
        }
    } else {
        if (to.commitment) checker.complain(place, "commitment", "STOW-RS has none: leave it out");
        if (!to.tls_name.empty()) checker.complain(place, "tls_name", "url names the host");
        if (to.character_set != DestinationSettings{}.character_set) {
            checker.complain(place, "character_set", "STOW-RS sends objects as they were made");
        }
        if (!to.token_file.empty() && !to.token_url.empty()) {
            checker.complain(place, "token_file", "there is a token_url, too: one of the two");
        }
    }
    for (const auto& [key, value] : {std::pair{"client_id", &to.client_id},
                                     std::pair{"client_secret_file", &to.client_secret_file}}) {
        if (to.token_url.empty() == value->empty()) continue;
        checker.complain(
            place, key,
            to.token_url.empty() ? "counts only beside token_url" : "is missing beside token_url");
    }
}

void check_objects(const DestinationSettings& destination, const Place& place, Checker& checker) {
    const auto& always = destination.send;
    for (const auto object : destination.send_if_found) {
        if (std::find(always.begin(), always.end(), object) == always.end()) continue;
        checker.complain(
            place, "send_if_found",
            fmt::format(R"("{}" stands in send too, which is: always)", word_of(object)));
    }
    if (always.empty() && destination.send_if_found.empty()) {
        checker.complain(place, "send", "is empty, and so is send_if_found: nothing would be sent");
    }
}

void check(const Settings& settings, Checker& checker) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < settings.destinations.size(); ++i) {
        const auto& destination = settings.destinations[i];
        const Place place{"destination", i};
        if (!destination.name.empty() && !names.insert(destination.name).second) {
            checker.complain(place, "name",
                             fmt::format(R"("{}" names two destinations)", destination.name));
        }
        const bool is_https = destination.url.starts_with("https://");
        check_tls_keys(destination, destination.tls || is_https, "tls = true", place, checker);
        check_url(destination, place, checker);
        if (destination.retry_first_s > destination.retry_cap_s) {
            checker.complain(place, "retry_first_s",
                             fmt::format("{} s is longer than retry_cap_s, {} s",
                                         destination.retry_first_s, destination.retry_cap_s));
        }
        check_objects(destination, place, checker);
    }
}

}  // namespace

Section<DestinationSettings> destination_section() {
    return {.name = "destination",
            .field = &Settings::destinations,
            .keys = kKeys,
            .sentence =
                "Destinations of results, one [[destination]] each, each with its own queue. "
                "Without any, results stay here.",
            .check = check};
}

}  // namespace bucky::conf
