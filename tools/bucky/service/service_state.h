// SPDX-License-Identifier: Apache-2.0
// What the connections of the model server share. Only service.cpp and connection.cpp include it.
// Everything but the queue, the shelves and the count of open requests is for the service's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "scp/receive/pending_by_address.h"
#include "scp/wire/tls_context.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/service/infer_queue.h"
#include "tools/bucky/service/service.h"
#include "tools/bucky/service/site_quotas.h"

namespace bucky::service {

/// A connection, as the state sees it.
class Closable {
public:
    virtual ~Closable() = default;
    virtual void close_now() = 0;
};

struct ServiceState {
    ServiceState(const ModelPool& models_, const ServiceTimes& times_)
        : models(models_), times(times_) {}

    const ModelPool& models;
    const ServiceTimes times;
    InferQueue queue;
    std::atomic<std::size_t> open_requests = 0;  ///< header read, answer not yet written
    std::atomic<bool> is_closing = false;

    Enroll enroll;                               ///< empty: this node invites no sites
    std::shared_ptr<const scp::TlsContext> tls;  ///< null: plain
    std::uint64_t tls_changes = 0;               ///< how often it was exchanged
    bool proxy_protocol = false;
    std::string certificate_header;  ///< in which a proxy names the site; empty: none does
    SiteQuotas quotas;
    scp::PendingByAddress<std::weak_ptr<Closable>> pending;  ///< nothing asked yet
    std::size_t connections = 0;
    std::map<std::string, std::size_t> connections_of;  ///< by site
    std::uint64_t bytes_held = 0;                       ///< for requests that are read, wait or run

    bool is_ready() const { return !is_closing && models.now()->answers(); }
};

}  // namespace bucky::service
