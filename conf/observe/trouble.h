// SPDX-License-Identifier: Apache-2.0
// Trouble: one row of what needs a person. `bucky status`, the page, the metrics and alerts show
// the same rows (docs/decisions/0711). A row names no patient. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"

namespace bucky {

/// What a trouble is about: the words of alert.about, and a label of bucky_troubles.
enum class Concern {
    node,         ///< none runs
    disk,         ///< too little room: images are refused
    database,     ///< its files are damaged, gone, replaced or grow
    destination,  ///< it fails
    parked,       ///< jobs that nobody tries any more
    unowned,      ///< jobs of a destination that the config names no more
    tries_again,  ///< images or reports that this machine cannot make for now
    model,        ///< one that does not answer, or answers less than it should
    package,      ///< one that fails on images
    patients,     ///< no model reads images of patients
    archive,      ///< it does not answer
    coverage,     ///< studies that never came
    sender,       ///< from which nothing has come
    certificate,  ///< one that ends
    clock,        ///< it was set, or is behind
    aside,        ///< received images that could not be read
    audit,        ///< messages wait
    log,          ///< lines are dropped
    alert,        ///< one that cannot be told
};

template <>
inline constexpr std::array kSpellings<Concern>{Spelling{Concern::node, "node"},
                                                Spelling{Concern::disk, "disk"},
                                                Spelling{Concern::database, "database"},
                                                Spelling{Concern::destination, "destination"},
                                                Spelling{Concern::parked, "parked"},
                                                Spelling{Concern::unowned, "unowned"},
                                                Spelling{Concern::tries_again, "tries_again"},
                                                Spelling{Concern::model, "model"},
                                                Spelling{Concern::package, "package"},
                                                Spelling{Concern::patients, "patients"},
                                                Spelling{Concern::archive, "archive"},
                                                Spelling{Concern::coverage, "coverage"},
                                                Spelling{Concern::sender, "sender"},
                                                Spelling{Concern::certificate, "certificate"},
                                                Spelling{Concern::clock, "clock"},
                                                Spelling{Concern::aside, "aside"},
                                                Spelling{Concern::audit, "audit"},
                                                Spelling{Concern::log, "log"},
                                                Spelling{Concern::alert, "alert"}};

struct Trouble {
    Concern concern = Concern::node;
    std::string about;   ///< which: a lane, a model, an AE title; it is one trouble while both stay
    std::string words;   ///< a sentence with what to do
    std::string said{};  ///< what a peer or a server said: shown on this machine, never sent away

    bool operator==(const Trouble&) const = default;
};

inline bool is_same(const Trouble& one, const Trouble& other) {
    return one.concern == other.concern && one.about == other.about;
}

/// For a person at this machine.
inline std::string sentence(const Trouble& trouble) {
    return trouble.said.empty() ? trouble.words : trouble.words + "; last words: " + trouble.said;
}

inline std::vector<std::string> sentences(const std::vector<Trouble>& troubles) {
    std::vector<std::string> all;
    for (const auto& one : troubles) all.push_back(sentence(one));
    return all;
}

}  // namespace bucky
