// SPDX-License-Identifier: Apache-2.0
// FrontHouse: what stands behind the front door, without door, threads or clock, so that a fuzz
// target can be a caller ten thousand times a second: the session's own code reads from a socket
// that holds all the caller will ever say, and whose other end has said goodbye, so nothing waits.
// Images go through Intake into a data folder of its own, emptied now and then. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bucky::fuzz {

using Bytes = std::vector<std::uint8_t>;

class FrontHouse {
public:
    static FrontHouse& one();
    ~FrontHouse();

    /// The whole association of a caller who says `request` (an A-ASSOCIATE-RQ as the door hands
    /// it over), then `more`, and is gone.
    void serve(Bytes request, std::span<const std::uint8_t> more);

private:
    FrontHouse();
    struct Rooms;
    std::unique_ptr<Rooms> rooms_;
};

/// A well-formed A-ASSOCIATE-RQ: Verification in context 1, Digital X-Ray in 3 (Explicit VR), 5
/// (Implicit VR), 7 (deflated) and 9 (JPEG Lossless), Storage Commitment in 11.
Bytes usual_request();

/// Appends `value`, most significant byte first.
void put_big(Bytes& to, std::size_t value, int bytes);

/// Appends one P-DATA-TF PDU with one PDV (PS3.8 9.3.5).
void put_pdata(Bytes& to, std::uint8_t context, std::uint8_t control,
               std::span<const std::uint8_t> fragment);

}  // namespace bucky::fuzz
