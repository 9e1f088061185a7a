// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/metrics.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/observe/first_series.h"

using namespace bucky;

namespace {

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_CASE("what an alert asks for is there before anything is counted", "[conf][base]") {
    metrics::begin_at_zero();
    metrics::begin_destination("first-pacs");
    const auto text = metrics::text();
    for (const auto* series :
         {R"(bucky_reloads_total{outcome="refused"} )",
          R"(bucky_clock_steps_total{direction="back"} )",
          R"(bucky_images_total{verdict="failed"} )", "bucky_log_dropped_total ",
          R"(bucky_limit_reached_total{limit="disk"} )", "bucky_studies_of_several_patients_total ",
          R"(bucky_delivery_failures_total{destination="first-pacs"} 0)"}) {
        CHECK_THAT(text, Catch::Contains(series));
    }
    metrics::count("bucky_delivered_total", {{"destination", "first-pacs"}});
    metrics::begin_destination("first-pacs");  // as at a reload
    CHECK_THAT(metrics::text(),
               Catch::Contains(R"(bucky_delivered_total{destination="first-pacs"} 1)"));
}

TEST_CASE("a process tells of itself under the names of Prometheus, and its clock",
          "[conf][base]") {
    const auto value = [](const std::string& name) {
        const auto text = metrics::text();
        const auto at = text.find("\n" + name + " ");
        REQUIRE(at != std::string::npos);
        return std::stod(text.substr(at + name.size() + 2));
    };
    CHECK(value("process_resident_memory_bytes") > 1e6);
    CHECK(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
    CHECK(value("process_threads") >= 1);
    CHECK(value("process_open_fds") >= 3);
    CHECK(value("process_max_fds") > value("process_open_fds"));
    const auto now_s = value("bucky_clock_timestamp_seconds");
    CHECK(now_s > 1.7e9);
    const auto began_s = value("process_start_time_seconds");
    CHECK(std::abs(now_s - began_s) < 3600);
    const auto before_s = value("process_cpu_seconds_total");
    while (value("process_cpu_seconds_total") == before_s) {
    }
    CHECK(value("process_cpu_seconds_total") < before_s + 5);
}

TEST_CASE("254 tenants have series of their own", "[conf][base]") {
    for (int at = 0; at < 254; ++at) {
        metrics::count("bucky_positive_images_total",
                       {{"tenant", "CENTRE" + std::to_string(at)}, {"equipment", "DR 1"}});
    }
    const auto text = metrics::text();
    CHECK_THAT(text, Catch::Contains("CENTRE0\"") && Catch::Contains("CENTRE253\""));
}

TEST_CASE("a million names from the network make few series, and the sum stays correct",
          "[conf][base]") {
    constexpr auto kName = "bucky_analysed_images_total";
    const auto before = metrics::total(kName).value;
    metrics::count(kName, {{"tenant", "WARD"}, {"equipment", "DR 1"}});
    constexpr int kStrangers = 10'000;
    for (int at = 0; at < kStrangers; ++at) {
        metrics::count(kName, {{"tenant", "T" + std::to_string(at)}, {"equipment", "DR 1"}});
    }
    metrics::count(kName, {{"tenant", "WARD"}, {"equipment", "DR 1"}});
    CHECK(metrics::total(kName).value == before + kStrangers + 2);
    const auto text = metrics::text();
    CHECK(times(text, std::string{kName} + "{") <= limits::kLabelValuesMax + 1);
    CHECK_THAT(text,
               Catch::Contains(R"(bucky_analysed_images_total{equipment="DR 1",tenant="WARD"} 2)"));
    CHECK_THAT(text, Catch::Contains(R"(tenant="other"} 9)"));  // 9,000-odd

    // Tenants that the config names still have series of their own.
    metrics::count(kName, {{"tenant", "LATE"}, {"equipment", "DR 1"}});
    CHECK_THAT(metrics::text(), !Catch::Contains("LATE"));
    metrics::keep_series("tenant", {"LATE"});
    metrics::count(kName, {{"tenant", "LATE"}, {"equipment", "DR 1"}});
    CHECK_THAT(metrics::text(), Catch::Contains(R"(equipment="DR 1",tenant="LATE"} 1)"));
}

TEST_CASE("a label from the network is printable, short and never empty", "[conf][base]") {
    const auto counted = [](const std::string& equipment) {
        metrics::count("bucky_positive_images_total", {{"equipment", equipment}});
        return metrics::text();
    };
    CHECK_THAT(counted("  A\nB\x1b\xff  "), Catch::Contains("{equipment=\"A?B??\"} 1"));
    CHECK_THAT(counted("  "), Catch::Contains("{equipment=\"unknown\"} 1"));
    CHECK_THAT(counted(std::string(100'000, 'x')),
               Catch::Contains("\"" + std::string(limits::kLabelValueBytesMax, 'x') + "\""));
}

TEST_CASE("the sum of a histogram over its labels has each bucket separately", "[conf][base]") {
    constexpr auto kName = "bucky_last_byte_to_delivered_seconds";
    for (const auto* destination : {"pacs", "archive"}) {
        metrics::observe(kName, 4.5, {{"destination", destination}});
        metrics::observe(kName, 100'000, {{"destination", destination}});
    }
    const auto total = metrics::total(kName);
    CHECK(total.value == 4);
    REQUIRE(total.buckets.size() == total.bounds.size());
    const auto five = std::find(total.bounds.begin(), total.bounds.end(), 5.0);
    REQUIRE(five != total.bounds.end());
    CHECK(total.buckets.at(static_cast<std::size_t>(five - total.bounds.begin())) == 2);
    CHECK(total.buckets.back() == 2);
    CHECK(std::find(total.bounds.begin(), total.bounds.end(), 20.0) != total.bounds.end());
    CHECK(metrics::total("bucky_commitments_total").value == 0);  // nothing counted yet
    CHECK_THROWS_AS(metrics::total("bucky_unheard_of_total"), Error);
}

TEST_CASE("many tenants with many devices each make few series", "[conf][base]") {
    constexpr auto kName = "bucky_positive_images_total";
    for (int tenant = 0; tenant < 200; ++tenant) {
        for (int device = 0; device < 50; ++device) {
            metrics::count(kName, {{"tenant", "CENTRE" + std::to_string(tenant)},
                                   {"equipment", "DX " + std::to_string(device)}});
        }
    }
    const auto series = times(metrics::text(), std::string{kName} + "{");
    CHECK(series > limits::kLabelValuesMax);
    CHECK(series <= limits::kLabelPairsMax + limits::kLabelValuesMax + 2);
}
