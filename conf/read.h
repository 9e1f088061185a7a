// SPDX-License-Identifier: Apache-2.0
// The config file: read, checked whole, and printed.
//
// Every problem is reported at once, each as "file:line: section.key: what is wrong, what is
// allowed"; a file with a problem gives no Settings at all. Pure but for the files it reads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/error.h"
#include "conf/settings.h"

namespace bucky::conf {

struct Problem {
    std::size_t line = 1;
    std::string key;    ///< "scp.port", "destination" or empty for the file as a whole
    std::string words;  ///< what is wrong and what is allowed
};

/// what() has one line a problem: "bucky.toml:12: scp.port: 70000 is not allowed; it must be 0 to
/// 65535".
class ConfigError : public Error {
public:
    ConfigError(std::string_view file, std::vector<Problem> problems);
    const std::vector<Problem>& problems() const noexcept { return problems_; }

private:
    std::vector<Problem> problems_;
};

/// Relative paths in it count from the file's folder. Throws ConfigError.
Settings read_settings(const std::filesystem::path& file);

/// The same from text; `file` names it in problems and gives the folder of relative paths.
Settings read_settings_text(std::string_view text, const std::filesystem::path& file);

/// Every section and key with its sentence and default: what conf/bucky.toml holds.
std::string example_config();

/// These settings as a config file, every key spelled out: `bucky config show`.
std::string to_toml(const Settings& settings);

}  // namespace bucky::conf
