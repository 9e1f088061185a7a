// SPDX-License-Identifier: Apache-2.0
// Service: the model server of [service]. Other sites send prepared images over HTTPS, in the Open
// Inference Protocol v2 with binary tensors, and get scores and heatmaps in the same answer. It
// stores nothing.
//
// A request passes: certificate of the site -> its quotas -> memory -> body -> InferQueue (sites
// take turns) -> a worker reads it and runs it on the replicas that the node's own images use ->
// answer. Whatever is wrong is answered in the protocol's form, {"error": words}, and costs its
// connection at most.
// Threads: one of its own waits and formats; workers of the node's generations call work(). Any
// thread may call the rest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "conf/settings.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/sites/est.h"

namespace bucky {

struct ServiceTimes {
    std::chrono::milliseconds header{10'000};  ///< for the TLS handshake, and for a header
    std::chrono::milliseconds idle{120'000};   ///< between two requests
    std::chrono::milliseconds part{30'000};    ///< for each 256 KB of a body or an answer
    std::chrono::milliseconds look{1'000};     ///< at the files of the certificates
    std::chrono::milliseconds hold_back{500};  ///< before the body of what is refused is read
};

/// Answers for the paths of enrolment; any thread.
using Enroll = std::function<EstAnswer(const EstRequest&)>;

class Service {
public:
    /// Listens on told.listen; accepts nobody before open(). Throws unavailable when it cannot, or
    /// when a certificate, key, authority or list cannot be read.
    Service(const conf::ServiceSettings& told, const ModelPool& models, ServiceTimes times = {},
            Enroll enroll = {});
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service();

    void open();

    /// Reads the files that `told` names, and returns what makes them and its quotas count. Throws
    /// like the constructor.
    std::function<void()> prepare(const conf::ServiceSettings& told);

    /// From now on as many requests of each model of this shelf are under way at once as keep it
    /// busy, and `waiting_max` wait.
    void adopt(const inference::Shelf& shelf, std::int64_t waiting_max);

    /// Workers that keep every replica of this shelf busy, and one for enrolments.
    static std::size_t workers_for(const inference::Shelf& shelf);

    /// Runs requests until a stop is requested; after close() until none waits.
    void work(const std::stop_token& stop);

    /// New requests are answered 503; those that have begun go on.
    void close();

    /// Waits until every answer has left, at most this long. Then nothing is served any more.
    void shut(std::chrono::milliseconds at_most);

    std::uint16_t port() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky
