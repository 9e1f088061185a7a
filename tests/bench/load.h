// SPDX-License-Identifier: Apache-2.0
// Load: a radiograph in memory that is sent repeatedly, each time as another instance. Sending
// costs little more than the kernel's copy, so that the receiver is measured.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "tests/support/wire_client.h"

namespace bucky::bench {

struct Shape {
    int rows = 512, columns = 512;    ///< 16 bits allocated: rows * columns * 2 bytes
    std::string body_part = "CHEST";  ///< "KNEE": stored and reported, but no model runs
};

class Load {
public:
    explicit Load(const Shape& shape);

    const test::Bytes& dataset() const noexcept { return dataset_; }
    const std::string& sop_instance() const noexcept { return sop_instance_; }
    const std::string& study() const noexcept { return study_; }

    /// Gives it the instance UID, and with `own_study` the study UID, of this number.
    void become(unsigned number, bool own_study);

private:
    void rewrite(std::string& uid, unsigned number);

    test::Bytes dataset_;
    std::string sop_instance_, study_;
};

/// The address of a receiver, and its TLS.
struct Address {
    int port = 0;
    const test::ClientTls* tls = nullptr;  ///< nullptr: without TLS
};

/// Files a second that a receiver accepts over this number of associations at once. Throws if one
/// is refused.
double files_per_second(const Address& to, const std::string& called, const Load& load,
                        unsigned files, unsigned associations);

}  // namespace bucky::bench
