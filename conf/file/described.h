// SPDX-License-Identifier: Apache-2.0
// The sections and keys as text, for the manual page and configuration.md. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bucky::conf {

struct DescribedKey {
    std::string name;
    std::string value;     ///< the default as TOML; of a required key, its sample
    std::string example;   ///< a possible value as TOML; often the default
    std::string unit;      ///< of a number; may be empty
    std::string allowed;   ///< "1 to 300 s", "en or ko"; empty when anything goes
    std::string sentence;  ///< what it does and why an admin would change it
    bool is_required = false;
};

struct DescribedSection {
    std::string header;  ///< "[node]" or "[[destination]]"
    std::string sentence;
    std::vector<DescribedKey> keys;
};

/// Every section and key, in the order of the example file.
std::vector<DescribedSection> described();

/// bucky.toml(5), in the man macros of troff.
std::string manual_page(std::string_view version);

/// `text` for a manual page: no character of it is read as a troff request or escape.
std::string in_troff(std::string_view text);

/// The same in Markdown: the content of docs/configuration.md.
std::string configuration_markdown();

}  // namespace bucky::conf
