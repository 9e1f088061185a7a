// SPDX-License-Identifier: Apache-2.0
// Admission: who may store here and how many of them at once, by the rules of [scp], [[peer]] and
// [[tenant]]; the same for every transport, which only says the answer in its own words. One per
// session, on its thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scp/receive/arrivals.h"
#include "scp/receive/session.h"

namespace bucky::scp {

/// A caller at the door.
struct Guest {
    std::string association;  ///< our id for it
    std::string calling_ae;   ///< empty: it names none (over HTTP); admit() finds one
    std::string called_ae, address;
    const PeerCertificate* certificate = nullptr;  ///< null: none was presented
};

class Admission {
public:
    explicit Admission(const SessionContext& context) : context_(context) {}

    enum class Why {
        called,   ///< nobody of this name is here
        caller,   ///< it may not call
        crowded,  ///< it may come later
    };
    struct Refusal {
        Why why;
        std::string_view words;
    };

    /// Nothing: it is admitted, and counts until this object ends or admits another.
    std::optional<Refusal> admit(Guest guest);

    const Peers::Standing& standing() const noexcept { return standing_; }
    const Guest& guest() const noexcept { return guest_; }

    /// The tenant whose queue its images join: the called title if it is a [[tenant]], else the
    /// tenant of its [[peer]] row, else the called title if it is not the node's own, else the
    /// calling title.
    Caller caller() const;

private:
    bool tenant_takes_caller() const;
    std::optional<Refusal> find_place();
    static Refusal crowded(const char* limit, std::string_view words);

    const SessionContext& context_;
    Guest guest_;
    Peers::Standing standing_;
    std::optional<PeerCount::Slot> place_, place_of_address_;
};

}  // namespace bucky::scp
