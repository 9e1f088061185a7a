// SPDX-License-Identifier: Apache-2.0
// The test of the whole way: a computer-drawn X-ray of a test patient goes through the door of the
// running node, to the model, and as results to each destination by its own courier, with the
// presentation contexts that real results have. The database tells how far it came.
//
// What arrives in an archive is a study of the patient BUCKY^TEST PATIENT, ID BUCKY-DOCTOR, with
// the accession number DOCTOR: a new one at each run.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "tools/bucky/doctor/check.h"

namespace bucky {

inline constexpr auto kTestPatientName = "BUCKY^TEST PATIENT";
inline constexpr auto kTestPatientId = "BUCKY-DOCTOR";
inline constexpr auto kTestAccession = "DOCTOR";

struct JourneyOptions {
    std::string calling{};              ///< AE title as which it is sent; empty: node.ae_title
    std::string called{};               ///< AE title that is called; empty: node.ae_title
    int port = 0;                       ///< of the node, without TLS; 0: scp.port
    std::chrono::seconds at_most{120};  ///< for each part of the way
};

/// A line for each part of the way that it came. start_wire() must have run.
std::vector<Check> phantom_journey(const conf::Settings& settings, const JourneyOptions& options);

}  // namespace bucky
