// SPDX-License-Identifier: Apache-2.0
// Error is the only exception of this project; Fault says what its catcher can do about it.
//
// Thrown anywhere, caught at three edges only: an association's session (-> DIMSE status), a job
// runner (-> retry or park) and main (-> exit code). Each edge is a switch over Fault without
// `default`, so that a new fault does not compile until all three have an answer.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace bucky {

/// What the caller can do about it. Code branches on this and on nothing else.
enum class Fault {
    bad_input,    ///< the input is wrong and will be wrong again
    unsupported,  ///< well formed, but not supported by this node
    unavailable,  ///< something outside is not there now; try again later
    exhausted,    ///< a limit of ours (disk, memory, queue) is reached; try again later
    corrupt,      ///< two things that must agree contradict each other
    bug,          ///< a mistake in this program
};

constexpr std::string_view name_of(Fault fault) {
    switch (fault) {
        case Fault::bad_input: return "bad_input";
        case Fault::unsupported: return "unsupported";
        case Fault::unavailable: return "unavailable";
        case Fault::exhausted: return "exhausted";
        case Fault::corrupt: return "corrupt";
        case Fault::bug: return "bug";
    }
    __builtin_unreachable();
}

class Error : public std::runtime_error {
public:
    template <typename... Args>
    Error(Fault fault, fmt::format_string<Args...> words, Args&&... args)
        : std::runtime_error(fmt::format(words, std::forward<Args>(args)...)), fault_(fault) {}

    Fault fault() const noexcept { return fault_; }

private:
    Fault fault_;
};

}  // namespace bucky
