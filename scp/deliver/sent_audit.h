// SPDX-License-Identifier: Apache-2.0
// SentAudit: one sending of one result, for the audit trail: that it begins (PS3.15 A.5.3.3), and
// what became of it (A.5.3.7). A courier has one for each try.
#pragma once

#include "conf/observe/audit.h"
#include "conf/settings.h"
#include "scp/deliver/dimse_sender.h"
#include "storage/outbox.h"

namespace bucky::scp {

class SentAudit {
public:
    /// Tells that it begins. The patient is read from the result's own file.
    SentAudit(const storage::Result& result, const conf::DestinationSettings& to);

    void ended(const SendOutcome& outcome);

private:
    audit::Event event_;
};

}  // namespace bucky::scp
