// SPDX-License-Identifier: Apache-2.0
// What the fake PACS and the fake modality share of the wire: listening, and the messages of the
// Storage Commitment Push Model (PS3.4 Annex J) in both roles. On DCMTK alone, none of it is scp's:
// our mistakes are not to be made twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>

namespace fake {

[[noreturn]] void fail(const std::string& words);
void must(const OFCondition& made, const char* doing);

/// Quiet, no DNS, no Nagle.
void start_dcmtk();

/// Listens on `port`, or on a free one when it is 0; says which on a line of stdout.
T_ASC_Network* listen_on(int port, T_ASC_NetworkRole role);

/// SOP class and SOP instance.
using Reference = std::pair<std::string, std::string>;

/// What one side asks the other to keep (PS3.4 Table J.3-1).
struct CommitmentRequest {
    std::string transaction;
    std::vector<Reference> instances;
};

/// What the other says (PS3.4 Table J.3-2): the failure reason by instance, 0 for success.
struct CommitmentReport {
    std::string transaction;
    std::vector<std::pair<Reference, unsigned>> instances;
    unsigned event_type = 0;

    bool has_failures() const;
};

/// N-ACTION; the status of the answer, or nothing when the association is lost.
std::optional<unsigned> ask_commitment(T_ASC_Association* assoc, const CommitmentRequest& request);

/// The data set of an N-ACTION-RQ that has been received; it is answered with `status`.
std::optional<CommitmentRequest> take_commitment(T_ASC_Association* assoc,
                                                 T_ASC_PresentationContextID context,
                                                 const T_DIMSE_N_ActionRQ& request,
                                                 unsigned status);

/// N-EVENT-REPORT, and its answer's status; nothing when the association is lost.
std::optional<unsigned> report_commitment(T_ASC_Association* assoc, const CommitmentReport& report);

/// The data set of an N-EVENT-REPORT-RQ that has been received; it is answered with success.
std::optional<CommitmentReport> take_report(T_ASC_Association* assoc,
                                            T_ASC_PresentationContextID context,
                                            const T_DIMSE_N_EventReportRQ& request);

/// An association to `address` ("HOST:PORT") that offers Storage Commitment in this role.
T_ASC_Association* call(T_ASC_Network* net, const std::string& address, const std::string& calling,
                        const std::string& called, T_ASC_SC_ROLE role,
                        const std::vector<Reference>& storage_contexts);

}  // namespace fake
