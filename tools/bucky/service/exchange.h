// SPDX-License-Identifier: Apache-2.0
// Exchange: one request of a connection at a time, from its header to its answer. It decides, holds
// the body and counts what the request costs; the connection only waits for bytes. On the service's
// thread, but for the work that run() puts into the queue.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tools/bucky/service/routes.h"
#include "tools/bucky/service/service_state.h"
#include "tools/bucky/sites/est.h"

namespace bucky::service {

struct Caller {
    std::string site;       ///< common name of its certificate
    std::string refused{};  ///< why it is not served; empty: it is
    std::string from{};
    std::string serial{};  ///< of its certificate
    bool has_too_many_connections = false;
};

/// Who comes without TLS: the site that a proxy names in this header; without a header, this
/// machine.
Caller plain_caller(const Head& head, const std::string& certificate_header,
                    const std::string& from);

enum class Step {
    run,        ///< read the body, then run()
    skip_body,  ///< read the body and forget it, then take_answer(): the connection goes on
    refuse      ///< take_answer() now; a body is not read, and the connection ends
};

class Exchange {
public:
    explicit Exchange(std::shared_ptr<ServiceState> state) : state_(std::move(state)) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    Step begin(const Head& head, const Caller& caller, bool has_body,
               std::optional<std::uint64_t> length);

    /// Where the next part of the body goes.
    std::span<char> room_for(std::size_t bytes);

    /// So much of it was filled. False: the body is longer than any request for this model.
    bool took(std::size_t bytes);

    /// The file whose bytes are the answer; empty: take_answer() has it.
    const std::filesystem::path& file() const { return file_; }

    Response too_long() const;
    Response take_answer() { return std::move(answer_); }

    /// Calls `done` once, from any thread or from this call.
    void run(std::function<void(Response)> done);

    void end();       ///< the answer is ready: the body and its memory are free
    void has_left();  ///< the answer was written

private:
    Step admit(const Head& head, const Caller& caller, std::optional<std::uint64_t> length);
    Step enter(const Caller& caller, std::uint64_t bytes, std::size_t most);
    Step refuse(Step step, Response answer, std::string_view why);
    Step enroll(const Head& head, const Caller& caller, std::optional<std::uint64_t> length);
    Response computed();
    Response inferred();
    void note(const Response& response, double waited_s) const;

    std::shared_ptr<ServiceState> state_;
    Route route_;
    Response answer_;
    std::filesystem::path file_;
    EstRequest est_;
    std::chrono::steady_clock::time_point began_{};
    std::string site_, coding_, body_;
    std::optional<std::size_t> json_bytes_;
    std::uint64_t held_ = 0;    ///< of state_->bytes_held
    std::size_t body_max_ = 0;  ///< 0: the body is forgotten
    std::size_t filled_ = 0;    ///< of body_
    std::size_t taken_ = 0;     ///< of the whole body
    std::size_t images_ = 0;    ///< answered
    bool is_entered_ = false;   ///< in the quotas
    bool is_open_ = false;      ///< counted in open_requests
};

}  // namespace bucky::service
