// SPDX-License-Identifier: Apache-2.0
// World: a node, its four destinations, its four senders and other programs; run() takes a walk
// through it.
//
// At its end everything is brought back. Then everything that was answered with success must have
// been kept, have one verdict, and have been told to every destination once (demands.h). One at a
// time, from one thread: the programs that it starts die with that thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/traffic.h"
#include "tests/crash/walk.h"
#include "tests/support/exhibits.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

struct Outcome {
    std::vector<std::string> complaints;  ///< empty: every demand holds
    std::size_t kills = 0, images = 0, sent_again = 0, told = 0;
    std::vector<std::string> log;  ///< the last warnings and errors of the nodes
    std::chrono::seconds took{0};
    std::string times;  ///< durations of its parts: "events 31 s, ..."
};

class World {
public:
    explicit World(Walk walk);
    ~World();
    Outcome run();

private:
    struct Beside;  ///< a command beside the node

    void happen(const Event& event);
    void beside(const Event& event);
    void to_pacs(const Event& event);
    void kill_node(std::int64_t second_death_ms);
    void stop_node();
    void start_node();
    void expect_running();
    void step_clock(std::int64_t by_s);
    void run_beside(const std::string& name, std::vector<std::string> command,
                    const std::filesystem::path& backup = {});
    void bring_back();
    void end_commands();
    bool is_quiet();
    void wait_until_quiet();
    void check();
    void check_status();
    void check_backup(const Beside& command);
    void keep_log();
    void ended(const char* part);
    void complain(std::string words) { outcome_.complaints.push_back(std::move(words)); }

    const NotForJudges unseen_;  ///< a thousand objects of few kinds need no judges
    TempDir dir_;
    const Walk walk_;
    Outcome outcome_;
    std::chrono::steady_clock::time_point part_began_;
    std::int64_t* step_ms_;  ///< offset of the node's wall clock (stepped_clock.cpp)
    Environment environment_;
    std::array<FakePacs, kDestinations> pacs_;
    RunningNode node_;
    std::vector<Beside> commands_;
    std::unique_ptr<Traffic> traffic_;  ///< destroyed first
};

}  // namespace bucky::test
