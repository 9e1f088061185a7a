// SPDX-License-Identifier: Apache-2.0
// What verify is made of: one check for each kind of object, and the words they share. A complaint
// names an attribute, never its value: it ends up in a log.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/object.h"

class DcmItem;
class DcmTagKey;

namespace bucky::dicom_sr {

struct Concept;

using Complaints = std::vector<std::string>;

std::string value_of(DcmItem& item, const DcmTagKey& tag);
void for_each_item(DcmItem& parent, const DcmTagKey& sequence,
                   const std::function<void(DcmItem&)>& visit);
bool is_named(DcmItem& item, const Concept& name);  ///< a content item, by its Concept Name

void require_values(DcmItem& dataset, std::initializer_list<DcmTagKey> tags,
                    Complaints& out);  ///< Type 1
void require_presence(DcmItem& dataset, std::initializer_list<DcmTagKey> tags,
                      Complaints& out);  ///< Type 2
void require_same(DcmItem& dataset, const DcmTagKey& tag, std::string_view expected,
                  Complaints& out);

void check_report(DcmItem& dataset, const Source& source, Complaints& out);
void check_text_report(DcmItem& dataset, const Source& source, Complaints& out);
/// `pixel_bytes` lie behind the dataset, which is without its native Pixel Data then.
void check_picture(DcmItem& dataset, std::size_t pixel_bytes, const Source& source,
                   Complaints& out);
void check_presentation(DcmItem& dataset, const Source& source, Complaints& out);
void check_segmentation(DcmItem& dataset, const Source& source, Complaints& out);
void check_chest_cad(DcmItem& dataset, const Source& source, Complaints& out);

}  // namespace bucky::dicom_sr
