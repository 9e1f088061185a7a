// SPDX-License-Identifier: Apache-2.0
// StudyState: how far the report of a study is. The words stand in the database.
#pragma once

#include "conf/base/choices.h"

namespace bucky::storage {

enum class StudyState {
    open,       ///< images may come, or wait for analysis
    reporting,  ///< its report is due
    reported    ///< until another image comes
};

}  // namespace bucky::storage

namespace bucky {

template <>
inline constexpr std::array kSpellings<storage::StudyState>{
    Spelling{storage::StudyState::open, "open"},
    Spelling{storage::StudyState::reporting, "reporting"},
    Spelling{storage::StudyState::reported, "reported"}};

}  // namespace bucky
