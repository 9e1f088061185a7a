// SPDX-License-Identifier: Apache-2.0
// ReceivedAudit: the audit messages for what one association sent: one message per study when the
// association has ended (PS3.15 A.5.3.7 allows many instances of one study in a message), or
// earlier, when there are limits::kAuditStudiesMax of them. One per session, on its thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "conf/observe/audit.h"
#include "scp/wire/dataset_header.h"

namespace bucky::scp {

struct Caller;

class ReceivedAudit {
public:
    void kept(const DatasetHeader& instance, const Caller& from);

    /// Sends the messages that are still pending.
    void tell();

private:
    std::map<std::string, audit::Event> studies_;
};

/// A caller that was refused, for the audit trail.
void tell_refused(const std::string& calling_ae, const std::string& address, std::string_view why);

}  // namespace bucky::scp
