// SPDX-License-Identifier: Apache-2.0
// Images and findings that the tests of this folder speak of. All persons are invented.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/report/measurement_report.h"

class DcmDataset;

namespace bucky::dicom_sr::examples {

inference::ModelIdentity model();

/// An image of one study, numbered; frontal, 2000 rows x 1600 columns.
Source source(int number = 1);

inference::Finding pneumothorax(double score);  ///< present and outlined from 0.5 on, left
inference::Finding nodule(double score, int outlines = 1);
inference::Finding pneumonia(double score);

ReportedImage with_findings(int number = 1);
ReportedImage with_heat(int number = 1);  ///< with_findings(), and heat where they are outlined
ReportedImage without_findings(int number = 1);
ReportedImage lateral(int number = 2);  ///< not analysed
ReportedImage failed(int number = 1);

/// Of a source that says no more than it must.
ReportedImage bare(ReportedImage image);

StudyReport report(std::vector<ReportedImage> images);

/// `object` after somebody has had a hand on its dataset; no judge is to see it.
Object altered(const Object& object, const std::function<void(DcmDataset&)>& alter);

/// A made-up chest in grey: bright mediastinum, dark lungs.
struct Picture {
    std::uint32_t rows, columns;
    std::vector<std::uint8_t> pixels;
    GreyView view() const { return {rows, columns, pixels}; }
};
Picture picture(std::uint32_t rows, std::uint32_t columns);

}  // namespace bucky::dicom_sr::examples
