// SPDX-License-Identifier: Apache-2.0
// Users: the callers permitted by user name and passcode (PS3.7 D.3.3.7), from a file of NAME:HASH
// lines with hashes of `mkpasswd -m yescrypt`. libcrypt checks them. Constant after construction;
// any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace bucky::scp {

class Users {
public:
    /// Throws unavailable when the file cannot be read or a line is not NAME:HASH.
    explicit Users(const std::filesystem::path& file);

    /// Takes some tens of milliseconds, one caller at a time, also for an unknown name. So the
    /// response time does not reveal names, and guessing cannot occupy all processors.
    bool knows(std::string_view name, std::string_view passcode) const;

private:
    std::map<std::string, std::string, std::less<>> hashes_;
    std::string nobodys_hash_;
};

}  // namespace bucky::scp
