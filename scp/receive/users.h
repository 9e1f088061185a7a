// SPDX-License-Identifier: Apache-2.0
// Users: who may call by name and passcode (PS3.7 D.3.3.7), from a file of NAME:HASH lines as
// `mkpasswd -m yescrypt` makes the hash; libcrypt judges. Constant after construction, any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace bucky::scp {

class Users {
public:
    /// Throws unavailable when the file cannot be read or a line is no NAME:HASH.
    explicit Users(const std::filesystem::path& file);

    /// Takes some tens of milliseconds, one caller at a time, for a name that is not there too: so
    /// neither the answer's time tells names, nor can guessing take all processors.
    bool knows(std::string_view name, std::string_view passcode) const;

private:
    std::map<std::string, std::string, std::less<>> hashes_;
    std::string nobodys_hash_;
};

}  // namespace bucky::scp
