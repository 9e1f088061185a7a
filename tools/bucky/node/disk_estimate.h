// SPDX-License-Identifier: Apache-2.0
// How much disk X-rays and their results need: what an admin asks before a machine is bought. The
// constants are measured on phantoms; a test compares them with what the workers write.
#pragma once

#include <string>

#include "conf/settings.h"

namespace bucky {

/// Bytes of the results of one analysed image, on average: pictures in each language that a
/// destination gets, with heat three times as large, and small documents beside them.
double result_bytes_of_image(const conf::Settings& settings);

/// One line for `bucky config check`: images of 10 MB, 100 a day, for storage.keep_days.
std::string disk_estimate(const conf::Settings& settings);

}  // namespace bucky
