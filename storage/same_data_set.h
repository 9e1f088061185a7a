// SPDX-License-Identifier: Apache-2.0
// Are two Part 10 files the same instance, byte for byte? Their meta headers may differ: those are
// written by the node (which version of it, who sent it), not by whoever made the image.
#pragma once

#include <filesystem>

namespace bucky::storage {

/// in   two files as the spool keeps them; one that does not begin as PS3.10 7.1 says is compared
///      as a whole
/// out  whether what follows their File Meta Information is equal; false when `kept` is not there
/// err  unavailable when one of them cannot be read
/// src  PS3.10 7.1
bool same_data_set(const std::filesystem::path& kept, const std::filesystem::path& arrived);

}  // namespace bucky::storage
