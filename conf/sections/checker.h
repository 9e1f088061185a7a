// SPDX-License-Identifier: Apache-2.0
// Checker: where a section reports values that do not agree with each other. The reader of the file
// implements it and finds the line, so that sections do not depend on the syntax of the file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "conf/settings.h"

namespace bucky::conf {

/// A section of the file; of [[name]], the one with this index, counting from 0.
struct Place {
    std::string_view section;
    std::size_t index = 0;
};

class Checker {
public:
    virtual ~Checker() = default;

    /// `words` says what is wrong with this key. The line is that of the key, or of its section
    /// where the file does not name the key.
    virtual void complain(const Place& at, std::string_view key, std::string words) = 0;
};

inline bool has_destination(const Settings& settings, std::string_view name) {
    return std::any_of(settings.destinations.begin(), settings.destinations.end(),
                       [&](const auto& one) { return one.name == name; });
}

}  // namespace bucky::conf
