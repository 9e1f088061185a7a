// SPDX-License-Identifier: Apache-2.0
// An audit message as DICOM wants it: XML after the schema of PS3.15 A.5.1, the elements of each
// event after A.5.3, the codes of CID 400 to 405. tests/audit/audit-message.rng has the schema in
// our own words, and xmllint judges every message of the suite by it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conf/observe/audit.h"

namespace bucky {

/// Who speaks.
struct AuditSource {
    std::string ae_title, host, process;
};

/// One line of XML without a declaration. Bytes that XML cannot hold become '?'.
std::string audit_message(const audit::Event& event, const AuditSource& source,
                          std::int64_t now_ms);

/// RFC 4648 4.
std::string to_base64(std::string_view bytes);

}  // namespace bucky
