// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/generation_plan.h"

#include <stop_token>
#include <utility>

#include "conf/observe/log.h"
#include "scp/deliver/commitment_scu.h"
#include "scp/deliver/courier.h"
#include "scp/receive/commitment_scp.h"
#include "tools/bucky/admin/unowned_lanes.h"
#include "tools/bucky/web/stow_sender.h"

namespace bucky {

void GenerationPlan::plan_senders(std::vector<ThreadGroup::Planned>& plan) const {
    const auto add = [&](const char* name, auto sender) {
        plan.push_back({name, [told = told, sender = std::move(sender)](std::stop_token stop) {
                            sender->run(std::move(stop));
                        }});
    };
    for (const auto& destination : told->destinations) {
        add("courier", std::make_shared<scp::Courier>(
                           *told, destination, clock, work,
                           sender_to(destination, told->node.ae_title, give_up_fd)));
        if (!destination.commitment) continue;
        add("commit-scu",
            std::make_shared<scp::CommitmentScu>(*told, destination, clock, work, give_up_fd));
    }
    add("commit-scp", std::make_shared<scp::CommitmentScp>(*told, clock, work, give_up_fd));
    for (const auto& trouble : unowned_troubles(*told)) {
        log::event(log::Level::warning, "lane.unowned", {{"words", trouble}});
    }
    if (told->destinations.empty()) {
        log::event(log::Level::warning, "node.no_destination",
                   {{"words", "results stay in data_dir"}});
    }
}

void GenerationPlan::plan_service(std::vector<ThreadGroup::Planned>& plan, Service& service,
                                  const inference::Shelf& shelf) const {
    service.adopt(shelf, told->service.queue_max);
    const bool steps_back = has_senders(*told);
    for (auto workers = Service::workers_for(shelf); workers > 0; --workers) {
        plan.push_back({"serve", [&service, steps_back](const std::stop_token& stop) {
                            if (steps_back) lower_priority();
                            service.work(stop);
                        }});
    }
}

}  // namespace bucky
