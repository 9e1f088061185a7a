// SPDX-License-Identifier: Apache-2.0
// The judges can only judge what is shown to them: the witness between the product and its
// to_part10 (tests/support/exhibit_witness.cpp) is there.
#include <cstdlib>

#include <catch2/catch.hpp>

#include "dicom_sr/report/measurement_report.h"
#include "tests/dicom_sr/examples.h"
#include "tests/support/exhibits.h"

using namespace bucky::dicom_sr;

TEST_CASE("what a test of this folder makes is shown to the judges", "[dicom_sr]") {
    if (std::getenv("BUCKY_EXHIBITS") == nullptr) return;  // run by hand, not by ctest
    auto job = examples::report({examples::with_findings()});
    job.node_name = "WITNESS";  // no other test makes this one
    const auto part10 = measurement_report(job).part10;
    CHECK(bucky::test::is_exhibited(part10));
}
