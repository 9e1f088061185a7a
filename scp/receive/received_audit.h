// SPDX-License-Identifier: Apache-2.0
// ReceivedAudit: what one association brought, for the audit trail: one message a study when the
// association has ended (PS3.15 A.5.3.7 lets a message tell of many instances of one study), or
// earlier, when there are limits::kAuditStudiesMax of them. One a session; its thread.
#pragma once

#include <map>
#include <string>

#include "conf/observe/audit.h"
#include "scp/wire/dataset_header.h"

namespace bucky::scp {

struct Caller;

class ReceivedAudit {
public:
    void kept(const DatasetHeader& instance, const Caller& from);

    /// What has not been told yet.
    void tell();

private:
    std::map<std::string, audit::Event> studies_;
};

}  // namespace bucky::scp
