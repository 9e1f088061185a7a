// SPDX-License-Identifier: Apache-2.0
// restrict_files() takes the file system from this thread, and all it starts later, but for reading
// in some folders; and, as far as the kernel knows how, TCP and signals to others. Landlock: what
// seccomp cannot tell apart, an image from a key, this can (docs/decisions/0802).
#pragma once

#include <filesystem>
#include <span>

namespace bucky {

/// What Landlock of the running kernel can (landlock(7)); 0: there is none, or it is switched off.
int landlock_version();

/// For good: files are read beneath these folders and nowhere else, and none is written. A folder
/// that is not there is left out. `file`, a descriptor (-1: none), may be opened again by its name
/// in /proc, wherever it lies. False when the kernel has no Landlock; then nothing has changed.
bool restrict_files(std::span<const std::filesystem::path> readable, int file = -1);

}  // namespace bucky
