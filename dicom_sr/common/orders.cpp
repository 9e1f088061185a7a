// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/orders.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcitem.h"
#include "dcmtk/dcmdata/dcsequen.h"

#include "conf/dicom/text.h"
#include "dicom_sr/common/fitting.h"
#include "dicom_sr/common/modules.h"

namespace bucky::dicom_sr {
namespace {

using inference::Code;

constexpr unsigned long kItemsMax = 16;  ///< of a sequence; more are no order but a mistake

/// Texts of one item, in UTF-8.
class Item {
public:
    Item(DcmItem& item, const std::string& character_set)
        : item_(item), character_set_(character_set) {}

    std::string operator()(const DcmTagKey& tag) const {
        OFString raw;
        if (item_.findAndGetOFStringArray(tag, raw).bad()) return {};
        return cleaned(to_utf8(raw, character_set_, false));
    }
    DcmItem& item() const { return item_; }

private:
    DcmItem& item_;
    const std::string& character_set_;
};

void for_each(DcmItem& dataset, const DcmTagKey& sequence, const std::string& character_set,
              const std::function<void(const Item&)>& take) {
    DcmSequenceOfItems* items = nullptr;
    if (dataset.findAndGetSequence(sequence, items).bad() || items == nullptr) return;
    for (unsigned long i = 0; i < std::min(items->card(), kItemsMax); ++i) {
        take(Item(*items->getItem(i), character_set));
    }
}

/// A code is copied whole, or it would be another one.
bool is_legal(const Code& code) {
    const auto fits = [](std::string_view text, std::size_t most) {
        return !text.empty() && characters_in(text) <= most &&
               text.find('\\') == std::string_view::npos;
    };
    return fits(code.value, 16) && fits(code.scheme, 16) && fits(code.meaning, 64);
}

std::vector<Code> codes_in(DcmItem& dataset, const DcmTagKey& sequence,
                           const std::string& character_set) {
    std::vector<Code> codes;
    for_each(dataset, sequence, character_set, [&](const Item& text) {
        Code code{text(DCM_CodeValue), text(DCM_CodingSchemeDesignator), text(DCM_CodeMeaning)};
        const bool is_new = std::ranges::find(codes, code) == codes.end();
        if (is_new && is_legal(code)) codes.push_back(std::move(code));
    });
    return codes;
}

/// An ID of the world without its type says nothing (PS3.3 Table 10-17: type 1C).
Issuer issuer_in(const Item& text) {
    constexpr std::array kTypes{"DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500"};
    Issuer issuer{text(DCM_LocalNamespaceEntityID), text(DCM_UniversalEntityID),
                  text(DCM_UniversalEntityIDType)};
    const bool is_typed = std::ranges::find(kTypes, issuer.universal_type) != kTypes.end();
    if (issuer.universal.empty() || !is_typed) issuer.universal = issuer.universal_type = "";
    return issuer;
}

Issuer issuer_in(DcmItem& dataset, const DcmTagKey& sequence, const std::string& character_set) {
    Issuer issuer;
    for_each(dataset, sequence, character_set, [&](const Item& text) {
        if (issuer.is_empty()) issuer = issuer_in(text);
    });
    return issuer;
}

void put_issuer(DcmItem& item, const Issuer& issuer) {
    put_known(item, DCM_LocalNamespaceEntityID, issuer.local);
    put_known(item, DCM_UniversalEntityID, issuer.universal);
    put_known(item, DCM_UniversalEntityIDType, issuer.universal_type);
}

void put_codes(DcmItem& item, const DcmTagKey& sequence, const std::vector<Code>& codes) {
    for (const Code& code : codes) put_code(item, sequence, code);
}

}  // namespace

void read_orders(DcmItem& dataset, const std::string& character_set, Source& source) {
    source.issuer_of_accession =
        issuer_in(dataset, DCM_IssuerOfAccessionNumberSequence, character_set);
    source.patient_id_issuer =
        issuer_in(dataset, DCM_IssuerOfPatientIDQualifiersSequence, character_set);
    source.patient_id_issuer.local.clear();  // Issuer of Patient ID has it
    source.procedures = codes_in(dataset, DCM_ProcedureCodeSequence, character_set);
    for_each(dataset, DCM_OtherPatientIDsSequence, character_set, [&](const Item& text) {
        OtherPatientId other{text(DCM_PatientID), text(DCM_IssuerOfPatientID),
                             text(DCM_TypeOfPatientID)};
        constexpr std::array kTypes{"TEXT", "RFID", "BARCODE"};
        if (std::ranges::find(kTypes, other.type) == kTypes.end()) other.type = kTypes.front();
        if (!fitted(DCM_PatientID, other.id).empty()) {
            source.other_patient_ids.push_back(std::move(other));
        }
    });
    DcmSequenceOfItems* requests = nullptr;
    (void)dataset.findAndGetSequence(DCM_RequestAttributesSequence, requests);
    if (requests == nullptr || requests->card() != 1) return;
    DcmItem& request = *requests->getItem(0);
    source.requested_procedures =
        codes_in(request, DCM_RequestedProcedureCodeSequence, character_set);
    if (source.issuer_of_accession.is_empty()) {
        source.issuer_of_accession =
            issuer_in(request, DCM_IssuerOfAccessionNumberSequence, character_set);
    }
}

void write_patient_ids(DcmItem& dataset, const Source& source) {
    if (!source.patient_id_issuer.is_empty()) {
        put_issuer(new_item(dataset, DCM_IssuerOfPatientIDQualifiersSequence),
                   source.patient_id_issuer);
    }
    for (const OtherPatientId& other : source.other_patient_ids) {
        DcmItem& item = new_item(dataset, DCM_OtherPatientIDsSequence);
        put(item, DCM_PatientID, other.id);
        put_known(item, DCM_IssuerOfPatientID, other.issuer);
        put(item, DCM_TypeOfPatientID, other.type);
    }
}

void write_issuer_of_accession(DcmItem& item, const Source& source) {
    const bool has_number = !fitted(DCM_AccessionNumber, source.accession_number).empty();
    if (!has_number || source.issuer_of_accession.is_empty()) return;
    put_issuer(new_item(item, DCM_IssuerOfAccessionNumberSequence), source.issuer_of_accession);
}

void write_study_order(DcmItem& dataset, const Source& source) {
    write_issuer_of_accession(dataset, source);
    put_codes(dataset, DCM_ProcedureCodeSequence, source.procedures);
}

bool write_requested_procedure(DcmItem& item, const Source& source) {
    put_codes(item, DCM_RequestedProcedureCodeSequence, source.requested_procedures);
    return !source.requested_procedures.empty();
}

void write_request_attributes(DcmItem& dataset, const Source& source) {
    if (fitted(DCM_RequestedProcedureID, source.requested_procedure_id).empty()) return;
    DcmItem& request = new_item(dataset, DCM_RequestAttributesSequence);
    put(request, DCM_RequestedProcedureID, source.requested_procedure_id);
    put_known(request, DCM_RequestedProcedureDescription, source.requested_procedure);
    put_known(request, DCM_AccessionNumber, source.accession_number);
    write_issuer_of_accession(request, source);
    put(request, DCM_StudyInstanceUID, source.study.str());
    (void)write_requested_procedure(request, source);
}

}  // namespace bucky::dicom_sr
