// SPDX-License-Identifier: Apache-2.0
// read_prefix() reads the File Meta Information of a DICOM file from its first bytes, while the
// rest is still on its way (PS3.10 7.1). A file without preamble, or without the prefix "DICM", is
// one, too; the group length is not believed. No parser but this walk sees the bytes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bucky::scp {

struct Part10Prefix {
    enum class Kind {
        more,   ///< the data set has not begun yet
        whole,  ///< the rest is of a file
        wrong   ///< this is no DICOM file
    } kind = Kind::more;
    std::string sop_class{}, sop_instance{},
        transfer_syntax{};  ///< padding trimmed; of a whole one
    std::size_t dataset_at = 0;
};

/// More bytes than this before the data set are no File Meta Information.
inline constexpr std::size_t kPrefixBytesMax = 64U << 10U;

/// `is_all`: nothing follows.
Part10Prefix read_prefix(std::string_view so_far, bool is_all = false);

}  // namespace bucky::scp
