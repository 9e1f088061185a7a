// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/users.h"

#include <fstream>
#include <memory>

#include <crypt.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/mutex.h"

namespace bucky::scp {
namespace {

/// The hash of no user: crypt() takes as long for it as for a real one.
constexpr const char* kNobodysSetting = "$y$j9T$nobodynobodynobodynob$";

bool is_hash(const std::string& text) {
    const int found = ::crypt_checksalt(text.c_str());
    return text.starts_with('$') && (found == CRYPT_SALT_OK || found == CRYPT_SALT_TOO_CHEAP);
}

std::string crypt(std::string_view passcode, const std::string& setting) {
    auto data = std::make_unique<crypt_data>();
    const char* made = ::crypt_r(std::string{passcode}.c_str(), setting.c_str(), data.get());
    return made == nullptr ? std::string{} : std::string{made};
}

/// Compares in a time that does not depend on how much of it matches.
bool same(std::string_view one, std::string_view other) {
    if (one.size() != other.size()) return false;
    unsigned differing = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        differing |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]);
    }
    return differing == 0;
}

}  // namespace

Users::Users(const std::filesystem::path& file) : nobodys_hash_(kNobodysSetting) {
    std::ifstream in(file);
    if (!in) throw Error(Fault::unavailable, "users {} cannot be read", file.string());
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line.starts_with('#')) continue;
        const auto colon = line.find(':');
        const auto hash = colon == std::string::npos ? std::string{} : line.substr(colon + 1);
        if (colon == 0 || !is_hash(hash)) {
            throw Error(Fault::unavailable,
                        "users {}:{}: not NAME:HASH with a hash as `mkpasswd -m yescrypt` makes it",
                        file.string(), number);
        }
        hashes_[line.substr(0, colon)] = hash;
    }
}

bool Users::knows(std::string_view name, std::string_view passcode) const {
    static Mutex one_at_a_time;  // guessing occupies one core
    const MutexLock lock(one_at_a_time);
    const auto found = hashes_.find(name);
    const auto& hash = found == hashes_.end() ? nobodys_hash_ : found->second;
    const bool whole = passcode.find('\0') == std::string_view::npos &&
                       passcode.size() < CRYPT_MAX_PASSPHRASE_SIZE;
    const auto made = crypt(whole ? passcode : std::string_view{}, hash);
    return whole && found != hashes_.end() && same(made, hash);
}

}  // namespace bucky::scp
