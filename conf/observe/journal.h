// SPDX-License-Identifier: Apache-2.0
// systemd's journal as the reader of standard output (sd-daemon(3), systemd.exec(5)).
#pragma once

#include <string_view>

#include "conf/base/choices.h"

namespace bucky::log {

/// Whether the service manager connected this descriptor to the journal: JOURNAL_STREAM names its
/// device and inode.
bool is_journal(int fd);

/// "<4>": what makes `journalctl -p warning` find a line. The journal takes it off.
std::string_view priority_of(LogLevel level);

}  // namespace bucky::log
