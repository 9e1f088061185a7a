// SPDX-License-Identifier: Apache-2.0
// TCP ports for programs that cannot use port 0.
#pragma once

namespace fake {

/// A free TCP port. No other caller of this function on this machine gets it while this process
/// lives. It lies below net.ipv4.ip_local_port_range, so the kernel gives it to nobody who asks for
/// port 0 or connects to a server. Throws std::runtime_error when there is none.
int free_port();

}  // namespace fake
