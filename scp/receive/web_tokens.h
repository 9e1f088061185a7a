// SPDX-License-Identifier: Apache-2.0
// WebTokens: the bearer tokens of web.tokens, from a file of NAME:SHA256 lines: who has the file
// cannot use it to call. Constant after construction; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bucky::scp {

class WebTokens {
public:
    /// Throws unavailable when the file cannot be read or a line is not NAME:SHA256.
    explicit WebTokens(const std::filesystem::path& file);

    /// The AE title of whoever has this token.
    std::optional<std::string> name_of(std::string_view token) const;

private:
    std::map<std::string, std::string, std::less<>> names_;  ///< by hash
};

}  // namespace bucky::scp
