// SPDX-License-Identifier: Apache-2.0
// install_seccomp_filter() takes from this process, for good, what decoding a picture never needs:
// the network, files to write to, other programs, other processes, and the kernel's odd corners.
// What a hostile image can make of a decoder is then a process that may read and compute.
#pragma once

namespace bucky {

/// From here on the system calls for these fail with EPERM (a seccomp filter, on every thread).
/// False when the kernel has none; then nothing has changed.
bool install_seccomp_filter();

/// Whether it would find a kernel that has such filters. Nothing changes.
bool has_seccomp_filters();

}  // namespace bucky
