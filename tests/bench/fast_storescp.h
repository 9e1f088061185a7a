// SPDX-License-Identifier: Apache-2.0
// FastStorescp: DCMTK's storescp with its fastest options: bytes are written to the file as they
// arrive, one process for each association, the largest PDUs.
#pragma once

#include <string>
#include <vector>

#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tools/fake_pacs/port.h"

namespace bucky::bench {

class FastStorescp {
public:
    /// `options`: further options, such as those of TLS.
    explicit FastStorescp(const std::vector<std::string>& options = {})
        : process_(command(options)) {
        (void)test::poll_until(
            [this] {
                try {
                    (void)test::WireClient{port_};
                    return true;
                } catch (const std::runtime_error&) {  // not listening yet: asked again
                    return false;
                }
            },
            std::chrono::seconds{10});
    }
    int port() const { return port_; }

private:
    std::vector<std::string> command(const std::vector<std::string>& options) const {
        std::vector<std::string> all{"storescp",          "+B", "--fork", "-pdu", "131072", "-od",
                                     dir_.path().string()};
        all.insert(all.end(), options.begin(), options.end());
        all.push_back(std::to_string(port_));
        return all;
    }

    test::TempDir dir_;
    int port_ = fake::free_port();
    test::Process process_;
};

}  // namespace bucky::bench
