// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/checks.h"

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcsequen.h"

#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/modules.h"

namespace bucky::dicom_sr {
namespace {

std::string name_of(const DcmTagKey& tag) {
    return DcmTag(tag).getTagName();
}

}  // namespace

std::string value_of(DcmItem& item, const DcmTagKey& tag) {
    OFString value;
    (void)item.findAndGetOFStringArray(tag, value);
    return value;
}

void for_each_item(DcmItem& parent, const DcmTagKey& sequence,
                   const std::function<void(DcmItem&)>& visit) {
    DcmSequenceOfItems* items = nullptr;
    if (parent.findAndGetSequence(sequence, items).bad() || items == nullptr) return;
    for (unsigned long i = 0; i < items->card(); ++i) visit(*items->getItem(i));
}

void require_values(DcmItem& dataset, std::initializer_list<DcmTagKey> tags, Complaints& out) {
    for (const DcmTagKey& tag : tags) {  // Type 1
        if (!dataset.tagExistsWithValue(tag)) out.push_back(name_of(tag) + " has no value");
    }
}

void require_presence(DcmItem& dataset, std::initializer_list<DcmTagKey> tags, Complaints& out) {
    for (const DcmTagKey& tag : tags) {  // Type 2
        if (!dataset.tagExists(tag)) out.push_back(name_of(tag) + " is missing");
    }
}

void require_same(DcmItem& dataset, const DcmTagKey& tag, std::string_view expected,
                  Complaints& out) {
    if (value_of(dataset, tag) != fitted(tag, expected)) {
        out.push_back(name_of(tag) + " is not the source's");
    }
}

bool is_named(DcmItem& item, const Concept& name) {
    DcmItem* code = nullptr;
    return item.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, code).good() &&
           value_of(*code, DCM_CodeValue) == name.value &&
           value_of(*code, DCM_CodingSchemeDesignator) == name.scheme;
}

}  // namespace bucky::dicom_sr
