// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/fd_stream.h"

#include <limits>
#include <span>

#include "conf/observe/metrics.h"

namespace bucky::scp {

offile_off_t IncomingConsumer::avail() const {
    return std::numeric_limits<offile_off_t>::max();
}

offile_off_t IncomingConsumer::write(const void* bytes, offile_off_t count) {
    const auto size = static_cast<std::size_t>(count);
    taken_ += size;
    if (to_ == nullptr || failure_) return count;
    try {
        if (taken_ > bytes_max_) {
            metrics::count("bucky_limit_reached_total", {{"limit", "instance_bytes"}});
            throw Error(Fault::exhausted, "larger than scp.max_instance_mb = {}",
                        bytes_max_ >> 20U);
        }
        to_->write(std::span{static_cast<const std::uint8_t*>(bytes), size});
    } catch (const Error& error) {  // kept: DCMTK must go on reading to the end
        failure_ = error;
    }
    return count;
}

}  // namespace bucky::scp
