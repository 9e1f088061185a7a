// SPDX-License-Identifier: Apache-2.0
// PendingByAddress: connections that have not sent their whole request yet, by the address they
// come from. When one must be dropped, it is the oldest of the address that has most: a flood from
// one address costs that address only. Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace bucky::scp {

template <typename Pending>
class PendingByAddress {
    using Line = std::list<Pending>;

public:
    /// A connection's slot; valid until it is removed.
    struct Slot {
        std::string address;
        typename Line::iterator at;
    };

    Slot join(const std::string& address, Pending one) {
        ++size_;
        auto& line = lines_[address];
        return {address, line.insert(line.end(), std::move(one))};
    }

    void leave(const Slot& place) {
        const auto found = lines_.find(place.address);
        found->second.erase(place.at);
        if (found->second.empty()) lines_.erase(found);
        --size_;
    }

    std::size_t size() const { return size_; }

    /// The connection to drop; nullptr when there is none.
    Pending* first_to_go() {
        return first_of(heaviest_line([](const Line& line) { return line.size(); }));
    }

    /// The same, and removes it. There must be one.
    Pending take_first_to_go() {
        const auto heaviest = heaviest_line([](const Line& line) { return line.size(); });
        Pending one = std::move(heaviest->second.front());
        leave({heaviest->first, heaviest->second.begin()});
        return one;
    }

    /// The same, where an address counts by the total weight of its connections.
    template <typename WeightOfOne>
    Pending* first_to_go_by(WeightOfOne&& weigh) {
        return first_of(heaviest_line([&](const Line& line) {
            std::size_t sum = 0;
            for (const auto& one : line) sum += weigh(one);
            return sum;
        }));
    }

private:
    using Lines = std::map<std::string, Line>;

    template <typename WeightOfLine>
    typename Lines::iterator heaviest_line(WeightOfLine&& weigh) {
        auto heaviest = lines_.end();
        std::size_t most = 0;
        for (auto at = lines_.begin(); at != lines_.end(); ++at) {
            const std::size_t weight = weigh(at->second);
            if (heaviest != lines_.end() && weight <= most) continue;
            heaviest = at;
            most = weight;
        }
        return heaviest;
    }

    Pending* first_of(typename Lines::iterator line) {
        return line == lines_.end() ? nullptr : &line->second.front();
    }

    Lines lines_;  ///< none is empty; each in order of arrival
    std::size_t size_ = 0;
};

}  // namespace bucky::scp
