// SPDX-License-Identifier: Apache-2.0
// GenerationPlan: the workers of one generation of the node's threads (thread_group.h). Each
// worker, with its database connection, is made here on the planning thread; when a constructor
// throws, the node is as it was. The settings live as long as the last of these threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "tools/bucky/node/thread_group.h"
#include "tools/bucky/service/service.h"
#include "tools/bucky/shared/priority.h"

namespace bucky {

struct GenerationPlan {
    std::shared_ptr<const conf::Settings> told;
    const Clock& clock;
    Wakeup& work;
    int give_up_fd;

    /// `count` workers, made by `make`, on threads with lower_priority(): callers are answered
    /// first.
    template <typename Make>
    void plan_workers(std::vector<ThreadGroup::Planned>& plan, const char* name, std::size_t count,
                      std::int64_t left, Wakeup& left_is_done, const Make& make) const {
        std::vector<decltype(make())> workers;
        while (workers.size() < count) workers.push_back(make());
        std::vector<ThreadGroup::Planned> all;
        plan_together(all, name, workers, left, left_is_done);
        for (auto& one : all) {
            plan.push_back({one.name, [told = told, work = std::move(one.work)](auto stop) {
                                lower_priority();
                                work(stop);
                            }});
        }
    }

    /// A courier per destination, a CommitmentScu where storage commitment is requested, and the
    /// CommitmentScp.
    void plan_senders(std::vector<ThreadGroup::Planned>& plan) const;

    /// The workers of the model server, as many as this shelf needs.
    void plan_service(std::vector<ThreadGroup::Planned>& plan, Service& service,
                      const inference::Shelf& shelf) const;
};

}  // namespace bucky
