// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/first_series.h"

#include <array>
#include <string_view>
#include <vector>

#include "conf/observe/metrics.h"

namespace bucky::metrics {
namespace {

constexpr std::array kWithoutLabels{"bucky_instances_received_total",
                                    "bucky_received_bytes_total",
                                    "bucky_instances_ignored_total",
                                    "bucky_studies_left_total",
                                    "bucky_studies_of_several_patients_total",
                                    "bucky_images_corrected_total",
                                    "bucky_reports_withdrawn_total",
                                    "bucky_decoder_deaths_total",
                                    "bucky_log_dropped_total"};

struct Known {
    std::string_view name;
    std::string label;
    std::vector<std::string> values;
};

std::vector<Known> with_one_label() {
    return {
        {"bucky_reloads_total", "outcome", {"applied", "refused"}},
        {"bucky_clock_steps_total", "direction", {"forward", "back"}},
        {"bucky_images_total", "verdict", {"findings", "no_findings", "not_analysed", "failed"}},
        {"bucky_reingested_files_total", "outcome", {"taken_in", "copy", "aside"}},
        {"bucky_commitment_reports_total", "end", {"heard", "given_up"}},
        {"bucky_store_refused_total", "status", {"A700", "C000"}},
        {"bucky_limit_reached_total",
         "limit",
         {"associations", "associations_per_address", "associations_per_peer", "commitment", "disk",
          "handshakes", "images_per_minute", "instance_bytes", "log", "queue", "queue_share",
          "tenant_images_per_minute", "tenant_queue"}},
    };
}

}  // namespace

void begin_at_zero() {
    for (const auto* name : kWithoutLabels) count(name, {}, 0);
    for (const auto& [name, label, values] : with_one_label()) {
        for (const auto& value : values) count(name, {{label, value}}, 0);
    }
}

void begin_destination(const std::string& name) {
    for (const auto* counter : {"bucky_delivered_total", "bucky_delivery_failures_total"}) {
        count(counter, {{"destination", name}}, 0);
    }
}

}  // namespace bucky::metrics
