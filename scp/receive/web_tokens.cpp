// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/web_tokens.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/base/ids.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kHashDigits = 64;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char one) { return static_cast<char>(std::tolower(one)); });
    return text;
}

bool is_hash(std::string_view text) {
    return text.size() == kHashDigits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

WebTokens::WebTokens(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) throw Error(Fault::unavailable, "web.tokens {} cannot be read", file.string());
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty() || line.starts_with('#')) continue;
        const auto colon = line.rfind(':');
        const auto hash =
            colon == std::string::npos ? std::string{} : lower(line.substr(colon + 1));
        try {
            if (!is_hash(hash)) throw Error(Fault::bad_input, "no hash");
            names_[hash] = AeTitle{line.substr(0, colon)}.str();
        } catch (const Error&) {  // told with the line
            throw Error(Fault::unavailable,
                        "web.tokens {}:{}: not NAME:SHA256 with an AE title and the hash as "
                        "`printf %s TOKEN | sha256sum` prints it",
                        file.string(), number);
        }
    }
}

std::optional<std::string> WebTokens::name_of(std::string_view token) const {
    if (token.empty()) return std::nullopt;
    const auto found = names_.find(hex(sha256(token)));
    return found == names_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace bucky::scp
