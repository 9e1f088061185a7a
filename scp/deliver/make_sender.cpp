// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/make_sender.h"

#include "scp/deliver/dimse_sender.h"

namespace bucky::scp {
namespace {

std::unique_ptr<Sender> by_dimse(const conf::DestinationSettings& to, const AeTitle& calling,
                                 int give_up_fd) {
    Target target = target_of(to);
    target.give_up_fd = give_up_fd;
    return std::make_unique<DimseSender>(std::move(target), calling);
}

struct Transport {
    bool (*serves)(const conf::DestinationSettings& to);
    std::unique_ptr<Sender> (*make)(const conf::DestinationSettings& to, const AeTitle& calling,
                                    int give_up_fd);
};

/// The first row that serves a destination makes its Sender. The last one serves what is left.
constexpr Transport kTransports[] = {
    {[](const conf::DestinationSettings&) { return true; }, by_dimse},
};

}  // namespace

std::unique_ptr<Sender> make_sender(const conf::DestinationSettings& to, const AeTitle& calling,
                                    int give_up_fd) {
    const Transport* row = kTransports;
    while (!row->serves(to)) ++row;
    return row->make(to, calling, give_up_fd);
}

}  // namespace bucky::scp
