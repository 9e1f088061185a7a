// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/store.h"

#include <memory>

#include <dcmtk/dcmdata/dctk.h>

#include "conf/run/crash_point.h"
#include "scp/wire/check.h"
#include "scp/wire/receive_dataset.h"
#include "scp/wire/status.h"

namespace bucky::scp {

struct Store::Request {
    T_ASC_PresentationContextID context;
    const T_DIMSE_C_StoreRQ& command;
};

OFCondition Store::serve(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                         const T_DIMSE_C_StoreRQ& command) {
    const Request request{context, command};
    Arrival arrival{.sop_class = command.AffectedSOPClassUID,
                    .sop_instance = command.AffectedSOPInstanceUID,
                    .transfer_syntax = {}};
    const OFCondition received = receive(assoc, request, arrival);
    if (received.bad()) return received;
    const OFCondition answered = answer(assoc, request, arrival);
    if (arrival.failure) return answered;
    if (!arrival.ignored) crash_point("store.after_answer");
    arrivals_.note_kept(arrival);
    return answered;
}

/// Reads the dataset to its end. Only a lost association makes the condition bad; a fault of the
/// instance or of our disk is stored in `arrival`.
OFCondition Store::receive(T_ASC_Association& assoc, const Request& request, Arrival& arrival) {
    if (request.command.DataSetType == DIMSE_DATASET_NULL) {
        arrival.fail(Error(Fault::bad_input, "no data set came with the request"));
        return EC_Normal;
    }
    T_ASC_PresentationContext negotiated{};
    const OFCondition found =
        ASC_findAcceptedPresentationContext(assoc.params, request.context, &negotiated);
    if (found.bad()) return found;
    arrival.transfer_syntax = syntaxes_.of(negotiated);
    if (std::string_view{negotiated.abstractSyntax} != arrival.sop_class) {
        arrival.fail(Error(Fault::unsupported, "SOP class not negotiated for this context"));
    } else {
        arrivals_.begin(arrival);
    }
    auto dataset = arrivals_.dataset_of(arrival);
    T_ASC_PresentationContextID context = 0;
    const OFCondition received = receive_dataset(
        assoc, static_cast<int>(context_.settings.scp.read_timeout_s), context, dataset);
    if (received.bad()) return received;
    if (context != request.context) {
        arrival.fail(Error(Fault::bad_input, "data set came in another context"));
    }
    arrivals_.finish(arrival, dataset);
    return EC_Normal;
}

OFCondition Store::answer(T_ASC_Association& assoc, const Request& request,
                          const Arrival& arrival) {
    T_DIMSE_C_StoreRSP response{};
    response.DimseStatus = kSuccess;
    std::unique_ptr<DcmDataset> detail;
    if (arrival.failure) {
        const auto fault = arrival.failure->fault();
        response.DimseStatus = dimse_status(fault);
        detail = std::make_unique<DcmDataset>();
        const std::string comment{error_comment(fault)};
        (void)detail->putAndInsertString(DCM_ErrorComment, comment.c_str());
        arrivals_.note_refused(arrival, response.DimseStatus);
    }
    return DIMSE_sendStoreResponse(&assoc, request.context, &request.command, &response,
                                   detail.get());
}

}  // namespace bucky::scp
