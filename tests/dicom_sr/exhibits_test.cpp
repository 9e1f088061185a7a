// SPDX-License-Identifier: Apache-2.0
// The judges see only objects that are kept for them. This test checks that the wrapper around
// to_part10 (tests/support/exhibit_witness.cpp) is linked in.
#include <cstdlib>

#include <catch2/catch.hpp>

#include "dicom_sr/report/measurement_report.h"
#include "tests/dicom_sr/examples.h"
#include "tests/support/exhibits.h"

using namespace bucky::dicom_sr;

TEST_CASE("every object that a test of this folder makes is kept for the judges", "[dicom_sr]") {
    if (std::getenv("BUCKY_EXHIBITS") == nullptr) return;  // run by hand, without ctest
    auto job = examples::report({examples::with_findings()});
    job.node_name = "WITNESS";  // no other test makes this object
    const auto part10 = measurement_report(job).part10;
    CHECK(bucky::test::is_exhibited(part10));
}
