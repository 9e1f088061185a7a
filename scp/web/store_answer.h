// SPDX-License-Identifier: Apache-2.0
// The answer to a request to store (PS3.18 10.5.3): what became of each instance, in DICOM JSON
// (Annex F) or as a Native DICOM Model (PS3.19 A.1), and the HTTP status for all of them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bucky::scp {

struct StoredPart {
    std::string sop_class, sop_instance;  ///< as they were sent; empty: not known
    std::uint16_t failure = 0;            ///< Failure Reason (PS3.18 I.2.2); 0: it was stored
    std::uint16_t warning = 0;            ///< Warning Reason; 0: none
};

/// 200: all were stored. 202: some were. 503: none now, and the same may be sent again. 409: none.
int status_of(const std::vector<StoredPart>& parts);

/// UIDs that are not well formed are left out.
std::string to_dicom_json(const std::vector<StoredPart>& parts);
std::string to_dicom_xml(const std::vector<StoredPart>& parts);

}  // namespace bucky::scp
