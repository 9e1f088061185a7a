// SPDX-License-Identifier: Apache-2.0
// A section of the config file and its keys. Each key is described once, in one row: its name, the
// field it fills, the allowed values, the unit and a sentence. The reader, the example file,
// `bucky config show`, the manual and the tests walk the same rows. Defaults are those of
// conf/settings.h. Constant after construction: any thread may read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "conf/sections/allowed.h"
#include "conf/settings.h"

namespace bucky::conf {

class Checker;

/// A field of a Group that holds a choice (conf/base/choices.h), or an optional one, by its word.
/// The word is an allowed one; of an optional choice it may be empty.
template <typename Group>
struct ChoiceMember {
    void (*set)(Group& group, std::string_view word);
    std::string_view (*word)(const Group& group);
};

template <IsChoice Choice>
void set_choice(Choice& field, std::string_view word) {
    field = choice_of<Choice>(word).value();
}
template <IsChoice Choice>
void set_choice(std::optional<Choice>& field, std::string_view word) {
    field = choice_of<Choice>(word);
}
template <IsChoice Choice>
std::string_view chosen_word(Choice field) {
    return word_of(field);
}
template <IsChoice Choice>
std::string_view chosen_word(std::optional<Choice> field) {
    return field ? word_of(*field) : std::string_view{};
}

template <typename Group, typename Value>
Group group_of(Value Group::*member);  ///< for decltype only

/// choice<&InferenceSettings::gate> in a row of keys.
template <auto kMember>
inline constexpr ChoiceMember<decltype(group_of(kMember))> choice{
    [](auto& group, std::string_view word) { set_choice(group.*kMember, word); },
    [](const auto& group) { return chosen_word(group.*kMember); }};

/// A choice in one group.
template <typename Group>
struct Chosen {
    Group& group;
    ChoiceMember<std::remove_const_t<Group>> member;

    void set(std::string_view word) const { member.set(group, word); }
    std::string_view word() const { return member.word(group); }
};

template <typename Group, typename Owner, typename Value>
auto& field_of(Group& group, Value Owner::*member) {
    return group.*member;
}
template <typename Group, typename Owner>
Chosen<Group> field_of(Group& group, ChoiceMember<Owner> member) {
    return {group, member};
}

template <typename Group>
using Member = std::variant<std::int64_t Group::*, double Group::*, bool Group::*,
                            std::string Group::*, AeTitle Group::*, std::filesystem::path Group::*,
                            std::vector<std::filesystem::path> Group::*,
                            std::vector<std::string> Group::*, std::vector<ResultKind> Group::*,
                            std::vector<ModuleLevel> Group::*, ChoiceMember<Group>>;

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
