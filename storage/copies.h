// SPDX-License-Identifier: Apache-2.0
// Copies: an image that is received again under its SOP Instance UID. Two files with the same
// pixels are one image, whatever their headers say: a PACS adds an accession number to what a
// modality sent, and a person corrects the patient (IHE PIR). Other pixels under the same UID are a
// conflict.
//
// Pixels are compared by a digest. It is stored in the instance's row when a second copy comes, so
// each copy is read once, however many there are. Any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "conf/dicom/image_facts.h"

namespace bucky::storage {

/// Reads a Part 10 file in that transfer syntax; throws what scp::read_image_facts throws.
using ReadFacts = std::function<ImageFacts(const std::filesystem::path&,
                                           std::string_view transfer_syntax, bool with_pixels)>;

/// Reads no header and treats the whole data set as pixels: for files of any kind.
ImageFacts data_set_facts(const std::filesystem::path& file, std::string_view transfer_syntax,
                          bool with_pixels);

/// How a copy's header differs from that of the current copy.
enum class Difference {
    none,     ///< it says nothing new
    filled,   ///< it fills in empty values and changes none
    changed,  ///< it changes a value, of the same patient
    patient,  ///< it names another patient
};

/// A copy that says less than the current one says nothing new.
Difference difference(const ImageFacts& stands, const ImageFacts& came);

/// What happens to a copy whose header differs.
struct CopyRules {
    bool follow = true;  ///< the newer header replaces the older; else it fills in empty values
    ReadFacts read = data_set_facts;
};

}  // namespace bucky::storage
