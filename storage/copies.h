// SPDX-License-Identifier: Apache-2.0
// Copies: an image that comes again under its SOP Instance UID. The same pixels are one image,
// whatever its header says: a PACS adds an accession number to what a modality sent, and a person
// corrects whose it is (IHE PIR). Other pixels under one UID are a conflict.
//
// Pixels are compared by a digest that stands in the instance's row once a second copy has come, so
// that each copy is read once, however many there are. Any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "conf/dicom/image_facts.h"

namespace bucky::storage {

/// Reads a Part 10 file in that transfer syntax; throws as scp::read_image_facts.
using ReadFacts = std::function<ImageFacts(const std::filesystem::path&,
                                           std::string_view transfer_syntax, bool with_pixels)>;

/// Says nothing of the header and takes the whole data set for pixels: for files of any kind.
ImageFacts data_set_facts(const std::filesystem::path& file, std::string_view transfer_syntax,
                          bool with_pixels);

/// How a copy's header differs from that of the one that stands.
enum class Difference {
    none,     ///< nothing that it says is news
    filled,   ///< it says what was not said, and nothing else
    changed,  ///< it says something else, of the same patient
    patient,  ///< it says that it is another patient's
};

/// A copy that says less than the one that stands says nothing new.
Difference difference(const ImageFacts& stands, const ImageFacts& came);

/// What becomes of a copy whose header differs.
struct CopyRules {
    bool follow = true;  ///< the newer header is the truth; else only what was empty is taken up
    ReadFacts read = data_set_facts;
};

}  // namespace bucky::storage
