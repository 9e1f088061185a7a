// SPDX-License-Identifier: Apache-2.0
// The program: one binary with subcommands.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/phantom/command.h"

namespace bucky {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongConfigOrUsage = 2;

/// The start of an error message.
constexpr std::string_view lead(Fault fault) {
    switch (fault) {
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt:
        case Fault::unavailable:
        case Fault::exhausted: return "bucky: ";
        case Fault::bug: return "bucky: a mistake of ours, please report it: ";
    }
    __builtin_unreachable();
}

int run(int argc, char** argv) {
    CLI::App app{"Bucky gives every chest X-ray a second look: an AI modality that speaks DICOM.",
                 "bucky"};
    app.set_version_flag("--version", "bucky " BUCKY_VERSION);
    app.require_subcommand(1);
    int exit_status = 0;
    add_serve(app, exit_status);
    add_status(app, exit_status);
    add_doctor(app, exit_status);
    add_queue(app, exit_status);
    add_study(app, exit_status);
    add_echo(app, exit_status);
    add_send(app, exit_status);
    add_archive(app, exit_status);
    add_coverage(app, exit_status);
    add_audit(app, exit_status);
    add_shadow(app, exit_status);
    add_alert(app);
    add_analyze(app, exit_status);
    add_explain(app, exit_status);
    add_model(app, exit_status);
    add_config(app, exit_status);
    add_reload(app, exit_status);
    add_backup(app, exit_status);
    add_decisions(app, exit_status);
    add_join(app, exit_status);
    add_site(app, exit_status);
    add_conformance(app, exit_status);
    add_decode_worker(app, exit_status);
    phantom::add_command(app, exit_status);
    add_manual(app, exit_status);
    try {
        app.parse(argc, argv);
        return exit_status;
    } catch (const CLI::ParseError& error) {  // wrong usage, or --help, which is none
        return app.exit(error) == 0 ? 0 : kWrongConfigOrUsage;
    }
}

}  // namespace
}  // namespace bucky

int main(int argc, char** argv) {
    using namespace bucky;
    // Threads of a model wait without spinning, because they share the cores with threads that
    // receive. LibTorch reads this variable when it is loaded (inference/run/torch_module.cpp),
    // which is later.
    ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    try {
        return run(argc, argv);
    } catch (const conf::ConfigError& error) {
        fmt::print(stderr, "{}\n", error.what());  // file:line: key: words, as a compiler prints
        return kWrongConfigOrUsage;
    } catch (const Error& error) {
        // the words are for the user; the fault only picks how they begin
        fmt::print(stderr, "{}{}\n", lead(error.fault()), error.what());
    } catch (const std::exception& error) {  // a bug: no other exception may reach main
        fmt::print(stderr, "{}{}\n", lead(Fault::bug), error.what());
    }
    return kFailed;
}
