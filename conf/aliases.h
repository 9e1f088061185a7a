// SPDX-License-Identifier: Apache-2.0
// What the words of a sender mean by the [[alias]] rows of the configuration. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "conf/dicom/exam_words.h"
#include "conf/settings.h"

namespace bucky::conf {

/// The rows for a calling AE title, those that name it first.
std::vector<ExamAlias> aliases_for(const Settings& settings, std::string_view calling_ae);

}  // namespace bucky::conf
