// SPDX-License-Identifier: Apache-2.0
// What the packages in models/ say of their findings.
#include <filesystem>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "inference/package/package.h"

using namespace bucky;
using namespace bucky::inference;

TEST_CASE("a finding that comes with Bucky has its urgency, site and words of Chest CAD",
          "[inference]") {
    const auto models = std::filesystem::path(BUCKY_SOURCE_DIR) / "models";
    std::set<std::string> seen;
    for (const auto& folder : std::filesystem::directory_iterator(models)) {
        if (folder.path().filename() == "cxr-gate") continue;
        const Package package = read_package(folder);
        CAPTURE(package.identity.name);
        CHECK_FALSE(package.identity.intended_use_ko.empty());
        for (const FindingSpec& finding : package.findings) {
            CAPTURE(finding.key);
            seen.insert(finding.key);
            CHECK(finding.urgency < kUrgencyLast);
            CHECK((finding.urgency == 1) == (finding.key == "pneumothorax"));
            CHECK(finding.is_suspicion == (finding.key == "tuberculosis"));  // notifiable in Korea
            REQUIRE(finding.site);
            CHECK(finding.site->value == (finding.key == "pneumothorax" ? "3120008" : "39607008"));
            REQUIRE(finding.cad);
            CHECK(finding.cad->finding.value ==
                  (finding.key == "pneumothorax" ? "112062" : "112033"));
        }
    }
    CHECK(seen ==
          std::set<std::string>{"nodule", "opacity", "pneumonia", "pneumothorax", "tuberculosis"});
}
