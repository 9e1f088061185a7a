// SPDX-License-Identifier: Apache-2.0
// TestFrontDoor: a FrontDoor on a free loopback port with its own data folder and thread.
// Everything is removed when it leaves its scope.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "scp/receive/front_door.h"
#include "storage/database.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

class TestFrontDoor {
public:
    explicit TestFrontDoor(const std::function<void(conf::Settings&)>& change = {});
    ~TestFrontDoor();

    int port(std::size_t door = 0) const;
    std::string port_text() const { return std::to_string(port()); }
    scp::FrontDoor& door();
    Wakeup& work();
    const conf::Settings& settings() const;
    const TempDir& dir() const;  ///< its data_dir, also for a test's files

    struct Kept {
        std::string sop_instance, transfer_syntax, accession_number, calling_ae, address;
        std::filesystem::path file;
        bool conflicting = false;
    };
    std::vector<Kept> kept(const std::string& study = "1.2.826.0.1.3680043.9.1");

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::test
