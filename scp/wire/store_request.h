// SPDX-License-Identifier: Apache-2.0
// A C-STORE-RQ whose dataset is sent as raw bytes. DCMTK's DIMSE_storeUser parses the file and
// writes it again, with other group lengths, other sequence encodings and a copy in memory. This
// one sends the bytes of the file.
#pragma once

#include <filesystem>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "scp/wire/part10.h"

namespace bucky::scp {

/// Sends the command, then the file's dataset, in PDVs as large as the peer accepts. Throws
/// unavailable when the connection breaks or the file cannot be read to its end.
void send_store_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                        DIC_US message_id, const Part10Header& header,
                        const std::filesystem::path& file);

}  // namespace bucky::scp
