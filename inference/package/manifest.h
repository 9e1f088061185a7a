// SPDX-License-Identifier: Apache-2.0
// Manifest: reads a TOML file key by key and collects every problem. Every key that is asked for is
// a known key; finish() reports the unknown ones and throws all problems at once. Only package.cpp
// uses it: no other header of inference/ shows toml++.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace bucky::inference {

/// One table of the file, or the position where it is missing.
class Section {
public:
    Section(const toml::table* table, std::string path, std::vector<std::string>& problems)
        : table_(table), path_(std::move(path)), problems_(&problems) {}

    /// Each reads one key, marks it as known, and reports a problem if its value is not allowed.
    std::string required_text(std::string_view key);
    std::string text(std::string_view key);
    std::string one_of(std::string_view key, std::vector<std::string_view> words,
                       std::string_view otherwise);
    double number(std::string_view key, double low, double high, std::optional<double> otherwise);
    std::optional<double> optional_number(std::string_view key, double low, double high);
    std::uint32_t whole(std::string_view key, std::int64_t low, std::int64_t high,
                        std::optional<std::uint32_t> otherwise);
    bool flag(std::string_view key, bool otherwise);
    std::vector<std::string> texts(std::string_view key);
    std::vector<double> numbers(std::string_view key, std::size_t count);
    Section section(std::string_view key);
    std::vector<Section> sections(std::string_view key);

    /// Whether an optional key is there. Marks it as known.
    bool has(std::string_view key) { return find(key) != nullptr; }

    bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }
    void complain(std::string_view key, std::string_view words);
    void complain_of_unknown_keys();

private:
    const toml::node* find(std::string_view key);
    void complain_of_number(std::string_view key, double low, double high);

    const toml::table* table_;
    std::string path_;  ///< "finding[2]", for messages
    std::vector<std::string>* problems_;
    std::vector<std::string> known_;
};

}  // namespace bucky::inference
