// SPDX-License-Identifier: Apache-2.0
// What the configured models are for: whether any of them reads images of patients. A node that has
// only demonstrations works, so this is no trouble; its admin is told wherever a person looks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "inference/examine/shelf.h"

namespace bucky {

struct ModelPurposes {
    std::size_t for_patients = 0;    ///< packages that report and are no demonstration
    std::vector<std::string> notes;  ///< that none is, for the node or for one of its tenants
};

/// Whether a [[model]] lets the package in this folder run beside the others, unreported.
bool is_shadow(const conf::Settings& settings, const std::filesystem::path& folder);

/// Of the packages on the shelf.
ModelPurposes purposes_of(const conf::Settings& settings, const inference::Shelf& shelf);

/// Of the packages as they lie there. One whose manifest cannot be read is taken for no
/// demonstration: what is wrong with it is told elsewhere.
ModelPurposes purposes_of(const conf::Settings& settings);

}  // namespace bucky
