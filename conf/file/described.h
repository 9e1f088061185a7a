// SPDX-License-Identifier: Apache-2.0
// The key rows as text, for whoever prints them: manual page, configuration.md. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bucky::conf {

struct DescribedKey {
    std::string name;
    std::string value;     ///< the default as TOML; of a required key its sample
    std::string example;   ///< what one might write, as TOML; often the default
    std::string unit;      ///< of a number; may be empty
    std::string allowed;   ///< "1 to 300 s", "en or ko"; empty when anything goes
    std::string sentence;  ///< what it does and why one would change it
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

/// `text` as it stands in a manual page: no character of it is taken for a request or an escape.
std::string in_troff(std::string_view text);

/// The same in Markdown: docs/configuration.md, which a test compares with it.
std::string configuration_markdown();

}  // namespace bucky::conf
