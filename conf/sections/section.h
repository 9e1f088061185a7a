// SPDX-License-Identifier: Apache-2.0
// A section of the config file and its keys. Each key is described once, in one row: its name, the
// field it fills, the allowed values, the unit and a sentence. The reader, the example file,
// `bucky config show`, the manual and the tests walk the same rows. Defaults are those of
// conf/settings.h. Constant after construction: any thread may read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conf/sections/allowed.h"
#include "conf/settings.h"

namespace bucky::conf {

class Checker;

template <typename Group>
using Member = std::variant<std::int64_t Group::*, double Group::*, bool Group::*,
                            std::string Group::*, AeTitle Group::*, std::filesystem::path Group::*,
                            std::vector<std::filesystem::path> Group::*,
                            std::vector<std::string> Group::*, std::vector<ResultKind> Group::*>;

enum class Presence { optional, required };

template <typename Group>
struct Key {
    std::string_view name;
    Member<Group> member;
    Allowed allowed;
    std::string_view unit;      ///< of a number
    std::string_view sentence;  ///< for the person who edits the file
    /// TOML that the example file shows uncommented. Empty: it shows the default as a comment.
    std::string_view sample{};
    Presence presence = Presence::optional;
};

/// [name] if the file has one of it, [[name]] if it may have several.
template <typename Group>
struct Section {
    std::string_view name;
    std::variant<Group Settings::*, std::vector<Group> Settings::*> field;
    std::span<const Key<Group>> keys;
    std::string_view sentence;
    bool in_example = true;  ///< false: shown as a comment, because most files have none
    /// Reports values that are allowed each but do not agree with each other. May be null.
    void (*check)(const Settings&, Checker&) = nullptr;
};

/// The name of this group in messages, index counting from 0: "scp", "destination.pacs", "peer.1".
template <typename Group>
std::string label(const Section<Group>& section, const Group& group, std::size_t index) {
    std::string name{section.name};
    if (std::holds_alternative<Group Settings::*>(section.field)) return name;
    if constexpr (requires { group.name; }) return name + '.' + group.name;
    return name + '.' + std::to_string(index + 1);
}

}  // namespace bucky::conf
