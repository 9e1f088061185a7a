// SPDX-License-Identifier: Apache-2.0
// Progress: a bar on the terminal while many items are processed. Where standard error is no
// terminal it is silent, or prints a line now and then. Any thread may call step().
#pragma once

#include <cstddef>
#include <string>

#include "conf/base/mutex.h"

namespace bucky {

class Progress {
public:
    enum class Piped { silent, lines };  ///< lines: one for every twentieth part
    Progress(std::string what, std::size_t whole, Piped piped = Piped::silent);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();  ///< wipes the bar

    void step();
    void wipe();  ///< makes room for a line of text; the next step draws the bar again

private:
    std::string what_;
    std::size_t whole_;
    bool is_shown_;
    bool prints_lines_;
    Mutex mutex_;
    std::size_t done_ GUARDED_BY(mutex_) = 0;
    int percent_ GUARDED_BY(mutex_) = -1;  ///< as drawn; -1: not drawn
    int last_line_ GUARDED_BY(mutex_) = 0;
};

}  // namespace bucky
