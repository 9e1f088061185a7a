// SPDX-License-Identifier: Apache-2.0
// restrict_files() denies this thread, and all threads and processes it starts later, the file
// system except for reading in some folders; and, where the kernel supports it, TCP and signals to
// other processes. seccomp cannot tell an image from a key; Landlock can (docs/decisions/0802).
#pragma once

#include <filesystem>
#include <span>

namespace bucky {

/// The Landlock ABI version of the running kernel (landlock(7)); 0: none, or it is switched off.
int landlock_version();

/// Irreversible: files can be read beneath these folders and nowhere else, and none can be written.
/// A folder that does not exist is left out. `file`, a descriptor (-1: none), can still be opened
/// again by its name in /proc. Returns false when the kernel has no Landlock; then nothing has
/// changed.
bool restrict_files(std::span<const std::filesystem::path> readable, int file = -1);

}  // namespace bucky
