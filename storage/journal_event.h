// SPDX-License-Identifier: Apache-2.0
// JournalEvent: what the journal tells of a study, an image, a result or a request for storage
// commitment. The words stand in the database: a released one never changes, because an older entry
// keeps it.
#pragma once

#include "conf/base/choices.h"

namespace bucky::storage {

enum class JournalEvent {
    image_received,
    image_corrected,   ///< received with the same pixels for another patient, which counts now
    image_again,       ///< the same content as before
    image_conflict,    ///< its UID is taken by other content
    image_own_result,  ///< an object of our make, sent back
    image_left_study,  ///< its pixels came again in another study
    image_reingested,  ///< its file had no row
    image_verdict,
    image_warning,  ///< what a reader must know beside the verdict
    image_shadow,   ///< the answer of a shadow model
    image_failed,
    report_made,
    report_withdrawn,
    result_sent,
    result_retry,
    result_refused,
    result_again,       ///< was refused, and is sent again with its image
    result_taken_back,  ///< is made again in a SOP class that its destination accepts
    result_dropped,     ///< by a person: it is not owed to any destination
    result_moved,       ///< to another destination, by a person
    commitment_asked,
    commitment_promised,
    commitment_failed,
    commitment_refused,
    commitment_dropped,  ///< by a person
    study_patients,      ///< it holds images of more than one patient
    study_retry,         ///< by a person
    study_left,          ///< its files were deleted
    instance_ignored,    ///< of a class of scp.ignore: answered with success, not kept
    identity_left_out    ///< a value of an image that its results do not have
};

}  // namespace bucky::storage

namespace bucky {

template <>
inline constexpr std::array kSpellings<storage::JournalEvent>{
    Spelling{storage::JournalEvent::image_received, "image.received"},
    Spelling{storage::JournalEvent::image_corrected, "image.corrected"},
    Spelling{storage::JournalEvent::image_again, "image.again"},
    Spelling{storage::JournalEvent::image_conflict, "image.conflict"},
    Spelling{storage::JournalEvent::image_own_result, "image.own_result"},
    Spelling{storage::JournalEvent::image_left_study, "image.left_study"},
    Spelling{storage::JournalEvent::image_reingested, "image.reingested"},
    Spelling{storage::JournalEvent::image_verdict, "image.verdict"},
    Spelling{storage::JournalEvent::image_warning, "image.warning"},
    Spelling{storage::JournalEvent::image_shadow, "image.shadow"},
    Spelling{storage::JournalEvent::image_failed, "image.failed"},
    Spelling{storage::JournalEvent::report_made, "report.made"},
    Spelling{storage::JournalEvent::report_withdrawn, "report.withdrawn"},
    Spelling{storage::JournalEvent::result_sent, "result.sent"},
    Spelling{storage::JournalEvent::result_retry, "result.retry"},
    Spelling{storage::JournalEvent::result_refused, "result.refused"},
    Spelling{storage::JournalEvent::result_again, "result.again"},
    Spelling{storage::JournalEvent::result_taken_back, "result.taken_back"},
    Spelling{storage::JournalEvent::result_dropped, "result.dropped"},
    Spelling{storage::JournalEvent::result_moved, "result.moved"},
    Spelling{storage::JournalEvent::commitment_asked, "commitment.asked"},
    Spelling{storage::JournalEvent::commitment_promised, "commitment.promised"},
    Spelling{storage::JournalEvent::commitment_failed, "commitment.failed"},
    Spelling{storage::JournalEvent::commitment_refused, "commitment.refused"},
    Spelling{storage::JournalEvent::commitment_dropped, "commitment.dropped"},
    Spelling{storage::JournalEvent::study_patients, "study.patients"},
    Spelling{storage::JournalEvent::study_retry, "study.retry"},
    Spelling{storage::JournalEvent::study_left, "study.left"},
    Spelling{storage::JournalEvent::instance_ignored, "instance.ignored"},
    Spelling{storage::JournalEvent::identity_left_out, "identity.left_out"}};

}  // namespace bucky
