// SPDX-License-Identifier: Apache-2.0
// The modules that every result object shares (PS3.3 C.7 and C.12.1): what is copied from the
// source and what is Bucky's own. Each writes its attributes into the dataset it is given; what is
// Type 2 and not known is written empty.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/common/object.h"

class DcmItem;
class DcmTagKey;

namespace bucky::dicom_sr {

/// A moment as DA and TM: in the time zone that the source declares, else in the machine's own,
/// because its study date and time say nothing of a zone either and a viewer sorts by them.
struct LocalTime {
    std::string date, time;
};
LocalTime local_time(std::int64_t at_ms, const Source& source);

/// Text fitted to the value representation of its tag, or an empty value.
void put(DcmItem& item, const DcmTagKey& tag, std::string_view text);
/// The same, but nothing at all when there is nothing to say (Type 3).
void put_known(DcmItem& item, const DcmTagKey& tag, std::string_view text);
void put_code(DcmItem& item, const DcmTagKey& sequence, const inference::Code& code);
void put_number(DcmItem& item, const DcmTagKey& tag, std::uint32_t value);            ///< US
void put_floats(DcmItem& item, const DcmTagKey& tag, std::span<const float> values);  ///< FL

/// A new last item of a sequence, made when it is not there.
DcmItem& new_item(DcmItem& item, const DcmTagKey& sequence);
/// The same, with a reference to an image in it; its frame only where it may stand.
DcmItem& put_reference(DcmItem& item, const DcmTagKey& sequence, const ImageReference& image);

/// What put() makes of a value: verify compares with it.
std::string fitted(const DcmTagKey& tag, std::string_view text);

std::string fitted_date(std::string_view text);  ///< DA or nothing
std::string fitted_time(std::string_view text);  ///< TM or nothing

void write_sop_common(DcmItem& dataset, const Uid& sop_class, const Uid& sop_instance,
                      const LocalTime& created, const Source& source);
void write_patient(DcmItem& dataset, const Source& source);  ///< and Patient Study
void write_study(DcmItem& dataset, const Source& source);
/// General Series of what is not a document: the body part, or else the side (Type 2C, C.7.3.1).
void write_series(DcmItem& dataset, std::string_view modality, const Uid& series,
                  std::string_view number, std::string_view description, const Source& source);
void write_equipment(DcmItem& dataset, std::string_view node_name, std::string_view version);

/// Every model that spoke, once, in the order in which the images name them.
std::vector<inference::ModelIdentity> models_of(std::span<const ReportedImage> images);

/// One item per algorithm (IHE AIR 6.5.3.1), with a Device UID of its own.
void write_algorithms(DcmItem& dataset, std::span<const inference::ModelIdentity> models);

ImageReference reference_of(const ReportedImage& image);
bool was_analysed(const inference::ImageResult& result);

/// All series of one kind stand together, and after what a modality uses: 9002 are pictures. Image
/// 1 of series 2 becomes instance 2001, so that two images with the same number stay apart.
std::string instance_number_after(const Source& source);

inline constexpr const char* kReportSeries = "9001";
inline constexpr const char* kPictureSeries = "9002";
inline constexpr const char* kPresentationSeries = "9003";
inline constexpr const char* kSegmentationSeries = "9004";
inline constexpr const char* kChestCadSeries = "9005";

}  // namespace bucky::dicom_sr
