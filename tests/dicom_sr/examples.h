// SPDX-License-Identifier: Apache-2.0
// The images and findings of the tests in this folder. All persons are fictitious.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/report/measurement_report.h"

class DcmDataset;

namespace bucky::dicom_sr::examples {

inference::ModelIdentity model();

/// Image number `number` of one study; frontal, 2000 rows x 1600 columns.
Source source(int number = 1);
Source ordered(Source source);  ///< with everything that orders.h copies

inference::Finding pneumothorax(double score);  ///< present and outlined from 0.5; left
inference::Finding nodule(double score, int outlines = 1);
inference::Finding pneumonia(double score);

ReportedImage with_findings(int number = 1);
ReportedImage with_heat(int number = 1);  ///< with_findings(), with heat at the outlines
ReportedImage without_findings(int number = 1);
ReportedImage lateral(int number = 2);  ///< not analysed
ReportedImage failed(int number = 1);

/// The header of an image with this source, as a device would have sent it.
std::vector<std::uint8_t> image_of(const Source& source);

/// The image with only the required attributes of its source.
ReportedImage bare(ReportedImage image);

StudyReport report(std::vector<ReportedImage> images);

/// The pixels of a picture, decompressed.
void make_native(DcmDataset& dataset);

/// `object` after a change to its dataset. It is invalid on purpose and not kept for the judges.
Object altered(const Object& object, const std::function<void(DcmDataset&)>& alter);

/// A synthetic chest in grey: bright mediastinum, dark lungs.
struct Picture {
    std::uint32_t rows, columns;
    std::vector<std::uint8_t> pixels;
    GreyView view() const { return {rows, columns, pixels}; }
};
Picture picture(std::uint32_t rows, std::uint32_t columns);

}  // namespace bucky::dicom_sr::examples
