// SPDX-License-Identifier: Apache-2.0
// SendVerdict: what became of one object that was sent, whatever the transport. A table for each
// transport says which answer means which (scp/wire/status.h); couriers act on the verdict alone.
#pragma once

namespace bucky {

enum class SendVerdict {
    delivered,           ///< the destination has it, perhaps with a warning
    already_there,       ///< it had the object before; as good as delivered
    try_later,           ///< it lacks a resource, the connection broke, or no answer came
    refused,             ///< the same object will be refused again
    class_not_accepted,  ///< refused for its SOP class: another class may be accepted
};

constexpr bool is_delivered(SendVerdict verdict) {
    return verdict == SendVerdict::delivered || verdict == SendVerdict::already_there;
}

}  // namespace bucky
