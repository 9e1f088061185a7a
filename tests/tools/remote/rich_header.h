// SPDX-License-Identifier: Apache-2.0
// Headers as hospitals fill them, and a search for their values in what left the site.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bucky::test {

/// A value of a header: in UTF-8, and as bytes by which it would be recognised.
struct HeaderValue {
    std::string words;
    std::vector<std::string> forms;  ///< UTF-8, UTF-16 of both byte orders, as the file has it
};

/// Fills in whatever may tell of a person, a place or an exam, in Korean and Latin letters; what
/// the choice of a package reads stays. `number` makes the values its own. Odd numbers are written
/// in ISO 2022 IR 149, even ones in UTF-8. Returns every value of at least four characters.
std::vector<HeaderValue> enrich(const std::filesystem::path& file, int number);

/// The forms of a value that the file has as these bytes.
HeaderValue header_value(const std::string& words, const std::string& own_bytes);

/// Finds any of many values in one walk over the bytes.
class ValueSearch {
public:
    void add(const HeaderValue& value);
    std::size_t size() const noexcept { return values_.size(); }
    std::set<std::string> found_in(std::string_view bytes) const;  ///< the words of those found

private:
    struct Form {
        std::string bytes;
        std::string words;
    };
    std::set<std::string> values_, forms_;
    std::unordered_map<std::uint32_t, std::vector<Form>> by_first_bytes_;
};

}  // namespace bucky::test
