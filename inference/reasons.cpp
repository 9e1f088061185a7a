// SPDX-License-Identifier: Apache-2.0
#include "inference/reasons.h"

#include "conf/base/error.h"

namespace bucky::inference {

Reason reason(std::string_view key, std::string text) {
    for (const ReasonRow& row : kReasons) {
        if (row.key != key) continue;
        return {std::string(key),
                {std::string(row.code), "99BUCKY", std::string(row.meaning)},
                std::move(text)};
    }
    throw Error(Fault::bug, "{} has no row in kReasons", key);
}

}  // namespace bucky::inference
