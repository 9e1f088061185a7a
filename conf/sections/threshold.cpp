// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"
#include "conf/tenants.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<ThresholdSettings> kKeys[] = {
    {"destination", &ThresholdSettings::destination,
     Fits{is_empty_or<is_destination_name>, "the name of a [[destination]], or empty for all"}, "",
     "Destination whose results this threshold decides. Empty: all."},
    {"tenant", &ThresholdSettings::tenant,
     Fits{is_empty_or_ae_title, "the ae_title of a [[tenant]], or empty for all"}, "",
     "Tenant whose images this threshold decides. Empty: all. If several rows match, the order is: "
     "tenant and destination, tenant alone, destination alone, neither."},
    {"model", &ThresholdSettings::model, Fits{is_not_empty, "the name of a model package"}, "",
     "Name of the model package ...", R"("cxr-phantom")", required},
    {"version", &ThresholdSettings::version, Fits{is_not_empty, "the version of that package"}, "",
     "... its version ...", R"("1.1.0")", required},
    {"sha256", &ThresholdSettings::sha256, Fits{is_sha256, "64 hexadecimal digits in lower case"},
     "",
     "... and the SHA-256 of its weights, as printed by `bucky model list`: another training needs "
     "another threshold.",
     R"("0000000000000000000000000000000000000000000000000000000000000000")", required},
    {"finding", &ThresholdSettings::finding,
     Fits{is_not_empty, "the key of a finding of that model"}, "",
     "Key of the finding in the package.", R"("nodule")", required},
    {"value", &ThresholdSettings::value, Between{0.01, 0.99}, "",
     "Lowest score at which the finding is present.", "0.5", required},
};

void check(const Settings& settings, Checker& checker) {
    for (std::size_t i = 0; i < settings.thresholds.size(); ++i) {
        const auto& threshold = settings.thresholds[i];
        if (!threshold.destination.empty() && !has_destination(settings, threshold.destination)) {
            checker.complain({"threshold", i}, "destination",
                             fmt::format(R"(there is no destination "{}")", threshold.destination));
        }
        if (!threshold.tenant.empty() && tenant_of(settings, threshold.tenant) == nullptr) {
            checker.complain({"threshold", i}, "tenant",
                             fmt::format(R"(there is no tenant "{}")", threshold.tenant));
        }
    }
}

}  // namespace

Section<ThresholdSettings> threshold_section() {
    return {.name = "threshold",
            .field = &Settings::thresholds,
            .keys = kKeys,
            .sentence =
                "Thresholds other than the model package's, one [[threshold]] each. Each applies "
                "to exactly these weights and is refused for any other.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
