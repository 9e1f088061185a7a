// SPDX-License-Identifier: Apache-2.0
// The DICOM Conformance Statement of a configuration, in the outline of PS3.2 Annex A, as Markdown.
// What is negotiated is printed from the tables that negotiation reads, so that the statement
// cannot promise what the node would not do.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/base/fallbacks.h"
#include "conf/base/limits.h"
#include "conf/read.h"
#include "scp/wire/contexts.h"
#include "scp/wire/start.h"
#include "scp/wire/status.h"
#include "tools/bucky/commands/command.h"

namespace bucky {
namespace {

constexpr std::string_view kPresentationState = "1.2.840.10008.5.1.4.1.1.11.1";  // PS3.4 N.2

bool sends(const conf::DestinationSettings& destination, std::string_view object) {
    const auto has = [&](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), object) != list.end();
    };
    return has(destination.send) || has(destination.send_if_found);
}

std::string opening(const conf::Settings& settings) {
    return fmt::format(
        "# DICOM Conformance Statement\n\n"
        "Bucky {}, application entity `{}`; printed by `bucky conformance` from its tables and "
        "from one configuration, in the outline of PS3.2 Annex A.\n\n"
        "## 1 Overview\n"
        "Bucky receives images over C-STORE, has a model look at those that it was made for, and "
        "sends what it found over C-STORE as a Structured Report and as pictures. It assists; it "
        "is not a reading.\n\n"
        "| SOP class | as SCU | as SCP |\n|---|---|---|\n"
        "| Verification | `bucky echo` | yes |\n"
        "| Storage of images (4.2.1) | no | yes |\n"
        "| Storage of results (4.2.2) | yes | no |\n"
        "| Storage Commitment Push Model | {} | yes |\n\n"
        "## 2 Table of contents\nThe headings of this document.\n\n"
        "## 3 Introduction\n"
        "For those who integrate it. Two conformance statements that fit do not prove that two "
        "systems work together: `bucky echo` and a test image do.\n\n",
        BUCKY_VERSION, settings.node.ae_title.str(),
        std::any_of(settings.destinations.begin(), settings.destinations.end(),
                    [](const auto& one) { return one.commitment; })
            ? "yes"
            : "not configured");
}

std::string model_and_acceptor(const conf::Settings& settings) {
    std::string out = fmt::format(
        "## 4 Networking\n### 4.1 Implementation model\n"
        "One application entity. It answers C-STORE with success when the image is durable on its "
        "disk, and not before; analysis and sending follow by themselves.\n\n"
        "### 4.2 AE specifications\n#### 4.2.1 Acceptor\n"
        "| | |\n|---|---|\n"
        "| Implementation Class UID | {} |\n| Implementation Version Name | {} |\n"
        "| Application context | {} |\n| Largest PDU received | {} bytes |\n"
        "| Listens on | {} port {} |\n| Called AE title | {} |\n| Calling AE titles | {} |\n"
        "| Associations at once | {}, of one caller {} |\n"
        "| Asynchronous operations | not supported: one at a time |\n"
        "| ARTIM timer | {} s; silence within an association ends it after {} s |\n\n",
        scp::implementation_class_uid(), scp::implementation_version_name(),
        scp::kApplicationContext, limits::kMaxPduBytes, settings.scp.listen, settings.scp.port,
        settings.scp.check_called_ae ? settings.node.ae_title.str() + " only" : "any",
        settings.peers.empty() ? "any" : fmt::format("those of {} rules", settings.peers.size()),
        settings.scp.max_associations, settings.scp.max_associations_per_peer, settings.scp.artim_s,
        settings.scp.read_timeout_s);
    out += fmt::format(
        "| SOP class | UID | analysed |\n|---|---|---|\n"
        "| Verification | {} | |\n| Storage Commitment Push Model | {} | |\n",
        scp::kVerificationClass, scp::kCommitmentClass);
    for (const auto& row : scp::storage_classes()) {
        out += fmt::format("| {} | {} | {} |\n", row.name, row.uid,
                           row.analysed ? "where a model takes it" : "kept, and said not to be");
    }
    out +=
        "\nOf each, the first of the proposer's transfer syntaxes that stands here is accepted, "
        "and the bytes are kept as they came:\n\n| transfer syntax | UID |\n|---|---|\n";
    for (const auto& row : scp::transfer_syntaxes()) {
        out += fmt::format("| {} | {} |\n", row.name, row.uid);
    }
    return out;
}

/// The statuses of C-STORE that this node answers with, from the table that it answers by.
std::string answers() {
    std::string out = "\n| C-STORE status | when |\n|---|---|\n| 0000 | the image is durable |\n";
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
           "9.3.4: result 2, source 3, reason 2).\n\n";
}

std::string requestor(const conf::DestinationSettings& to) {
    std::string out = fmt::format(
        "##### {}: {} at {} port {}\n| SOP class, the first that it takes "
        "| UID |\n|---|---|\n",
        to.name, to.ae_title.str(), to.host, to.port);
    const auto row = [&](std::string_view uid) {
        out += fmt::format("| {} | {} |\n", name_of_class(uid), uid);
    };
    if (sends(to, "sr")) std::for_each(kReportClasses.begin(), kReportClasses.end(), row);
    if (sends(to, "overlay")) std::for_each(kPictureClasses.begin(), kPictureClasses.end(), row);
    if (sends(to, "presentation")) {
        out += fmt::format("| Grayscale Softcopy Presentation State | {} |\n", kPresentationState);
    }
    return out +
           fmt::format(
               "\nReports are sent in Explicit or Implicit VR Little Endian, "
               "pictures {}; text is in {}. What is not accepted is tried again after {} s, then "
               "twice as long, up to {} s, for {} days; what is refused for good is "
               "parked for a person. Storage commitment is {}.\n\n",
               to.picture_syntax, to.character_set, to.retry_first_s, to.retry_cap_s,
               to.give_up_days, to.commitment ? "asked for" : "not asked for");
}

std::string ending(const conf::Settings& settings) {
    return fmt::format(
        "### 4.3 Physical network interfaces\nThose of the operating system; IPv4 and IPv6.\n\n"
        "### 4.4 Additional protocols\nNone of the DICOM profiles. Configuration is by file, "
        "monitoring over HTTP ({}).\n\n"
        "### 4.5 Configuration\n`bucky config example`; AE titles, addresses and ports of both "
        "sides are free.\n\n"
        "## 5 Media interchange\nNot supported.\n\n"
        "## 6 Character sets\nResults are written in ISO_IR 192 (UTF-8), whatever the images "
        "came in.\n\n"
        "## 7 Security\nNo security profile of PS3.15 is claimed. Callers are known by AE title "
        "and address; the service runs as a user of its own.\n\n"
        "## 8 Annexes\nReports follow TID 1500 (PS3.16), with coded findings and where they lie.\n",
        settings.admin.listen.empty() ? "off" : settings.admin.listen);
}

std::string statement(const conf::Settings& settings) {
    auto out = opening(settings) + model_and_acceptor(settings) + answers() +
               "#### 4.2.2 Requestor\nOne association a destination, kept while there is work.\n\n";
    for (const auto& destination : settings.destinations) out += requestor(destination);
    if (settings.destinations.empty()) out += "No destination is configured.\n\n";
    return out + ending(settings);
}

}  // namespace

void add_conformance(CLI::App& app, int&) {
    auto* command =
        app.add_subcommand("conformance", "The DICOM Conformance Statement of a config");
    const auto config = config_option(*command);
    command->callback([config] { std::cout << statement(conf::read_settings(*config)); });
}

}  // namespace bucky
