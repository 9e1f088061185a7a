// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/originals.h"

#include <algorithm>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcitem.h"

#include "conf/base/error.h"
#include "conf/base/product.h"
#include "dicom_sr/common/fitting.h"

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

std::string name_of(const OriginalText& one) {
    return DcmTag(one.group, one.element).getTagName();
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
    // Without a value there is nothing that did not conform.
    if (!source.character_set.empty()) {
        keep(dataset, made, DCM_SpecificCharacterSet, source.character_set);
    }
    for (const OriginalText& one : source.originals) {
        const DcmTagKey tag(one.group, one.element);
        // Of an item: no attributes of this level.
        if (tag == DCM_RequestedProcedureID || tag == DCM_RequestedProcedureDescription) continue;
        keep(dataset, made, tag, one.bytes);
    }
}

std::string names_of_originals(const Source& source, OriginalText::Why why) {
    std::string names;
    for (const OriginalText& one : source.originals) {
        if (one.why != why) continue;
        if (!names.empty()) names += ", ";
        names += name_of(one);
    }
    return names;
}

std::vector<LeftOut> left_out(const Source& source) {
    std::vector<LeftOut> found;
    for (const OriginalText& one : source.originals) {
        if (one.why == OriginalText::Why::guessed) continue;
        const auto row = std::ranges::find_if(copied_attributes(), [&](const Copied& attribute) {
            return attribute.group == one.group && attribute.element == one.element;
        });
        if (row == copied_attributes().end()) continue;
        found.push_back({name_of(one), source.*(row->text), one.why, one.group == 0x0010});
    }
    return found;
}

}  // namespace bucky::dicom_sr
