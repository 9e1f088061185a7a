// SPDX-License-Identifier: Apache-2.0
// The value of an attribute as text, for the tests of this folder.
#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

namespace bucky::dicom_sr {

/// All values, also binary numbers; empty if the attribute is absent.
inline std::string value(DcmItem& item, const DcmTagKey& tag) {
    OFString text;
    (void)item.findAndGetOFStringArray(tag, text);
    return text;
}

}  // namespace bucky::dicom_sr
