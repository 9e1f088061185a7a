// SPDX-License-Identifier: Apache-2.0
// What an attribute says, as text: the tests of this folder ask it of every object.
#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

namespace bucky::dicom_sr {

/// All values, binary numbers too; empty where the attribute is not there.
inline std::string value(DcmItem& item, const DcmTagKey& tag) {
    OFString text;
    (void)item.findAndGetOFStringArray(tag, text);
    return text;
}

}  // namespace bucky::dicom_sr
