// SPDX-License-Identifier: Apache-2.0
// Node: the composition root of `bucky serve`. Its members, in order, are the architecture.
//
// The constructor prepares everything before any connection is accepted: lock, database, recovery,
// models. open() accepts connections, so that no caller is answered before its image can be stored
// and analysed. close() rejects new callers (transient), lets associations and jobs in progress
// finish, and stops the threads. What has not ended within node.stop_timeout_s ends with the
// process. One Node per process; its functions are for the thread that made it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "conf/settings.h"

namespace bucky {

class Node {
public:
    /// `reread` reads the settings from the file: SIGHUP applies all of them without a stop
    /// (reload.h). If anything is wrong with them, the old ones stay.
    explicit Node(conf::Settings settings, std::function<conf::Settings()> reread = {});
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    void open();

    /// Returns at the first SIGTERM or SIGINT; a second one ends the process at once.
    void wait_for_signal();

    void close();

    std::uint16_t dicom_port() const;  ///< the one really bound
    std::uint16_t web_port() const;    ///< 0: nothing comes by DICOMweb
    std::uint16_t admin_port() const;  ///< 0: there is no admin listener

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky
