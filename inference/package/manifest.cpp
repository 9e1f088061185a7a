// SPDX-License-Identifier: Apache-2.0
#include "inference/package/manifest.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bucky::inference {

const toml::node* Section::find(std::string_view key) {
    known_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
}

void Section::complain(std::string_view key, std::string_view words) {
    const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
    const auto line = node != nullptr     ? node->source().begin.line
                      : table_ != nullptr ? table_->source().begin.line
                                          : 1;
    const std::string dot = path_.empty() || key.empty() ? "" : ".";
    problems_->push_back(
        fmt::format("model.toml:{}: {}{}{}: {}", std::max(line, 1U), path_, dot, key, words));
}

std::string Section::text(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return {};
    if (const auto* value = node->as_string()) return value->get();
    complain(key, "must be text in quotes");
    return {};
}

std::string Section::required_text(std::string_view key) {
    if (table_ == nullptr) return {};  // the section is missing: section() has reported it
    std::string value = text(key);
    if (value.empty() && (table_->get(key) == nullptr || table_->get(key)->is_string())) {
        complain(key, "is missing: must be text");
    }
    return value;
}

std::string Section::one_of(std::string_view key, std::vector<std::string_view> words,
                            std::string_view otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::string(otherwise);
    const auto* value = node->as_string();
    if (value != nullptr && std::find(words.begin(), words.end(), value->get()) != words.end()) {
        return value->get();
    }
    complain(key, fmt::format("must be one of \"{}\"", fmt::join(words, "\", \"")));
    return std::string(otherwise);
}

void Section::complain_of_number(std::string_view key, double low, double high) {
    complain(key, fmt::format("must be a number from {} to {}", low, high));
}

std::optional<double> Section::optional_number(std::string_view key, double low, double high) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && std::isfinite(*value) && *value >= low && *value <= high) return value;
    complain_of_number(key, low, high);
    return std::nullopt;
}

double Section::number(std::string_view key, double low, double high,
                       std::optional<double> otherwise) {
    const auto value = optional_number(key, low, high);
    if (value) return *value;
    if (!otherwise && table_ != nullptr && table_->get(key) == nullptr) {
        complain(key, fmt::format("is missing: must be a number from {} to {}", low, high));
    }
    return otherwise.value_or(low);
}

std::uint32_t Section::whole(std::string_view key, std::int64_t low, std::int64_t high,
                             std::optional<std::uint32_t> otherwise) {
    const toml::node* node = find(key);
    const auto fallback = otherwise.value_or(static_cast<std::uint32_t>(low));
    if (node == nullptr) {
        if (!otherwise && table_ != nullptr) {
            complain(key,
                     fmt::format("is missing: must be a whole number from {} to {}", low, high));
        }
        return fallback;
    }
    const auto* value = node->as_integer();
    if (value != nullptr && value->get() >= low && value->get() <= high) {
        return static_cast<std::uint32_t>(value->get());
    }
    complain(key, fmt::format("must be a whole number from {} to {}", low, high));
    return fallback;
}

bool Section::flag(std::string_view key, bool otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (const auto* value = node->as_boolean()) return value->get();
    complain(key, "must be true or false");
    return otherwise;
}

std::vector<std::string> Section::texts(std::string_view key) {
    const toml::node* node = find(key);
    std::vector<std::string> values;
    const auto* array = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && (array == nullptr || !array->is_homogeneous<std::string>())) {
        if (array == nullptr || !array->empty()) {
            complain(key, "must be a list of texts: [\"PA\", \"AP\"]");
            return {};
        }
    }
    if (array == nullptr || array->empty()) {
        if (table_ != nullptr) {
            complain(key,
                     "is missing or empty: must be a list of texts; \"\" takes an image "
                     "without the attribute");
        }
        return {};
    }
    for (const toml::node& value : *array) values.push_back(value.as_string()->get());
    return values;
}

std::vector<double> Section::numbers(std::string_view key, std::size_t count) {
    const toml::node* node = find(key);
    if (node == nullptr) return {};
    std::vector<double> values;
    if (const auto* array = node->as_array()) {
        for (const toml::node& value : *array) {
            if (value.is_number()) values.push_back(*value.value<double>());
        }
        const bool all_good =
            values.size() == array->size() && values.size() == count &&
            std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
        if (all_good) return values;
    }
    complain(key, fmt::format("must be a list of {} numbers", count));
    return {};
}

Section Section::section(std::string_view key) {
    const toml::node* node = find(key);
    const auto* table = node == nullptr ? nullptr : node->as_table();
    if (table == nullptr && table_ != nullptr) {
        complain(key, node == nullptr ? "this section is missing" : "must be a table");
    }
    return {table, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key), *problems_};
}

std::vector<Section> Section::sections(std::string_view key) {
    const toml::node* node = find(key);
    std::vector<Section> found;
    const auto* array = node == nullptr ? nullptr : node->as_array();
    if (array != nullptr) {
        for (const toml::node& item : *array) {
            const auto path = fmt::format("{}[{}]", key, found.size() + 1);
            if (item.is_table()) found.emplace_back(item.as_table(), path, *problems_);
        }
    }
    if (found.empty() || found.size() != array->size()) {
        complain(key, fmt::format("must be one or more [[{}]] tables", key));
    }
    return found;
}

void Section::complain_of_unknown_keys() {
    if (table_ == nullptr) return;
    for (const auto& [key, value] : *table_) {
        if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
        complain(key.str(), fmt::format("is not a key here; allowed: {}", fmt::join(known_, ", ")));
    }
}

}  // namespace bucky::inference
