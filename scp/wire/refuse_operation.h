// SPDX-License-Identifier: Apache-2.0
// refuse_operation() answers status 0211 (unrecognized operation) to a request that none of our
// contexts offers; its data set is read and discarded. On the session's thread.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

namespace bucky::scp {

/// The condition is bad when the association is lost, or when `message` is not a request.
OFCondition refuse_operation(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                             const T_DIMSE_Message& message, int read_timeout_s);

}  // namespace bucky::scp
