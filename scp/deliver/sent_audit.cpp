// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/sent_audit.h"

#include <filesystem>
#include <string>

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every file that uses DCMTK
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "storage/study_key.h"

namespace bucky::scp {
namespace {

struct Subject {
    std::string patient_id, accession_number;
};

/// Reads a file that we have made. Nothing when it cannot be read: sending it reports the error.
Subject subject_of(const std::filesystem::path& file) {
    DcmFileFormat format;
    const auto read =
        format.loadFileUntilTag(OFFilename(file.c_str()), EXS_Unknown, EGL_noChange,
                                DCM_MaxReadLength, ERM_autoDetect, DCM_StudyInstanceUID);
    if (read.bad()) return {};
    OFString patient_id, accession_number;
    (void)format.getDataset()->findAndGetOFString(DCM_PatientID, patient_id);
    (void)format.getDataset()->findAndGetOFString(DCM_AccessionNumber, accession_number);
    return {patient_id, accession_number};
}

audit::Outcome outcome_of(SendVerdict verdict) {
    switch (verdict) {
        case SendVerdict::delivered:
        case SendVerdict::already_there: return audit::Outcome::success;
        case SendVerdict::try_later: return audit::Outcome::minor_failure;
        case SendVerdict::refused:
        case SendVerdict::class_not_accepted: return audit::Outcome::serious_failure;
    }
    __builtin_unreachable();
}

}  // namespace

SentAudit::SentAudit(const storage::Result& result, const conf::DestinationSettings& to) {
    if (!audit::is_recorded()) return;
    const auto subject = subject_of(result.file);
    event_.kind = audit::Kind::begins_to_send;
    event_.we_send = true;
    event_.peer_ae = to.ae_title.str();
    event_.peer_address = to.host;
    event_.study = storage::StudyKey::parse(result.study).uid.str();
    event_.accession_number = subject.accession_number;
    event_.patient_id = subject.patient_id;
    event_.instances[result.sop_class.str()] = 1;
    audit::tell(event_);
}

void SentAudit::ended(const SendOutcome& outcome) {
    if (event_.study.empty()) return;  // begin() was not recorded
    event_.kind = audit::Kind::transferred;
    event_.outcome = outcome_of(outcome.verdict);
    event_.words = outcome.words;
    audit::tell(event_);
}

}  // namespace bucky::scp
