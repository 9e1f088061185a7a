// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/received_audit.h"

#include "conf/base/limits.h"
#include "scp/receive/arrivals.h"

namespace bucky::scp {

void ReceivedAudit::kept(const DatasetHeader& instance, const Caller& from) {
    if (!audit::is_recorded()) return;
    if (!studies_.contains(instance.study) && studies_.size() >= limits::kAuditStudiesMax) tell();
    auto& event = studies_[instance.study];
    event.kind = audit::Kind::transferred;
    event.our_ae = from.called_ae;
    event.peer_ae = from.calling_ae;
    event.peer_address = from.address;
    event.study = instance.study;
    event.accession_number = instance.accession_number;
    event.patient_id = instance.patient_id;
    ++event.instances[instance.sop_class];
}

void ReceivedAudit::tell() {
    for (const auto& [study, event] : studies_) audit::tell(event);
    studies_.clear();
}

void tell_refused(const std::string& calling_ae, const std::string& address, std::string_view why) {
    audit::tell({.kind = audit::Kind::caller_refused,
                 .outcome = audit::Outcome::minor_failure,
                 .words = std::string{why},
                 .peer_ae = calling_ae,
                 .peer_address = address});
}

}  // namespace bucky::scp
