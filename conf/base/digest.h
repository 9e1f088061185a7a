// SPDX-License-Identifier: Apache-2.0
// SHA-256, through OpenSSL: derives UIDs and pins model weights.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace bucky {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

/// The hash of a file, as 64 lower-case hexadecimal digits. Throws unavailable if unreadable.
std::string sha256_of_file(const std::filesystem::path& file);

std::string hex(const Sha256& hash);

/// The same hash, of bytes that arrive in pieces.
class Sha256Stream {
public:
    Sha256Stream();
    Sha256Stream(const Sha256Stream&) = delete;
    Sha256Stream& operator=(const Sha256Stream&) = delete;
    ~Sha256Stream();

    void add(std::string_view bytes);
    Sha256 finish();  ///< call once

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace bucky
