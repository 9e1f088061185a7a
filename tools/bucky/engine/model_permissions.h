// SPDX-License-Identifier: Apache-2.0
// Who else could write a model: TorchScript is a program, so whoever can change a package's files
// has his own code run by the next start of the node. That must not be the service itself (then an
// intruder could stay), nor others beside root.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace bucky {

/// The first that is wrong with the folder, a file in it, or a folder on the way to it: whose it is
/// and who may write to it, in words that say what to do. Nothing when only root can, or someone
/// who is not `service`. Root may write everything, so of root only the modes are asked.
std::optional<std::string> who_may_write(const std::filesystem::path& package, uid_t service);

/// The same as an Error, bad_input, for the user who runs this program.
void check_model_permissions(const std::filesystem::path& package);

}  // namespace bucky
