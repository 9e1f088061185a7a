// SPDX-License-Identifier: Apache-2.0
// Node: the composition root of `bucky serve`. Its members, in order, are the architecture.
//
// The constructor makes everything ready behind closed doors: lock, database, recovery, models.
// open() lets callers in, so nobody is answered before his image can be kept and looked at. close()
// tells callers to come again later, lets associations and jobs at hand finish, and stops the
// threads; what does not end within node.stop_timeout_s ends with the process.
// One Node a process; its functions are for the thread that made it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "conf/settings.h"

namespace bucky {

class Node {
public:
    /// `reread` gives the settings as they stand in the file now: at SIGHUP they are taken up
    /// whole, without a stop (reload.h). Where anything of them is wrong, the old ones stay.
    explicit Node(conf::Settings settings, std::function<conf::Settings()> reread = {});
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    void open();

    /// Returns at the first SIGTERM or SIGINT; a second one ends the process at once.
    void wait_for_signal();

    void close();

    std::uint16_t dicom_port() const;  ///< the one really bound
    std::uint16_t admin_port() const;  ///< 0: there is no admin listener

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky
