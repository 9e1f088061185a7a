// SPDX-License-Identifier: Apache-2.0
// The modules that all result objects share (PS3.3 C.7 and C.12.1): attributes copied from the
// source, and Bucky's own. Each function writes into the dataset that it is given. A Type 2
// attribute without a known value is written empty.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/common/fitting.h"
#include "dicom_sr/common/object.h"

class DcmItem;
class DcmTagKey;

namespace bucky::dicom_sr {

/// A moment as DA and TM, in the time zone that the source declares. Without one it is in the time
/// zone of the machine, like the study date and time, by which a viewer sorts.
struct LocalTime {
    std::string date, time;
    std::string offset;  ///< from UTC, "+0900"
};
LocalTime local_time(std::int64_t at_ms, const Source& source);
std::string local_time_text(std::int64_t at_ms, const Source& source);  ///< for people

/// Writes text fitted to the value representation of its tag, or an empty value.
void put(DcmItem& item, const DcmTagKey& tag, std::string_view text);
/// The same, but omits the attribute when there is no value (Type 3).
void put_known(DcmItem& item, const DcmTagKey& tag, std::string_view text);
void put_code(DcmItem& item, const DcmTagKey& sequence, const inference::Code& code);
void put_number(DcmItem& item, const DcmTagKey& tag, std::uint32_t value);            ///< US
void put_floats(DcmItem& item, const DcmTagKey& tag, std::span<const float> values);  ///< FL

/// Appends an item to a sequence, which is created when it is missing.
DcmItem& new_item(DcmItem& item, const DcmTagKey& sequence);
/// The same, with a reference to an image in it.
DcmItem& put_reference(DcmItem& item, const DcmTagKey& sequence, const ImageReference& image);

void write_sop_common(DcmItem& dataset, const Uid& sop_class, const Uid& sop_instance,
                      const LocalTime& created, const Source& source);
void write_patient(DcmItem& dataset, const Source& source);  ///< and Patient Study
void write_study(DcmItem& dataset, const Source& source);
/// General Series of an object that is not a document: the body part, or else the side (Type 2C,
/// C.7.3.1).
void write_series(DcmItem& dataset, std::string_view modality, const Uid& series,
                  std::string_view number, std::string_view description, const Source& source);
/// With the institution of the image, by which a PACS of many sites filters.
void write_equipment(DcmItem& dataset, std::string_view node_name, std::string_view version,
                     const Source& source);

/// Every model that was used, once, in the order in which the images name them.
std::vector<inference::ModelIdentity> models_of(std::span<const ReportedImage> images);

/// One item per algorithm (IHE AIR 6.5.3.1), with a Device UID of its own.
void write_algorithms(DcmItem& dataset, std::span<const inference::ModelIdentity> models);

ImageReference reference_of(const ReportedImage& image);
bool was_analysed(const inference::ImageResult& result);

/// Image 1 of series 2 becomes instance 2001: two images with the same number differ in the one
/// series that the results of a kind share.
std::string instance_number_after(const Source& source);

}  // namespace bucky::dicom_sr
