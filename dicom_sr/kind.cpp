// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include <array>
#include <utility>

namespace bucky::dicom_sr {

bool always(std::span<const ReportedImage>) {
    return true;
}

double draws_nothing(const Source&, double) {
    return 0;
}

const KindParts& parts_of(ResultKind kind) {
    // Names parts<>() of every row: the linker finds the one that is missing.
    static const auto kParts = []<std::size_t... row>(std::index_sequence<row...>) {
        return std::array{parts<kResultKinds[row].kind>()...};
    }
    (std::make_index_sequence<kResultKinds.size()>{});
    return kParts[static_cast<std::size_t>(kind)];
}

}  // namespace bucky::dicom_sr
