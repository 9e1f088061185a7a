// SPDX-License-Identifier: Apache-2.0
// Messages of the Storage Commitment Push Model (PS3.4 Annex J): conversion between our types and
// data sets, and the sending of both requests. A peer's data set is received into a file and walked
// before DCMTK parses it, as an instance is, because it may have any size and depth.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "conf/base/error.h"
#include "conf/base/scratch_file.h"
#include "conf/dicom/commitment.h"

namespace bucky::scp {

inline constexpr std::uint16_t kRequestCommitment = 1;  // action type, PS3.4 J.3.2
inline constexpr std::uint16_t kAllKept = 1;            // event types, PS3.4 J.3.3
inline constexpr std::uint16_t kSomeNotKept = 2;

struct CommitmentRequest {
    Uid transaction;
    std::vector<ObjectReference> objects;
};

/// Sends an N-ACTION-RQ. Throws unavailable when the connection breaks.
void send_commitment_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                             DIC_US message_id, const CommitmentRequest& request);

/// Sends an N-EVENT-REPORT-RQ. The condition is bad when the association is lost.
OFCondition send_commitment_report(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                   DIC_US message_id, const CommitmentAnswer& answer);

/// Sends an N-EVENT-REPORT-RSP.
OFCondition answer_commitment_report(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                     const T_DIMSE_N_EventReportRQ& request, std::uint16_t status);

/// Sends an N-ACTION-RSP; `comment` is its Error Comment, none when empty.
OFCondition answer_commitment_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                      const T_DIMSE_N_ActionRQ& request, std::uint16_t status,
                                      std::string_view comment = {});

/// Reads a peer's data set to its end, whether it is valid or not.
struct ReceivedDataset {
    OFCondition condition;  ///< bad when the association is lost
    std::unique_ptr<DcmDataset> dataset;
    std::optional<Error> failure;  ///< why there is no dataset
};
ReceivedDataset receive_commitment_dataset(T_ASC_Association& assoc,
                                           T_ASC_PresentationContextID context, ScratchFiles& files,
                                           int timeout_s);

/// Throw bad_input when the Transaction UID or a reference is missing or malformed.
CommitmentRequest read_commitment_request(DcmItem& dataset);
CommitmentAnswer read_commitment_report(DcmItem& dataset);

}  // namespace bucky::scp
