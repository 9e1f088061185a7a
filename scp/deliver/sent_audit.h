// SPDX-License-Identifier: Apache-2.0
// SentAudit: the audit messages of one attempt to send one result: the begin of the transfer
// (PS3.15 A.5.3.3) and its outcome (A.5.3.7). A courier has one for each attempt.
#pragma once

#include "conf/observe/audit.h"
#include "conf/settings.h"
#include "scp/deliver/sender.h"
#include "storage/outbox.h"

namespace bucky::scp {

class SentAudit {
public:
    /// Reports the begin of the transfer. The patient is read from the result's own file.
    SentAudit(const storage::Result& result, const conf::DestinationSettings& to);

    void ended(const SendOutcome& outcome);

private:
    audit::Event event_;
};

}  // namespace bucky::scp
