// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/sender.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/peer.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/shared/progress.h"
#include "tools/bucky/shared/table.h"
#include "tools/bucky/web/stow_sender.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

std::string_view answer(SendVerdict verdict) {
    switch (verdict) {
        case SendVerdict::delivered: return "accepted";
        case SendVerdict::already_there: return "there already";
        case SendVerdict::try_later: return "not now";
        case SendVerdict::refused: return "refused";
        case SendVerdict::class_not_accepted: return "SOP class not accepted";
    }
    __builtin_unreachable();
}

std::string words_of(const scp::SendOutcome& outcome) {
    std::string words{answer(outcome.verdict)};
    if (!outcome.status.empty()) words += ", status " + outcome.status;
    if (outcome.rewritten) words += ", in another transfer syntax";
    if (!outcome.words.empty()) words += ": " + printable(outcome.words);
    return words;
}

/// Announces the files to send. A file that is not DICOM is skipped in a folder, but an error when
/// it is named itself.
std::vector<fs::path> announced(scp::Sender& sender, const std::vector<fs::path>& asked,
                                std::size_t& wrong) {
    std::vector<fs::path> files;
    for (const auto& file : files_of(asked)) {
        try {
            sender.announce(file);
            files.push_back(file);
        } catch (const Error& error) {  // one bad file does not stop the others
            const bool is_named = std::find(asked.begin(), asked.end(), file) != asked.end();
            if (error.fault() == Fault::bad_input && !is_named) continue;
            std::cout << fmt::format("{}: {}\n", file.string(), error.what());
            ++wrong;
        }
    }
    return files;
}

int send(const Peer& peer, const std::vector<fs::path>& asked) {
    scp::start_wire();
    const auto sender = sender_to(peer.destination, peer.calling);
    std::size_t wrong = 0, accepted = 0;
    const auto files = announced(*sender, asked, wrong);
    {
        Progress progress{"sending", files.size()};
        for (const auto& file : files) {
            const auto outcome = sender->send(file);
            ++(is_delivered(outcome.verdict) ? accepted : wrong);
            progress.wipe();
            std::cout << fmt::format("{}: {}\n", file.string(), words_of(outcome)) << std::flush;
            progress.step();
        }
    }
    sender->release();
    std::cout << fmt::format(
        "{} of {} accepted by {}\n", accepted, accepted + wrong,
        peer.destination.url.empty() ? peer.destination.ae_title.str() : peer.destination.url);
    return wrong == 0 && accepted > 0 ? 0 : 1;
}

}  // namespace

void add_send(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("send", "C-STORE files to a peer; every status is printed");
    const auto options = peer_options(*command);
    const auto files = std::make_shared<std::vector<fs::path>>();
    command->add_option("FILE", *files, "DICOM files, or folders of them")
        ->required()
        ->type_name("");
    command->callback(
        [options, files, &exit_status] { exit_status = send(peer_of(*options), *files); });
}

}  // namespace bucky
