// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/conformance_statement.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/dicom/ignored_classes.h"
#include "conf/dicom/result_kinds.h"
#include "scp/wire/contexts.h"
#include "scp/wire/start.h"
#include "scp/wire/status.h"

namespace bucky {
namespace {

bool sends(const conf::DestinationSettings& destination, ResultKind kind) {
    const auto has = [&](const std::vector<ResultKind>& list) {
        return std::find(list.begin(), list.end(), kind) != list.end();
    };
    return has(destination.send) || has(destination.send_if_found);
}

bool asks_for_commitment(const conf::Settings& settings) {
    return std::any_of(settings.destinations.begin(), settings.destinations.end(),
                       [](const auto& one) { return one.commitment; });
}

std::string opening(const conf::Settings& settings) {
    return fmt::format(
        "# DICOM Conformance Statement\n\n"
        "Bucky {}, application entity `{}`; printed by `bucky conformance` from its tables and "
        "from one configuration, in the outline of PS3.2 Annex A.\n\n"
        "## 1 Conformance statement overview\n"
        "Bucky receives images over C-STORE, has a model look at those that it was made for, and "
        "sends what it found over C-STORE as a Structured Report and as pictures. It assists; it "
        "is not a reading.\n\n"
        "| SOP class | as SCU | as SCP |\n|---|---|---|\n"
        "| Verification | `bucky echo` | yes |\n"
        "| Storage of images (4.2.1) | no | yes |\n"
        "| Storage of results (4.2.2) | yes | no |\n"
        "| Storage Commitment Push Model | {} | yes |\n"
        "| Study Root Query/Retrieve, FIND and MOVE | `bucky archive` | no |\n\n"
        "## 2 Table of contents\nThe headings of this document.\n\n"
        "## 3 Introduction\n"
        "For those who integrate it. Two conformance statements that fit do not prove that two "
        "systems work together: `bucky echo` and a test image do.\n\n",
        BUCKY_VERSION, settings.node.ae_title.str(),
        asks_for_commitment(settings) ? "yes" : "not configured");
}

std::string model() {
    return "## 4 Networking\n### 4.1 Implementation model\n"
           "#### 4.1.1 Application data flow\n"
           "One application entity. It answers C-STORE with success when the image is durable on "
           "its disk, and not before; analysis and sending follow by themselves.\n\n"
           "#### 4.1.2 Functional definition\n"
           "It accepts associations for Verification, Storage and Storage Commitment, and opens "
           "one to each destination that has results to get, one to a destination that is asked "
           "for storage commitment, and one to a caller that waits for a report of its own.\n\n"
           "#### 4.1.3 Sequencing\n"
           "An image is analysed as soon as it is stored. The report of a study follows when the "
           "one "
           "association that it came in has ended, or no image came for a while; an image that "
           "comes later makes "
           "another report that names the first (Predecessor Documents Sequence).\n\n";
}

/// The ports that the node listens on: address, port and protocol.
std::vector<std::string> doors(const conf::Settings& settings) {
    std::vector<std::string> all;
    if (settings.scp.plain) {
        all.push_back(fmt::format("{} port {}", settings.scp.listen, settings.scp.port));
    }
    for (const auto& one : settings.listeners) {
        all.push_back(fmt::format("{} port {}{}", one.listen, one.port,
                                  one.certificate.empty() ? "" : " with TLS"));
    }
    if (const auto& web = settings.web; !web.listen.empty()) {
        all.push_back(fmt::format("{}{}, by STOW-RS", web.listen,
                                  web.certificate.empty() ? "" : " with TLS"));
    }
    return all;
}

std::string called_titles(const conf::Settings& settings) {
    if (!settings.scp.check_called_ae) return "any";
    std::string titles = settings.node.ae_title.str();
    for (const auto& tenant : settings.tenants) {
        if (tenant.ae_title != settings.node.ae_title) titles += ", " + tenant.ae_title.str();
    }
    return titles + " only";
}

/// Of the classes of scp.ignore: they come with a study, and no model reads them.
constexpr std::string_view kIgnored = "answered with success, not kept";

std::string acceptor(const conf::Settings& settings) {
    std::string out = fmt::format(
        "### 4.2 AE specifications\n#### 4.2.1 Acceptor\n"
        "| | |\n|---|---|\n"
        "| Implementation Class UID | {} |\n| Implementation Version Name | {} |\n"
        "| Application context | {} |\n| Largest PDU received | {} bytes |\n"
        "| Listens on | {} |\n| Called AE title | {} |\n| Calling AE titles | {} |\n"
        "| Associations at once | {}, of one caller {}, from one address {} |\n"
        "| Asynchronous operations | not supported: one at a time |\n"
        "| ARTIM timer | {} s; silence within an association ends it after {} s |\n\n",
        scp::implementation_class_uid(), scp::implementation_version_name(),
        scp::kApplicationContext, limits::kMaxPduBytes, fmt::join(doors(settings), "; "),
        called_titles(settings),
        settings.peers.empty() ? "any" : fmt::format("those of {} rules", settings.peers.size()),
        settings.scp.max_associations, settings.scp.max_associations_per_peer,
        settings.scp.max_associations_per_address, settings.scp.artim_s,
        settings.scp.read_timeout_s);
    out += fmt::format(
        "| SOP class | UID | analysed |\n|---|---|---|\n"
        "| Verification | {} | |\n| Storage Commitment Push Model | {} | |\n",
        scp::kVerificationClass, scp::kCommitmentClass);
    const auto& ignored = settings.scp.ignore;
    for (const auto& row : scp::storage_classes()) {
        out += fmt::format("| {} | {} | {} |\n", row.name, row.uid,
                           is_ignored(ignored, row.uid) ? kIgnored
                           : row.analysed               ? "where a model takes it"
                                                        : "kept, and said not to be");
    }
    for (const auto& row : kOtherClasses) {
        if (!is_ignored(ignored, row.uid)) continue;
        out += fmt::format("| {} | {} | {} |\n", row.name, row.uid, kIgnored);
    }
    out +=
        "\nOf each, the first of the proposer's transfer syntaxes that stands here is accepted, "
        "and the bytes are kept as they came (Verification and Storage Commitment: those that are "
        "not compressed):\n\n| transfer syntax | UID |\n|---|---|\n";
    for (const auto& row : scp::transfer_syntaxes()) {
        out += fmt::format("| {} | {} |\n", row.name, row.uid);
    }
    return out;
}

/// The statuses of C-STORE that this node answers with, from the table that the answers are made
/// of.
std::string answers() {
    std::string out =
        "\n| C-STORE status | when |\n|---|---|\n"
        "| 0000 | the image is durable, or the object is of a class that is not kept |\n";
    const auto row = [&](Fault fault, std::string_view when) {
        out += fmt::format("| {:04X} | {} |\n", scp::dimse_status(fault), when);
    };
    row(Fault::exhausted, "the disk, the queue or another limit is full; the sender may retry");
    row(Fault::corrupt, "the data set contradicts the request");
    row(Fault::bad_input, "the data set cannot be understood");
    row(Fault::unsupported, "the SOP class is not accepted");
    row(Fault::bug, "a failure of the node");
    return out +
           "\nA full house is answered by a transient rejection of the association (PS3.8 "
           "9.3.4: result 2, source 3, reason 2).\n\n"
           "With `[web]`, instances are stored by STOW-RS, too (PS3.18 10.5): POST to "
           "/dicom-web/studies, to /aets/TITLE/rs/studies under a tenant's title, and to either "
           "followed by a Study Instance UID; multipart/related of application/dicom, or one "
           "application/dicom. Classes, transfer syntaxes, limits and Failure Reasons are those of "
           "C-STORE; C122 is a transfer syntax that does not stand above. Each instance is "
           "answered once it is durable, in DICOM JSON or as a Native DICOM Model: 200 (all are "
           "stored), 202 (some), 409 (none), 503 with Retry-After (none now). Nothing is read "
           "back: there is no QIDO-RS and no WADO-RS.\n\n"
           "Storage Commitment (PS3.4 Annex J): success is reported of images that are here and "
           "durable, on the same association where the requestor holds it open, else on a new "
           "one.\n\n";
}

/// What is sent to this destination: each class once, in the order of kResultKinds.
std::vector<std::string_view> classes_sent(const conf::DestinationSettings& to) {
    std::vector<std::string_view> classes;
    for (const auto& kind : kResultKinds) {
        if (!sends(to, kind.kind)) continue;
        for (const auto one : kind.classes) {
            if (std::ranges::find(classes, one) == classes.end()) classes.push_back(one);
        }
    }
    return classes;
}

std::string_view what_follows(SendVerdict verdict) {
    switch (verdict) {
        case SendVerdict::delivered:
        case SendVerdict::already_there: return "delivered";
        case SendVerdict::try_later: return "tried again later";
        case SendVerdict::refused: return "parked for a person";
        case SendVerdict::class_not_accepted:
            return "made again in another class that is accepted; without one, parked for a person";
    }
    __builtin_unreachable();
}

/// The effect of a peer's answers, one of each kind.
std::string heeded() {
    std::string out = "| answer to C-STORE | what follows |\n|---|---|\n";
    constexpr std::array<std::uint16_t, 8> kStatuses{0x0000, 0xB000, 0x0111, 0xA700,
                                                     0x0110, 0xA900, 0xC000, 0x0122};
    for (const auto status : kStatuses) {
        out += fmt::format("| {} | {} |\n", scp::words_for_store_status(status),
                           what_follows(scp::meaning_of_store_status(status)));
    }
    return out + '\n';
}

std::string requestor(const conf::DestinationSettings& to) {
    std::string out = fmt::format(
        "##### {}: {} at {}\n| SOP class, of reports and of pictures the first that it "
        "takes | UID |\n|---|---|\n",
        to.name, to.ae_title.str(),
        to.url.empty()
            ? fmt::format("{} port {}{}", to.host, to.port, to.tls ? " with TLS" : "")
            : fmt::format("{}, by STOW-RS (PS3.18 10.5), each object as it was made", to.url));
    for (const auto uid : classes_sent(to)) {
        out += fmt::format("| {} | {} |\n", name_of_class(uid), uid);
    }
    return out +
           fmt::format(
               "\nReports are sent in Explicit or Implicit VR Little Endian, "
               "pictures {}; text is in {}. What is not accepted is tried again after {} s, then "
               "twice as long, up to {} s, for {} days; what is refused for good is "
               "parked for a person. Storage commitment is {}.\n\n",
               word_of(to.picture_syntax), to.character_set, to.retry_first_s, to.retry_cap_s,
               to.give_up_days, to.commitment ? "asked for" : "not asked for");
}

std::string requestors(const conf::Settings& settings) {
    std::string out =
        "#### 4.2.2 Requestor\nOne association a destination, kept while there is work.\n\n" +
        heeded();
    for (const auto& destination : settings.destinations) out += requestor(destination);
    if (settings.destinations.empty()) out += "No destination is configured.\n\n";
    return out;
}

std::string between(const conf::Settings& settings) {
    return fmt::format(
        "### 4.3 Physical network interfaces\nThose of the operating system; IPv4 and IPv6.\n\n"
        "### 4.4 Additional protocols\nNone of the DICOM profiles. Configuration is by file, "
        "monitoring over HTTP ({}).\n\n"
        "### 4.5 Configuration\n`bucky config example`; AE titles, addresses and ports of both "
        "sides are free.\n\n"
        "## 5 Media interchange\nNot supported.\n\n"
        "## 6 Support of character sets\nResults are written in ISO_IR 192 (UTF-8), whatever the "
        "images came in, unless 4.2.2 names another set for a destination.\n\n",
        settings.admin.listen.empty() ? "off" : settings.admin.listen);
}

std::string profiles_in(const conf::ListenerSettings& door) {
    const auto words = [&]() -> std::string_view {
        switch (door.client_certificates) {
            case ClientCertificates::required: return "both sides show certificates";
            case ClientCertificates::asked:
                return "we show a certificate; a caller that shows one must show a good one";
            case ClientCertificates::off: return "we show a certificate, callers none";
        }
        __builtin_unreachable();
    }();
    return fmt::format("| {} port {}, as acceptor | {}{}{} |\n", door.listen, door.port, words,
                       door.crl.empty() ? "" : "; revoked ones are refused",
                       door.users.empty() ? "" : "; callers give a user name and passcode");
}

std::string profiles_out(const conf::DestinationSettings& to) {
    return fmt::format("| {}, as requestor | its certificate must bear {}{}{} |\n", to.name,
                       !to.url.empty()       ? "the host of its url"
                       : to.tls_name.empty() ? to.host
                                             : to.tls_name,
                       to.certificate.empty() ? "; we show none" : "; we show ours",
                       to.crl.empty() ? "" : "; a revoked one is refused");
}

/// Claims only what this configuration switches on.
std::string security(const conf::Settings& settings) {
    std::string secured;
    bool has_users = !settings.scp.users.empty() && settings.scp.plain;
    for (const auto& door : settings.listeners) {
        has_users = has_users || !door.users.empty();
        if (!door.certificate.empty()) secured += profiles_in(door);
    }
    if (const auto& web = settings.web; !web.certificate.empty()) {
        secured += fmt::format(
            "| {}, as origin server | we show a certificate; callers {} |\n", web.listen,
            web.client_certificates == ClientCertificates::off ? "give a bearer token or nothing"
                                                               : "show theirs");
    }
    for (const auto& to : settings.destinations) {
        if (to.tls || to.url.starts_with("https://")) secured += profiles_out(to);
    }
    std::string out = "## 7 Security\n### 7.1 Security profiles\n";
    out += secured.empty()
               ? "No secure transport connection profile of PS3.15 is claimed: this configuration "
                 "has neither a `[[listener]]` with a certificate nor a destination with `tls`.\n\n"
               : "The BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 B.12: "
                 "TLS 1.2 and 1.3, no renegotiation, no resumption) is claimed where it stands "
                 "here, and nowhere else:\n\n| where | how |\n|---|---|\n" +
                     secured + '\n';
    out += "### 7.2 Association level security\n";
    out += settings.peers.empty()
               ? "Any calling AE title is taken.\n"
               : fmt::format(
                     "Callers are known by the {} rules of the configuration: AE title, "
                     "address and, over TLS, certificate.\n",
                     settings.peers.size());
    if (has_users) {
        out +=
            "User Identity Negotiation (PS3.7 D.3.3.7) with user name and passcode, type 2, "
            "where a listener has users; a positive response is sent on request.\n";
    }
    return out +
           "\n### 7.3 Application level security\nThe service runs as a user of its own; "
           "strangers' files are opened in processes that may read and compute only.\n\n";
}

std::string annexes() {
    return "## 8 Annexes\n### 8.1 IOD contents\nResults take patient and study from the image that "
           "they are about; series and SOP Instance UIDs are derived from the images and the "
           "models, so that the same images make the same objects. Nothing that is received is "
           "changed.\n\n"
           "### 8.2 Private attributes\nNone is written.\n\n"
           "### 8.3 Coded terminology and templates\nReports follow TID 1500 (PS3.16), with coded "
           "findings and where they lie; a Chest CAD SR follows TID 4100. Codes come from the "
           "model package; those of the scheme 99BUCKY are ours.\n\n"
           "### 8.4 Grayscale image consistency\nNot applicable: nothing is displayed.\n\n"
           "### 8.5 Standard extended, specialized and private SOP classes\nNone.\n\n"
           "### 8.6 Private transfer syntaxes\nNone.\n";
}

}  // namespace

std::string conformance_statement(const conf::Settings& settings) {
    return opening(settings) + model() + acceptor(settings) + answers() + requestors(settings) +
           between(settings) + security(settings) + annexes();
}

}  // namespace bucky
