// SPDX-License-Identifier: Apache-2.0
// What a reload does to the settings, and what the node tells its commands of itself.
//
// A reload is all or nothing: the file is read and checked whole, its models are loaded, and only
// then does everything change together. What only a start can take up (where the node listens,
// where its data lies) keeps its value until then, and is named.
//
// The note is the file `running.json` in data_dir: which settings are in force, and what became of
// the last reload. It is no state: nobody but a person's command reads it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"

namespace bucky {

/// Gives `next` the values of `now` for what only a start can take up; the keys for which that
/// makes a difference.
std::vector<std::string> keep_until_restart(const conf::Settings& now, conf::Settings& next);

/// Levels, form and patients of the log, from now on.
void take_up_log(const conf::LogSettings& told);

struct RunningNote {
    std::string process;
    std::int64_t since_ms = 0;         ///< start of the node
    std::int64_t reloads = 0;          ///< since then, whatever became of them
    std::int64_t last_begun_ms = 0;    ///< when the last one began to read the file
    std::string refused;               ///< why the last one was; empty: it was not
    std::vector<std::string> waiting;  ///< keys whose new value waits for a restart
    conf::SpelledOut in_force;
    std::vector<std::string> troubles{};  ///< that only the node sees: of models, of the trail
};

/// A note that cannot be written is logged and missed by commands only.
void leave_note(const std::filesystem::path& data_dir, const RunningNote& note);
/// Nothing when there is none that can be read.
std::optional<RunningNote> read_note(const std::filesystem::path& data_dir);

}  // namespace bucky
