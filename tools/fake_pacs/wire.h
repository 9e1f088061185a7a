// SPDX-License-Identifier: Apache-2.0
// DIMSE code shared by the fake PACS and the fake modality: listening, and the messages of the
// Storage Commitment Push Model (PS3.4 Annex J) in both roles. It is built on DCMTK alone and uses
// nothing of scp/, so that it does not repeat our mistakes.
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

/// No output, no DNS, no Nagle.
void start_dcmtk();

/// Listens on `port`, or on a free one if it is 0, and prints the port on stdout.
T_ASC_Network* listen_on(int port, T_ASC_NetworkRole role);

/// SOP Class UID and SOP Instance UID.
using Reference = std::pair<std::string, std::string>;

/// A request for storage commitment (PS3.4 Table J.3-1).
struct CommitmentRequest {
    std::string transaction;
    std::vector<Reference> instances;
};

/// Its report (PS3.4 Table J.3-2): the failure reason by instance, 0 for success.
struct CommitmentReport {
    std::string transaction;
    std::vector<std::pair<Reference, unsigned>> instances;
    unsigned event_type = 0;

    bool has_failures() const;
};

/// Sends N-ACTION. Returns the status of the response; nullopt when the association is lost.
std::optional<unsigned> ask_commitment(T_ASC_Association* assoc, const CommitmentRequest& request);

/// Receives the data set of an N-ACTION-RQ and answers with `status`.
std::optional<CommitmentRequest> take_commitment(T_ASC_Association* assoc,
                                                 T_ASC_PresentationContextID context,
                                                 const T_DIMSE_N_ActionRQ& request,
                                                 unsigned status);

/// Sends N-EVENT-REPORT. Returns the status of the response; nullopt when the association is lost.
std::optional<unsigned> report_commitment(T_ASC_Association* assoc, const CommitmentReport& report);

/// Receives the data set of an N-EVENT-REPORT-RQ and answers with success.
std::optional<CommitmentReport> take_report(T_ASC_Association* assoc,
                                            T_ASC_PresentationContextID context,
                                            const T_DIMSE_N_EventReportRQ& request);

/// Opens an association to `address` ("HOST:PORT") that offers Storage Commitment in this role.
T_ASC_Association* call(T_ASC_Network* net, const std::string& address, const std::string& calling,
                        const std::string& called, T_ASC_SC_ROLE role,
                        const std::vector<Reference>& storage_contexts);

}  // namespace fake
