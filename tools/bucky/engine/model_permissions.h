// SPDX-License-Identifier: Apache-2.0
// Checks who else could write a model. TorchScript is a program: a user who can change a package's
// files can run code at the next start of the node. Neither the service itself (an intruder could
// stay across restarts) nor any other user but root may be able to.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace bucky {

/// The first problem of the folder, a file in it, or a folder on the way to it: its owner and who
/// may write to it, in words that say what to do. Nullopt when only root, or the file's owner if
/// that is not `service`, can write. Root may write everything, so only the modes of root's files
/// are checked.
std::optional<std::string> who_may_write(const std::filesystem::path& package, uid_t service);

/// The same as an Error, bad_input, for the user that runs this program.
void check_model_permissions(const std::filesystem::path& package);

}  // namespace bucky
