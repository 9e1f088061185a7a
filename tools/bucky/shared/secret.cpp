// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/secret.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <unistd.h>

#include "conf/base/error.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCredential = "credential:";
constexpr auto kCredentialsFolder = "CREDENTIALS_DIRECTORY";  // systemd.exec(5)

fs::path file_of(const std::string& where) {
    if (!where.starts_with(kCredential)) return where;
    const char* folder = std::getenv(kCredentialsFolder);
    if (folder == nullptr) {
        throw Error(Fault::bad_input, "{}: the service was given no credentials", where);
    }
    return fs::path{folder} / where.substr(kCredential.size());
}

bool is_same(std::string_view said, std::string_view token) {
    unsigned differs = said.size() == token.size() ? 0 : 1;
    for (std::size_t at = 0; at < token.size(); ++at) {
        const char letter = at < said.size() ? said[at] : '\0';
        differs |= static_cast<unsigned char>(letter) ^ static_cast<unsigned char>(token[at]);
    }
    return differs == 0;
}

/// RFC 4648 4; nullopt when the text is not valid.
std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (text.ends_with('=')) text.remove_suffix(1);
    std::string out;
    std::uint32_t bits = 0;
    int held = 0;
    for (const char letter : text) {
        const auto value = kAlphabet.find(letter);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xFFU);
    }
    return out;
}

/// The credentials after the scheme, which is case-insensitive (RFC 9110 11.1).
std::optional<std::string_view> behind(std::string_view authorization, std::string_view scheme) {
    const bool fits =
        authorization.size() > scheme.size() && authorization[scheme.size()] == ' ' &&
        std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                   [](char requested, char said) {
                       return requested == (said >= 'A' && said <= 'Z' ? said - 'A' + 'a' : said);
                   });
    if (!fits) return std::nullopt;
    authorization.remove_prefix(scheme.size() + 1);
    return authorization;
}

}  // namespace

bool is_at_hand(const std::string& where) {
    if (!where.starts_with(kCredential)) return true;
    return std::getenv(kCredentialsFolder) != nullptr &&
           ::access(file_of(where).c_str(), R_OK) == 0;
}

std::string read_secret(const std::string& where, std::size_t letters_least) {
    const auto file = file_of(where);
    std::error_code failed;
    const auto mode = fs::status(file, failed).permissions();
    std::ifstream in{file, std::ios::binary};
    std::string secret{std::istreambuf_iterator<char>{in}, {}};
    if (failed || !in) throw Error(Fault::bad_input, "{} cannot be read", file.string());
    if ((mode & fs::perms::others_all) != fs::perms::none) {
        throw Error(Fault::bad_input, "{} is open to everyone: chmod o= it", file.string());
    }
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
    if (secret.size() < letters_least) {
        throw Error(Fault::bad_input, "{} holds fewer than {} letters", file.string(),
                    letters_least);
    }
    return secret;
}

bool shows_token(std::string_view authorization, std::string_view token) {
    if (const auto bearer = behind(authorization, "bearer")) return is_same(*bearer, token);
    const auto basic = behind(authorization, "basic");
    if (!basic) return false;
    const auto pair = from_base64(*basic);
    const auto colon = pair ? pair->find(':') : std::string::npos;
    return colon != std::string::npos && is_same(std::string_view{*pair}.substr(colon + 1), token);
}

}  // namespace bucky
