// SPDX-License-Identifier: Apache-2.0
// The effect of a reload on the settings, and the note that the node leaves for its commands.
//
// A reload is all or nothing: the whole file is read and checked, its models are loaded, and only
// then does everything change at once. Settings that need a restart (listening addresses, data
// folder) keep their value until then and are named.
//
// The note is the file `running.json` in data_dir: the settings in force and the outcome of the
// last reload. It is not part of the node's state: only commands read it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "conf/file/read.h"
#include "conf/observe/trouble.h"
#include "conf/settings.h"

namespace bucky {

/// Gives `next` the values of `now` for settings that need a restart; returns the keys whose values
/// differ.
std::vector<std::string> keep_until_restart(const conf::Settings& now, conf::Settings& next);

/// Applies levels, form and patient setting of the log from now on.
void take_up_log(const conf::LogSettings& told);

struct RunningNote {
    std::string process;
    std::int64_t since_ms = 0;         ///< start of the node
    std::int64_t begun = 0;            ///< reloads since then, before they read the file
    std::int64_t reloads = 0;          ///< those that have ended, refused ones too
    std::string refused;               ///< why the last one was; else empty
    std::vector<std::string> waiting;  ///< keys whose new value waits for a restart
    conf::SpelledOut in_force;
    std::vector<Trouble> troubles{};   ///< known only to the node
    std::vector<std::string> notes{};  ///< the same, of what is no trouble
};

/// A note that cannot be written is logged, and commands do without it.
void leave_note(const std::filesystem::path& data_dir, const RunningNote& note);
/// Nullopt when there is no readable note.
std::optional<RunningNote> read_note(const std::filesystem::path& data_dir);

}  // namespace bucky
