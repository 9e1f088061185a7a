// SPDX-License-Identifier: Apache-2.0
// What the tests of the pipeline ask of one study: its images, their results, the kinds of them.
#pragma once

#include <string>
#include <vector>

#include "inference/findings_json.h"
#include "tests/tools/node_harness.h"

namespace bucky::test {

inline phantom::DicomOptions in_study(const std::string& uid, int number = 1) {
    phantom::DicomOptions dicom;
    dicom.study_uid = uid;
    dicom.instance_number = number;
    dicom.patient_id = "PHANTOM-1";
    dicom.patient_name = "Phantom^One";
    return dicom;
}

inline inference::ImageResult result_of(const storage::Instance& image) {
    return inference::from_json(image.result_json);
}

inline std::vector<std::string> kinds(const std::vector<storage::Result>& results) {
    std::vector<std::string> kinds;
    for (const auto& result : results) kinds.push_back(result.kind);
    return kinds;
}

}  // namespace bucky::test
