// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/unit.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bucky {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStateDirectory = "/var/lib/bucky";
// ProtectHome=yes hides these, and ReadWritePaths= does not show them again (systemd.exec(5)).
constexpr std::array kHidden{"/home", "/root", "/run/user"};

bool is_below(const fs::path& path, const fs::path& folder) {
    const auto relative = path.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

bool is_hidden(const fs::path& path) {
    return std::any_of(kHidden.begin(), kHidden.end(),
                       [&](const char* folder) { return is_below(path, folder); });
}

/// Absolute, without an ending '/', sorted; those of the StateDirectory are left out.
std::vector<fs::path> folders_written(const conf::Settings& settings) {
    std::vector<fs::path> folders{settings.node.data_dir};
    if (!settings.audit.file.empty()) folders.push_back(settings.audit.file.parent_path());
    for (auto& folder : folders) {
        folder = fs::absolute(folder).lexically_normal();
        if (!folder.has_filename()) folder = folder.parent_path();
    }
    std::sort(folders.begin(), folders.end());
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    std::erase_if(folders,
                  [](const fs::path& folder) { return is_below(folder, kStateDirectory); });
    return folders;
}

/// As a word of a unit: in quotes where it needs them, % doubled (systemd.syntax(7)).
std::string unit_word(const fs::path& path) {
    std::string word;
    bool plain = true;
    for (const char c : path.string()) {
        if (c == '"' || c == '\\') word += '\\';
        if (c == '%') word += '%';
        plain = plain && std::string_view{" \t'\"\\"}.find(c) == std::string_view::npos;
        word += c;
    }
    return plain ? word : '"' + word + '"';
}

/// As a word of a shell.
std::string shell_word(const fs::path& path) {
    std::string word;
    bool plain = true;
    for (const char c : path.string()) {
        plain = plain && (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          std::string_view{"/._-"}.find(c) != std::string_view::npos);
        word += c == '\'' ? std::string{R"('\'')"} : std::string{c};
    }
    return plain ? word : '\'' + word + '\'';
}

std::string made_by(const fs::path& folder) {
    return "install -d -m 0750 -o bucky -g bucky " + shell_word(folder);
}

/// The unit's text and that of its drop-ins, as far as this user can read them.
std::string unit_text(const fs::path& root) {
    std::ostringstream all;
    const auto add = [&](const fs::path& file) {
        std::ifstream in{file};
        if (in) all << in.rdbuf() << '\n';
    };
    for (const auto* folder : {"etc/systemd", "run/systemd", "usr/lib/systemd"}) {
        const auto unit = root / folder / "system/bucky.service";
        add(unit);
        std::error_code absent;
        for (const auto& file : fs::directory_iterator{unit.string() + ".d", absent}) {
            if (file.path().extension() == ".conf") add(file.path());
        }
    }
    return all.str();
}

/// Whether a line with paths names this folder or one above it.
bool names(const std::string& line, fs::path folder) {
    for (; folder.has_relative_path(); folder = folder.parent_path()) {
        const auto word = unit_word(folder);
        for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
            const auto after = at + word.size();
            const bool begins =
                std::string_view{"= -+"}.find(line[at - 1]) != std::string_view::npos;
            if (begins && (after == line.size() || line[after] == ' ')) return true;
        }
    }
    return false;
}

}  // namespace

std::string unit_drop_in(const conf::Settings& settings) {
    const auto folders = folders_written(settings);
    if (folders.empty()) {
        return fmt::format("# Every folder that the node writes is in {}: no drop-in is needed.\n",
                           kStateDirectory);
    }
    std::string out =
        "# /etc/systemd/system/bucky.service.d/paths.conf, printed by `bucky config systemd`: "
        "lets\n"
        "# the service write where its config file says. `systemctl daemon-reload` reads it.\n"
        "# The folders must be there and belong to the service; as root:\n";
    std::vector<std::string> shown, hidden, all;
    for (const auto& folder : folders) {
        out += "#   " + made_by(folder) + '\n';
        (is_hidden(folder) ? hidden : shown).push_back(unit_word(folder));
        all.push_back(unit_word(folder));
    }
    out += fmt::format("[Unit]\nRequiresMountsFor={}\n\n[Service]\n", fmt::join(all, " "));
    if (!shown.empty()) out += fmt::format("ReadWritePaths={}\n", fmt::join(shown, " "));
    if (!hidden.empty()) {
        out += fmt::format("ProtectHome=tmpfs\nBindPaths={}\n", fmt::join(hidden, " "));
    }
    return out;
}

std::vector<std::string> unit_troubles(const conf::Settings& settings, const fs::path& root) {
    std::vector<std::string> troubles;
    const auto text = unit_text(root);
    if (text.empty()) return troubles;
    for (const auto& folder : folders_written(settings)) {
        bool allowed = false;
        std::istringstream lines{text};
        for (std::string line; std::getline(lines, line);) {
            const bool paths =
                line.starts_with("ReadWritePaths=") || line.starts_with("BindPaths=");
            allowed = allowed || (paths && names(line, folder));
        }
        std::error_code unreadable;
        if (!allowed) {
            troubles.push_back(
                fmt::format("the unit bucky.service may not write to {}: `bucky config "
                            "systemd` prints the drop-in that lets it",
                            folder.string()));
        } else if (!fs::exists(folder, unreadable) && !unreadable) {
            troubles.push_back(fmt::format("{} is not there, and the service may not make it: {}",
                                           folder.string(), made_by(folder)));
        }
    }
    return troubles;
}

}  // namespace bucky
