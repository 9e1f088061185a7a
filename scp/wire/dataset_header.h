// SPDX-License-Identifier: Apache-2.0
// read_dataset_header() walks a received dataset once, from the first byte to the last, and returns
// the identifiers of the instance. It runs before DCMTK's parser, which recurses into sequences: a
// 6 MB file of nested items would end the process with a stack overflow. The walk does not recurse,
// keeps no values but the identifiers, and skips pixel data by seeking. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "conf/dicom/image_facts.h"

namespace bucky::scp {

/// Empty where the dataset has no value. Padding is trimmed; nothing else is checked here.
struct DatasetHeader {
    std::string sop_class, sop_instance, study, series;
    std::string accession_number;  ///< printable ASCII; other bytes as '?'
    std::string manufacturer, model_name;
    std::string patient_name, patient_id;  ///< as received, in any character set; for log.phi
    std::uint64_t elements = 0;            ///< including items, fragments and delimiters
};

/// Whether this product made the object (PS3.3 C.7.5.1): then it is a result of this or another
/// Bucky and is not analysed.
bool is_of_our_make(const DatasetHeader& header);

/// in   a file whose dataset begins at `dataset_at` and is encoded in `transfer_syntax`
/// out  its identifiers
/// err  bad_input when it cannot be followed to its end (cut off, lengths that contradict each
///      other, nested beyond limits::kSequenceDepthMax, of more than limits::kDatasetElementsMax
///      elements and items, longer than limits::kInstanceBytesMax, not to be inflated);
///      unavailable when the file cannot be read
/// src  PS3.5 7.1 (elements), 7.5 (sequences), A.4 (encapsulated pixel data), A.5 (deflated)
DatasetHeader read_dataset_header(const std::filesystem::path& file, std::uint64_t dataset_at,
                                  std::string_view transfer_syntax);

/// The same walk over the File Meta Information of a file that has not been checked yet.
/// err  bad_input when there is none, or as above; unavailable when the file cannot be read
/// src  PS3.10 7.1
void check_file_meta(const std::filesystem::path& file);

/// The values by which copies of an image are compared (storage/copies.h), read in the same walk.
/// Fragments of encapsulated pixels count as one value, without the offset table: the division into
/// fragments is not content.
ImageFacts read_image_facts(const std::filesystem::path& part10, std::string_view transfer_syntax,
                            bool with_pixels);

}  // namespace bucky::scp
