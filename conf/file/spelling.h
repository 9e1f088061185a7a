// SPDX-License-Identifier: Apache-2.0
// What a reader of an error may have meant by a word that nothing here is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bucky::conf {

/// "; did you mean artim_s?" where one is spelt much like it, else "; known are ...".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace bucky::conf
