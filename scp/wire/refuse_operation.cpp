// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/refuse_operation.h"

#include "scp/wire/status.h"

namespace bucky::scp {

OFCondition refuse_operation(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                             const T_DIMSE_Message& message, int read_timeout_s) {
    T_DIMSE_Message reply{};
    T_DIMSE_DataSetType with = DIMSE_DATASET_NULL;
    const auto fill = [&](const auto& request, auto& response) {
        with = request.DataSetType;
        response.MessageIDBeingRespondedTo = request.MessageID;
        response.DataSetType = DIMSE_DATASET_NULL;
        response.DimseStatus = kUnrecognizedOperation;
    };
    const auto& asked = message.msg;
    auto& said = reply.msg;
    switch (message.CommandField) {
        case DIMSE_C_FIND_RQ: fill(asked.CFindRQ, said.CFindRSP); break;
        case DIMSE_C_GET_RQ: fill(asked.CGetRQ, said.CGetRSP); break;
        case DIMSE_C_MOVE_RQ: fill(asked.CMoveRQ, said.CMoveRSP); break;
        case DIMSE_N_EVENT_REPORT_RQ: fill(asked.NEventReportRQ, said.NEventReportRSP); break;
        case DIMSE_N_GET_RQ: fill(asked.NGetRQ, said.NGetRSP); break;
        case DIMSE_N_SET_RQ: fill(asked.NSetRQ, said.NSetRSP); break;
        case DIMSE_N_ACTION_RQ: fill(asked.NActionRQ, said.NActionRSP); break;
        case DIMSE_N_CREATE_RQ: fill(asked.NCreateRQ, said.NCreateRSP); break;
        case DIMSE_N_DELETE_RQ: fill(asked.NDeleteRQ, said.NDeleteRSP); break;
        default: return DIMSE_BADCOMMANDTYPE;  // a response without a request of ours
    }
    if (with != DIMSE_DATASET_NULL) {
        DIC_UL bytes = 0, pdvs = 0;
        const OFCondition read =
            DIMSE_ignoreDataSet(&assoc, DIMSE_NONBLOCKING, read_timeout_s, &bytes, &pdvs);
        if (read.bad()) return read;
    }
    constexpr unsigned kResponseBit = 0x8000;  // PS3.7 E.1
    reply.CommandField =
        static_cast<T_DIMSE_Command>(static_cast<unsigned>(message.CommandField) | kResponseBit);
    return DIMSE_sendMessageUsingMemoryData(&assoc, context, &reply, nullptr, nullptr, nullptr,
                                            nullptr);
}

}  // namespace bucky::scp
