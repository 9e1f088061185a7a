// SPDX-License-Identifier: Apache-2.0
// RemoteModel: a package's model that runs on the service of [remote], behind the interface of a
// model that runs here.
//
// An image is sent only over a connection that has shown the right weights before: the server names
// their hash, and gives the golden outputs of the package to its golden inputs. A new connection
// may lead to another server, so it is proven anew. Each request names the package's hash, so that
// our server refuses it when its weights have been exchanged since. What a failure means:
//   not connected, refused, other weights   NobodyAnswers: the image was not tried
//   429, 503                                Later, after Retry-After
//   broken, too late                        unavailable: the image may be the cause
//   other errors, while golden inputs pass  4xx: corrupt, this image; 5xx: exhausted, a later try
// Any thread; runs of one RemoteModel wait for each other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/mutex.h"
#include "conf/settings.h"
#include "inference/package/package.h"
#include "inference/run/model.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/wire.h"

namespace bucky {

class RemoteModel final : public inference::Model {
public:
    /// Connects and proves the weights; throws what prove() throws.
    RemoteModel(inference::Package package, const conf::RemoteSettings& settings);

    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override;
    std::string device() const override { return device_; }  ///< "remote: ai.example"
    bool text_may_pass() const override { return settings_.text_in_pixels_ok; }

    /// Throws NobodyAnswers, in words, when these are not the package's weights.
    void prove() override;

private:
    inference::ModelOutput run_one(const inference::ModelInput& input) REQUIRES(mutex_);
    inference::ModelOutput infer(const inference::ModelInput& input) REQUIRES(mutex_);
    enum class Over { any, the_same };  ///< connection
    std::optional<inference::ModelOutput> answer_of(const inference::ModelInput& input, Over over)
        REQUIRES(mutex_);
    void prove_connection() REQUIRES(mutex_);
    void look_up() REQUIRES(mutex_);
    void check_hash(const std::string& named) const;
    void check_purpose(const std::string& named) const;
    std::string path(std::string_view what) const REQUIRES(mutex_);
    HttpAnswer good(HttpAnswer answer, std::string_view doing) const;

    // Constant after construction
    const inference::Package package_;
    const conf::RemoteSettings settings_;
    const std::string device_;

    Mutex mutex_;
    HttpClient http_ GUARDED_BY(mutex_);
    /// Of the model at the server; empty: the server chooses.
    std::string version_ GUARDED_BY(mutex_);
    TensorNames names_ GUARDED_BY(mutex_);
    /// The connection that showed the right weights.
    std::optional<std::uint64_t> proven_ GUARDED_BY(mutex_);
};

/// Throws unavailable when nobody is alive at the service (v2/health/live): a question without a
/// tensor, over a connection of its own, that takes some seconds at most.
void check_alive(const conf::RemoteSettings& settings);

/// "remote: ai.example"
std::string remote_device(const conf::RemoteSettings& settings);

/// The weights of a package from the service, if they have the package's hash.
///   err  NobodyAnswers, unavailable; corrupt when they are others
std::string fetch_weights(const inference::Package& package, const conf::RemoteSettings& settings);

}  // namespace bucky
