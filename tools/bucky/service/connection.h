// SPDX-License-Identifier: Apache-2.0
// A connection of the model server: HTTP/1.1, kept alive, with or without TLS.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "tools/bucky/service/service_state.h"

namespace bucky::service {

/// Serves the connection until it ends. On the service's thread.
void serve(boost::asio::ip::tcp::socket socket, std::string from,
           std::shared_ptr<ServiceState> state);

}  // namespace bucky::service
