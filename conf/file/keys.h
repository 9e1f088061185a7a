// SPDX-License-Identifier: Apache-2.0
// The keys of the config file, each described once, in a row of keys.cpp: its name, the field it
// fills, what is allowed, the unit and a sentence. The reader, the example file, `bucky config
// show` and the tests walk the same rows. Defaults are those of conf/settings.h. Constant after
// construction: any thread may read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "conf/settings.h"

namespace bucky::conf {

struct Anything {};
struct Range {
    std::int64_t least, most;
};
struct OneOf {  ///< of a list: each entry
    std::span<const std::string_view> words;
};
struct Between {
    double least, most;
};
/// `words` says what is allowed and completes "must be ...".
struct Fits {
    bool (*fits)(std::string_view value);
    std::string_view words;
};
using Allowed = std::variant<Anything, Range, Between, OneOf, Fits>;

/// "1 to 300", "en or ko", "an IP address"; empty when anything goes.
std::string in_words(const Allowed& allowed);

template <typename Group>
using Member =
    std::variant<std::int64_t Group::*, double Group::*, bool Group::*, std::string Group::*,
                 AeTitle Group::*, std::filesystem::path Group::*,
                 std::vector<std::filesystem::path> Group::*, std::vector<std::string> Group::*>;

enum class Presence { optional, required };

template <typename Group>
struct Key {
    std::string_view name;
    Member<Group> member;
    Allowed allowed;
    std::string_view unit;      ///< of a number
    std::string_view sentence;  ///< for the person who edits the file
    std::string_view
        sample{};  ///< TOML shown live in the example; empty: the default, as a comment
    Presence presence = Presence::optional;
};

/// [name] where there is one of it, [[name]] where there may be many.
template <typename Group>
struct Section {
    std::string_view name;
    std::variant<Group Settings::*, std::vector<Group> Settings::*> field;
    std::span<const Key<Group>> keys;
    std::string_view sentence;
    bool in_example = true;  ///< false: shown as a comment, for most files have none
};

/// In the order of the example file.
using Sections =
    std::tuple<Section<NodeSettings>, Section<ScpSettings>, Section<ListenerSettings>,
               Section<PeerSettings>, Section<InferenceSettings>, Section<ModelSettings>,
               Section<StudySettings>, Section<OverlaySettings>, Section<DestinationSettings>,
               Section<TenantSettings>, Section<ThresholdSettings>, Section<StorageSettings>,
               Section<AdminSettings>, Section<LogSettings>, Section<AuditSettings>>;
const Sections& sections();

/// How the keys of this group are called in words, index counting from 0: "scp",
/// "destination.pacs", "peer.1".
template <typename Group>
std::string label(const Section<Group>& section, const Group& group, std::size_t index) {
    std::string name{section.name};
    if (std::holds_alternative<Group Settings::*>(section.field)) return name;
    if constexpr (requires { group.name; }) return name + '.' + group.name;
    return name + '.' + std::to_string(index + 1);
}

/// Calls visit(section) for each.
template <typename Visitor>
void for_each_section(Visitor&& visit) {
    std::apply([&](const auto&... section) { (visit(section), ...); }, sections());
}

}  // namespace bucky::conf
