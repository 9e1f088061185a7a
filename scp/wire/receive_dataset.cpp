// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/receive_dataset.h"

#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dul.h>

#include "conf/observe/metrics.h"
#include "scp/wire/contexts.h"

namespace bucky::scp {
namespace {

/// A fragment that has arrived already, else the first of the next PDU.
OFCondition next_pdv(T_ASC_Association& assoc, int timeout_s, DUL_PDV& pdv) {
    if (DUL_NextPDV(&assoc.DULassociation, &pdv).good()) return EC_Normal;
    if (!ASC_dataWaiting(&assoc, timeout_s)) return DIMSE_NODATAAVAILABLE;
    const OFCondition read = DUL_ReadPDVs(&assoc.DULassociation, nullptr, DUL_NOBLOCK, timeout_s);
    if (read == DUL_PDATAPDUARRIVED) return DUL_NextPDV(&assoc.DULassociation, &pdv);
    if (read == DUL_PEERREQUESTEDRELEASE || read == DUL_PEERABORTEDASSOCIATION) return read;
    return DIMSE_READPDVFAILED;
}

}  // namespace

void IncomingDataset::take(std::span<const std::uint8_t> fragment) {
    taken_ += fragment.size();
    if (to_ == nullptr || failure_) return;
    try {
        if (taken_ > bytes_max_) {
            metrics::count("bucky_limit_reached_total", {{"limit", "instance_bytes"}});
            throw Error(Fault::exhausted, "larger than scp.max_instance_mb = {}",
                        bytes_max_ >> 20U);
        }
        to_->write(fragment);
    } catch (const Error& error) {  // kept: the data set is read to its end
        failure_ = error;
    }
}

OFCondition receive_dataset(T_ASC_Association& assoc, int timeout_s,
                            T_ASC_PresentationContextID& context, IncomingDataset& into) {
    DUL_PDV pdv{};
    for (bool first = true; first || !pdv.lastPDV; first = false) {
        const OFCondition read = next_pdv(assoc, timeout_s, pdv);
        if (read != EC_Normal) return read;
        if (pdv.pdvType != DUL_DATASETPDV) return DIMSE_UNEXPECTEDPDVTYPE;
        if (first) context = pdv.presentationContextID;
        if (pdv.presentationContextID != context) return DIMSE_RECEIVEFAILED;
        into.take({static_cast<const std::uint8_t*>(pdv.data), pdv.fragmentLength});
    }
    return EC_Normal;
}

void must_be_even(const IncomingDataset& received, std::string_view transfer_syntax) {
    if (received.taken() % 2 == 0 || transfer_syntax == kDeflatedLittleEndian) return;
    throw Error(Fault::bad_input, "data set has an odd length, {} bytes", received.taken());
}

}  // namespace bucky::scp
