// SPDX-License-Identifier: Apache-2.0
// install_seccomp_filter() takes from this process, irreversibly, what decoding never needs: the
// network, files to write to, other programs, other processes, and rare system calls. A hostile
// image that takes over a decoder can then only read and compute.
#pragma once

namespace bucky {

/// From here on these system calls fail with EPERM (a seccomp filter, on every thread). Returns
/// false when the kernel has no seccomp; then nothing has changed.
bool install_seccomp_filter();

/// Whether the kernel supports such filters. Changes nothing.
bool has_seccomp_filters();

}  // namespace bucky
