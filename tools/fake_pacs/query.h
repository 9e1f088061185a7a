// SPDX-License-Identifier: Apache-2.0
// The answers of the fake PACS to C-FIND and C-MOVE: as many matches as it is told, or wrong ones.
// It is built on DCMTK alone and uses nothing of scp/.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/dimse.h>

#include "tools/fake_pacs/behaviour.h"

namespace fake {

/// Answers with `behave.find` matches, the date and modality of the query in each. It never looks
/// for a C-CANCEL. Returns false when the association is over.
bool answer_find(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
                 const T_DIMSE_C_FindRQ& request, const Behaviour& behave);

/// Sends nothing and says `behave.move_status`.
bool answer_move(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
                 const T_DIMSE_C_MoveRQ& request, const Behaviour& behave);

}  // namespace fake
