// SPDX-License-Identifier: Apache-2.0
// Store answers C-STORE requests. The dataset goes to a spool file byte for byte, and the answer is
// success only once Intake has made it durable (arrivals.h). The dataset is always read to its end,
// even if the instance is invalid, so that the association stays usable for the next one. One Store
// per session thread.
#pragma once

#include <cstdint>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "scp/receive/arrivals.h"
#include "scp/wire/true_syntaxes.h"

namespace bucky::scp {

class Store {
public:
    Store(const SessionContext& context, Caller caller, TrueSyntaxes syntaxes)
        : context_(context),
          arrivals_(context, std::move(caller)),
          syntaxes_(std::move(syntaxes)) {}

    /// Reads the dataset, keeps it, answers. The condition is bad when the association is lost.
    OFCondition serve(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                      const T_DIMSE_C_StoreRQ& request);

    /// The association is over: its studies need not wait for it any longer.
    void association_ended() noexcept { arrivals_.association_ended(); }

    std::uint64_t kept() const noexcept { return arrivals_.kept(); }
    std::uint64_t refused() const noexcept { return arrivals_.refused(); }
    std::uint64_t bytes() const noexcept { return arrivals_.bytes(); }

private:
    struct Request;
    OFCondition receive(T_ASC_Association& assoc, const Request& request, Arrival& arrival);
    OFCondition answer(T_ASC_Association& assoc, const Request& request, const Arrival& arrival);

    const SessionContext& context_;
    Arrivals arrivals_;
    TrueSyntaxes syntaxes_;
};

}  // namespace bucky::scp
