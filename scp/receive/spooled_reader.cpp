// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/spooled_reader.h"

#include "conf/base/error.h"
#include "scp/receive/file_meta.h"
#include "scp/wire/dataset_header.h"

namespace bucky::scp {

storage::Spooled read_spooled(const std::filesystem::path& file) {
    const auto meta = read_file_meta(file);
    const auto found = read_dataset_header(file, meta.dataset_at, meta.transfer_syntax);
    if (found.sop_instance.empty() || found.sop_class.empty() || found.study.empty() ||
        found.series.empty()) {
        throw Error(Fault::bad_input, "the data set lacks an identifier");
    }
    if (found.sop_instance != meta.sop_instance || found.sop_class != meta.sop_class) {
        throw Error(Fault::corrupt, "the data set is not what its file header says");
    }
    return {.sop_instance = Uid{found.sop_instance},
            .sop_class = Uid{found.sop_class},
            .study = Uid{found.study},
            .series = Uid{found.series},
            .transfer_syntax = meta.transfer_syntax,
            .accession_number = found.accession_number,
            .is_of_our_make = is_of_our_make(found),
            .from = meta.from};
}

}  // namespace bucky::scp
