// SPDX-License-Identifier: Apache-2.0
// Words for a file or folder that cannot be written.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace bucky {

/// Of an errno. A read-only file system is mostly the sandbox of the service's unit, which
/// strerror() cannot know: then what to do about it.
inline std::string why_unwritten(int error) {
    auto words = std::generic_category().message(error);
    if (error == EROFS) {
        words +=
            " (a service may write to /var/lib/bucky and to what its unit names: "
            "`bucky config systemd` prints what to add)";
    }
    return words;
}

}  // namespace bucky
