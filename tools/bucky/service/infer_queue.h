// SPDX-License-Identifier: Apache-2.0
// InferQueue: requests that wait for a model. Sites take turns, one request each, and one site has
// no more requests under way than the model computes at once: a site that sends 5,000 delays
// another by the run that has begun. Each model has its own number of requests under way, so that a
// model that hangs does not hold the others. Any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "conf/base/mutex.h"

namespace bucky::service {

class InferQueue {
public:
    /// Requests under way at once, by model: of one site, and in all.
    struct Share {
        std::size_t of_site = 1, in_all = 1;
    };
    using Shares = std::map<std::string, Share>;

    struct Waiting {
        std::string site, model;
        std::function<void()> run;  ///< throws nothing
    };

    /// From now on; a model without a share has one request under way.
    void set(Shares shares, std::size_t waiting_max);

    /// False when as many wait as may: `waiting` is not kept.
    bool put(Waiting waiting);

    /// Runs requests until a stop is requested. After close() it runs all that wait before it ends.
    void run(const std::stop_token& stop);

    void close();

    std::size_t waiting() const;

private:
    struct Line {
        std::map<std::string, std::deque<std::function<void()>>> by_site;  ///< none is empty
        std::string last_site;
        std::map<std::string, std::size_t> running_of;
        std::size_t running = 0;
    };
    using Lines = std::map<std::string, Line>;

    /// The model and the site whose turn it is; no site: nothing may run now.
    struct Next {
        Lines::iterator line;
        std::string site;
    };
    Next next() REQUIRES(mutex_);
    static std::string site_in_turn(Line& line, const Share& share);
    std::function<void()> take(Line& line, const std::string& site) REQUIRES(mutex_);
    void finished(const std::string& model, const std::string& site) REQUIRES(mutex_);

    mutable Mutex mutex_;
    StoppableCondition changed_;
    Shares shares_ GUARDED_BY(mutex_);
    Lines lines_ GUARDED_BY(mutex_);  ///< by model
    std::string last_model_ GUARDED_BY(mutex_);
    std::size_t waiting_ GUARDED_BY(mutex_) = 0;
    std::size_t waiting_max_ GUARDED_BY(mutex_) = 1;
    bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace bucky::service
