// SPDX-License-Identifier: Apache-2.0
// Secrets: read from a file or a systemd credential, never from the command line, never logged.
// Pure functions but for the file they read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bucky {

/// in   a path, or "credential:NAME" for the file NAME in $CREDENTIALS_DIRECTORY (systemd.exec(5))
/// out  its content without the end of the line
/// err  bad_input when it cannot be read, when users other than its owner and group may read it, or
///      when it is shorter than `letters_least`: another organisation's password may be short
std::string read_secret(const std::string& where, std::size_t letters_least = 16);

/// Whether this process can read it at all: systemd shows a credential only to the service's own
/// process, not even to the one that reloads it.
bool is_at_hand(const std::string& where);

/// Whether an Authorization header holds the token: as a bearer token (RFC 6750 2.1), or as the
/// password of any user (RFC 7617 2). Takes the same time for a wrong token as for the right one.
bool shows_token(std::string_view authorization, std::string_view token);

}  // namespace bucky
