// SPDX-License-Identifier: Apache-2.0
// Heartbeat: what a site tells its service once a minute. Nothing of an image, a study or a patient
// is in it, and no word that a site's people wrote but the names of its models. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bucky {

struct Heartbeat {
    std::string version;        ///< of the program
    std::string config_sha256;  ///< of all values in force
    std::int64_t now_ms = 0;    ///< the site's clock
    std::int64_t since_ms = 0;  ///< when its node started
    std::int64_t certificate_until_ms = 0;

    struct Model {
        std::string name, version, sha256;
        bool answers = true;
        std::string words;      ///< why it does not
        std::string offered{};  ///< a newer version that the service announces and is not taken
    };
    std::vector<Model> models;

    struct Lane {
        std::string kind;  ///< infer, report, deliver or commit: not to whom
        std::int64_t waiting = 0, parked = 0, oldest_ms = 0;  ///< oldest_ms: its age
    };
    std::vector<Lane> lanes;

    double received = 0, analysed = 0, delivered = 0;  ///< since the node started
    std::map<std::string, double> verdicts;            ///< the same, by verdict
    std::int64_t troubles = 0;                         ///< sentences of `bucky status`

    /// Of one finding: how many scores lay in each tenth of 0..1, since the node started.
    struct Scores {
        std::string model, version, finding;
        std::vector<std::int64_t> tenths;
    };
    std::vector<Scores> scores{};
};

std::string to_json(const Heartbeat& heartbeat);

/// What is longer or more than any node tells is cut; what is missing stays empty.
///   err  bad_input when it is no JSON object
Heartbeat read_heartbeat(std::string_view json);

}  // namespace bucky
