// SPDX-License-Identifier: Apache-2.0
// The config file: reading, checking and printing.
//
// All problems are reported at once, each as "file:line: section.key: what is wrong, what is
// allowed"; a file with a problem gives no Settings. Pure except for the files that it reads.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/error.h"
#include "conf/settings.h"

namespace bucky::conf {

struct Problem {
    std::size_t line = 1;  ///< 0: it stands in the environment (environment.h)
    std::string key;       ///< "scp.port", "destination" or empty for the file as a whole
    std::string words;     ///< what is wrong and what is allowed
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

/// The line of each key in the file, by "destination.pacs.port"; 0 of one that stands in the
/// environment. A key that is missing here has its default.
using Lines = std::map<std::string, std::size_t>;

/// The settings of the file and of the environment's BUCKY__ variables as far as they are valid,
/// with all problems: for a caller that checks more before it reports. Throws ConfigError if the
/// file cannot be read at all.
struct Examined {
    Settings settings;
    std::vector<Problem> problems;  ///< by line
};
Examined examine_settings(const std::filesystem::path& file, Lines* lines = nullptr);

/// Relative paths in it count from the file's folder. Throws ConfigError.
Settings read_settings(const std::filesystem::path& file, Lines* lines = nullptr);

/// The same from text, without the environment; `file` names it in problems and gives the folder of
/// relative paths.
Settings read_settings_text(std::string_view text, const std::filesystem::path& file,
                            Lines* lines = nullptr);

/// Every section and key with its sentence and default: what conf/bucky.toml holds.
std::string example_config();

/// The settings of the example, whether or not its model exists: for the documents.
Settings example_settings();

/// These settings as a config file with every key: `bucky config show`. With `lines`, each has a
/// comment with its line in `file`, or that it is the default.
std::string to_toml(const Settings& settings, const Lines* lines = nullptr,
                    std::string_view file = {});

/// Every key with its value as TOML, in the order of the rows: "destination.pacs.port", "4242".
using SpelledOut = std::vector<std::pair<std::string, std::string>>;
SpelledOut spelled_out(const Settings& settings);

/// The differences, one per line: "scp.artim_s: 30 -> 10", "+ destination.b.port: 104".
std::vector<std::string> differences(const SpelledOut& was, const SpelledOut& is);

}  // namespace bucky::conf
