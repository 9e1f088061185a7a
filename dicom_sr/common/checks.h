// SPDX-License-Identifier: Apache-2.0
// What the checks of all kinds share. A complaint names an attribute, never its value: complaints
// are logged.
#pragma once

#include <cstddef>
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

/// An object as it was read back.
struct ReadBack {
    DcmItem& dataset;
    std::size_t pixel_bytes;  ///< of a picture: what its compressed pixels hold
    const Source& source;     ///< the first image that it is about
};

}  // namespace bucky::dicom_sr
