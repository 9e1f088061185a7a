// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/originals.h"

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcitem.h"

#include "conf/base/error.h"
#include "conf/base/product.h"

namespace bucky::dicom_sr {
namespace {

void check(const OFCondition& made) {
    if (made.bad()) throw Error(Fault::bug, "original attributes of a result: {}", made.text());
}

DcmItem& appended(DcmItem& item, const DcmTagKey& sequence) {
    DcmItem* made = nullptr;
    check(item.findOrCreateSequenceItem(sequence, made, -2));  // -2: append
    return *made;
}

/// One item a value: a Nonconforming Modified Attributes Sequence item holds only one.
void keep(DcmItem& dataset, const LocalTime& made, const DcmTagKey& tag, const std::string& bytes) {
    DcmItem& modification = appended(dataset, DCM_OriginalAttributesSequence);
    put(modification, DCM_SourceOfPreviousValues, "");
    check(modification.putAndInsertOFStringArray(DCM_AttributeModificationDateTime,
                                                 made.date + made.time));
    put(modification, DCM_ModifyingSystem, kManufacturerModel);
    put(modification, DCM_ReasonForTheAttributeModification, "CORRECT");
    // Without attributes: no value conformed.
    (void)appended(modification, DCM_ModifiedAttributesSequence);
    DcmItem& item = appended(modification, DCM_NonconformingModifiedAttributesSequence);
    check(item.putAndInsertTagKey(DCM_SelectorAttribute, tag));
    check(item.putAndInsertUint16(DCM_SelectorValueNumber, 0));  // 0: all values
    std::string even = bytes;
    if (even.size() % 2 != 0) even += ' ';
    check(item.putAndInsertUint8Array(DCM_NonconformingDataElementValue,
                                      reinterpret_cast<const Uint8*>(even.data()), even.size()));
}

}  // namespace

void write_originals(DcmItem& dataset, const LocalTime& made, const Source& source) {
    if (source.originals.empty()) return;
    keep(dataset, made, DCM_SpecificCharacterSet, source.character_set);
    for (const OriginalText& one : source.originals) {
        keep(dataset, made, DcmTagKey(one.group, one.element), one.bytes);
    }
}

std::string names_of_originals(const Source& source, bool lost) {
    std::string names;
    for (const OriginalText& one : source.originals) {
        if (one.lost != lost) continue;
        if (!names.empty()) names += ", ";
        names += DcmTag(one.group, one.element).getTagName();
    }
    return names;
}

}  // namespace bucky::dicom_sr
