// SPDX-License-Identifier: Apache-2.0
// The order and the identifiers that an image has and its results copy: who issued its numbers,
// which procedure was requested and performed, other IDs of the patient. Whole or not at all, as
// docs/decisions/0506 says.
#pragma once

#include <string>

#include "dicom_sr/common/object.h"

class DcmItem;
class DcmTagKey;

namespace bucky::dicom_sr {

/// Reads them from the dataset of an image; `character_set` is that of the file. Of several
/// requests, none is taken (PS3.3 Table 10-9); of a code or issuer that DICOM does not allow,
/// nothing.
void read_orders(DcmItem& dataset, const std::string& character_set, Source& source);

/// Patient (PS3.3 C.7.1.1): Issuer of Patient ID Qualifiers, Other Patient IDs.
void write_patient_ids(DcmItem& dataset, const Source& source);
/// General Study (C.7.2.1): Issuer of Accession Number, Procedure Code.
void write_study_order(DcmItem& dataset, const Source& source);
/// Issuer of Accession Number; also of an item that names the request.
void write_issuer_of_accession(DcmItem& item, const Source& source);
/// Requested Procedure Code Sequence; false: there is no code.
bool write_requested_procedure(DcmItem& item, const Source& source);
/// General Series (C.7.3.1): Request Attributes of an object that is no document.
void write_request_attributes(DcmItem& dataset, const Source& source);

}  // namespace bucky::dicom_sr
