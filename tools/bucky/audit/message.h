// SPDX-License-Identifier: Apache-2.0
// An audit message as DICOM requires it: XML in the schema of PS3.15 A.5.1, the elements of each
// event from A.5.3, the codes of CID 400 to 405. tests/audit/audit-message.rng restates the schema,
// and xmllint validates every message of the suite against it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conf/observe/audit.h"

namespace bucky {

/// The node that sends the message.
struct AuditSource {
    std::string ae_title, host, process;
};

/// One line of XML without a declaration. Bytes that XML cannot hold become '?'.
std::string audit_message(const audit::Event& event, const AuditSource& source,
                          std::int64_t now_ms);

/// RFC 4648 4.
std::string to_base64(std::string_view bytes);

}  // namespace bucky
