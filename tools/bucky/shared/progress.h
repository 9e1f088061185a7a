// SPDX-License-Identifier: Apache-2.0
// Progress: a bar on the terminal while many items are processed. Silent when standard error is no
// terminal. Any thread may call step().
#pragma once

#include <cstddef>
#include <string>

#include "conf/base/mutex.h"

namespace bucky {

class Progress {
public:
    Progress(std::string what, std::size_t whole);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();  ///< wipes the bar

    void step();
    void wipe();  ///< makes room for a line of text; the next step draws the bar again

private:
    std::string what_;
    std::size_t whole_;
    bool is_shown_;
    Mutex mutex_;
    std::size_t done_ GUARDED_BY(mutex_) = 0;
    int percent_ GUARDED_BY(mutex_) = -1;  ///< as drawn; -1: not drawn
};

}  // namespace bucky
