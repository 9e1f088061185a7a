// SPDX-License-Identifier: Apache-2.0
// The error that a call throws, as a value that a CHECK can print.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "conf/base/error.h"

namespace bucky::storage::test {

struct Thrown {
    std::optional<Fault> fault;
    std::string words;
    bool operator==(Fault expected) const { return fault == expected; }
    bool none() const { return !fault; }
};

inline std::ostream& operator<<(std::ostream& out, const Thrown& thrown) {
    return out << (thrown.fault ? name_of(*thrown.fault) : "nothing") << ": " << thrown.words;
}

template <typename Call>
Thrown thrown_by(Call&& call) {
    try {
        call();
    } catch (const Error& error) {  // the error is the value
        return {error.fault(), error.what()};
    }
    return {};
}

}  // namespace bucky::storage::test

namespace bucky {
inline std::ostream& operator<<(std::ostream& out, Fault fault) {
    return out << name_of(fault);
}
}  // namespace bucky
