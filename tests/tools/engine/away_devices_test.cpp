// SPDX-License-Identifier: Apache-2.0
// Replicas whose device may be away: at the start, for days, or for a pause that it asks for.
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/poll.h"
#include "tools/bucky/engine/replicas.h"

using namespace bucky;
using namespace bucky::test;
using inference::Later;
using inference::Model;
using inference::ModelInput;
using inference::ModelOutput;
using inference::NobodyAnswers;

namespace {

/// What happens at the service, changed by a test while replicas run.
struct Service {
    std::atomic<bool> is_there = true;
    std::atomic<int> pauses = 0;  ///< runs that are told to come later
    std::atomic<bool> breaks = false, breaks_and_ends = false;
    std::atomic<bool> is_right = true;  ///< has the package's weights
    std::atomic<int> runs = 0, proofs = 0, connects = 0;
};

class RemoteLike final : public Model {
public:
    explicit RemoteLike(Service& service) : service_(service) {
        ++service_.connects;
        if (!service_.is_there) throw NobodyAnswers("connection refused");
        prove();
    }
    std::vector<ModelOutput> run_batch(std::span<const ModelInput* const> inputs) override {
        if (!service_.is_there) throw NobodyAnswers("connection refused");
        if (service_.breaks_and_ends) {
            service_.breaks_and_ends = service_.is_there = false;
            throw Error(Fault::unavailable, "the connection broke");
        }
        if (service_.breaks) throw Error(Fault::unavailable, "the connection broke");
        if (service_.pauses > 0) {
            --service_.pauses;
            throw Later("HTTP 429: slow down", 30ms);
        }
        ++service_.runs;
        return std::vector<ModelOutput>(inputs.size(), ModelOutput{{0.5F}, 0, 0, {}});
    }
    std::string device() const override { return "remote: ai.example"; }
    void prove() override {
        ++service_.proofs;
        if (!service_.is_right) throw NobodyAnswers("the server has the weights bbbb");
    }

private:
    Service& service_;
};

struct Site {
    explicit Site(std::size_t connections = 1, MakeModel spare = {}) {
        ReplicaOptions options;
        options.name = "spots";
        options.come_back_after = 5ms;
        options.spread = 0.5;
        options.may_be_away = "remote: ai.example";
        replicas = std::make_unique<Replicas>(
            std::vector<MakeModel>(connections,
                                   [this] { return std::make_shared<RemoteLike>(service); }),
            std::move(spare), options);
    }

    std::string troubles() const {
        std::string all;
        for (const auto& one : replicas->troubles()) all += one + '\n';
        return all;
    }
    ModelOutput ask() { return replicas->run(ModelInput{1, 1, 1, {0}}); }
    bool comes_back() {
        return poll_until([&] { return replicas->answers(); }, 30s);
    }

    Service service;
    std::unique_ptr<Replicas> replicas;
};

}  // namespace

TEST_CASE("a service that is away at the start is waited for", "[tools][replicas][remote]") {
    struct Away : Service {
        Away() { is_there = false; }
    } service;
    ReplicaOptions options;
    options.name = "spots";
    options.come_back_after = 5ms;
    options.may_be_away = "remote: ai.example";
    const std::vector<MakeModel> three(3, [&] { return std::make_shared<RemoteLike>(service); });
    Replicas replicas{three, {}, options};
    CHECK_FALSE(replicas.answers());
    CHECK(replicas.device() == "remote: ai.example x 3");
    CHECK(replicas.away_since_ms() > 0);
    const auto troubles = replicas.troubles();
    REQUIRE(troubles.size() == 1);  // not one a connection
    CHECK_THAT(troubles[0], Catch::Contains("remote: ai.example is lost since 2") &&
                                Catch::Contains(" UTC: connection refused"));
    CHECK_THROWS_AS(replicas.run(ModelInput{1, 1, 1, {0}}), NobodyAnswers);
    service.is_there = true;
    REQUIRE(poll_until([&] { return replicas.troubles().empty(); }, 30s));
    CHECK(replicas.answers());
    CHECK(replicas.away_since_ms() == 0);
    CHECK(replicas.run(ModelInput{1, 1, 1, {0}}).scores.at(0) == 0.5F);
}

TEST_CASE("a device that must be there at the start is an error, as before",
          "[tools][replicas][remote]") {
    Service service;
    service.is_there = false;
    const MakeModel make = [&] { return std::make_shared<RemoteLike>(service); };
    CHECK_THROWS_AS((Replicas{{make}, {}, ReplicaOptions{}}), NobodyAnswers);
}

TEST_CASE("images are given back untried where nobody took them, and tried where it broke",
          "[tools][replicas][remote]") {
    Site site;
    SECTION("refused") {
        site.service.is_there = false;
        CHECK_THROWS_AS(site.ask(), NobodyAnswers);
    }
    SECTION("other weights, found by a proof on the way") {
        site.service.is_right = site.service.is_there = false;
        CHECK_THROWS_AS(site.ask(), NobodyAnswers);
        site.service.is_there = true;
        CHECK_FALSE(poll_until([&] { return site.replicas->answers(); }, 50ms));
        CHECK_THAT(site.troubles(), Catch::Contains("the server has the weights bbbb"));
        site.service.is_right = true;
    }
    SECTION("broke") {
        site.service.breaks = true;
        try {
            (void)site.ask();
            FAIL("it answered");
        } catch (const NobodyAnswers&) {
            FAIL("it was tried");
        } catch (const Error& error) {
            CHECK(error.fault() == Fault::unavailable);
        }
        site.service.breaks = false;
    }
    site.service.is_there = true;
    REQUIRE(site.comes_back());
    CHECK_NOTHROW(site.ask());
}

TEST_CASE("an image that breaks one connection and finds the next refused was tried",
          "[tools][replicas][remote]") {
    Site site{2};
    site.service.breaks_and_ends = true;
    try {
        (void)site.ask();
        FAIL("it answered");
    } catch (const NobodyAnswers&) {
        FAIL("it would be asked for ever");
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::unavailable);
    }
    CHECK(site.replicas->tally().lost == 2);
}

TEST_CASE("a pause that the service asks for keeps the connection, and no image is lost",
          "[tools][replicas][remote]") {
    Site site;
    site.service.pauses = 1;
    CHECK_THROWS_AS(site.ask(), NobodyAnswers);
    CHECK_FALSE(site.replicas->answers());
    CHECK_THAT(site.troubles(), Catch::Contains("rests since") && Catch::Contains("slow down"));
    REQUIRE(site.comes_back());
    CHECK_NOTHROW(site.ask());
    CHECK(site.service.connects == 1);
    CHECK(site.replicas->tally().rested == 1);
    CHECK(site.replicas->troubles().empty());
}

TEST_CASE("after a long outage the service is found at the first wait, not at the longest",
          "[tools][replicas][remote]") {
    Service service;
    std::atomic<int> questions = 0;
    ReplicaOptions options;
    options.name = "spots";
    options.come_back_after = 50ms;  // doubled to its cap, it would be a second
    options.may_be_away = "remote: ai.example";
    options.check_alive = [&] {
        ++questions;
        if (!service.is_there) throw NobodyAnswers("connection refused");
    };
    Replicas replicas{{[&] { return std::make_shared<RemoteLike>(service); }}, {}, options};
    service.is_there = false;
    CHECK_THROWS_AS(replicas.run(ModelInput{1, 1, 1, {0}}), NobodyAnswers);
    const auto began = std::chrono::steady_clock::now();
    REQUIRE(poll_until([&] { return questions >= 25; }, 30s));
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(took < 25 * 400ms);      // doubled, 21 s
    CHECK(service.connects == 1);  // nobody was asked for proofs
    service.is_there = true;
    CHECK(poll_until([&] { return replicas.answers(); }, 30s));
    CHECK(service.connects == 2);
}

TEST_CASE("in a storm of pauses, other connections go on, and each image is answered once",
          "[tools][replicas][remote]") {
    Site site{3};
    site.service.pauses = 40;
    std::atomic<int> answered = 0;
    std::vector<std::future<void>> callers;
    for (int i = 0; i < 24; ++i) {
        callers.push_back(std::async(std::launch::async, [&] {
            for (bool done = false; !done;) {
                try {
                    (void)site.ask();
                    done = true;
                } catch (const NobodyAnswers&) {  // as a worker: later, and not before
                    (void)site.comes_back();
                }
            }
            ++answered;
        }));
    }
    for (auto& caller : callers) caller.get();
    CHECK(answered == 24);
    CHECK(site.service.runs == 24);
    CHECK(site.service.connects == 3);
}

TEST_CASE("the weights are proven again and again, also while no image comes",
          "[tools][replicas][remote]") {
    Service service;
    ReplicaOptions options;
    options.name = "spots";
    options.come_back_after = 5ms;
    options.prove_every = 5ms;
    options.may_be_away = "remote: ai.example";
    Replicas replicas{{[&] { return std::make_shared<RemoteLike>(service); }}, {}, options};
    REQUIRE(poll_until([&] { return service.proofs > 3; }, 30s));
    CHECK(service.connects == 1);
    service.is_right = false;
    REQUIRE(poll_until([&] { return !replicas.answers(); }, 30s));
    CHECK(service.runs == 0);
    service.is_right = true;
    CHECK(poll_until([&] { return replicas.answers(); }, 30s));
}

TEST_CASE("with weights at home, the processor answers while the service is away or rests",
          "[tools][replicas][remote]") {
    class AtHome final : public Model {
    public:
        std::vector<ModelOutput> run_batch(std::span<const ModelInput* const> inputs) override {
            return std::vector<ModelOutput>(inputs.size(), ModelOutput{{0.25F}, 0, 0, {}});
        }
        std::string device() const override { return "cpu"; }
    };
    Site site{1, [] { return std::make_shared<AtHome>(); }};
    CHECK(site.ask().scores.at(0) == 0.5F);
    SECTION("away") {
        site.service.is_there = false;
    }
    SECTION("rests") {
        site.service.pauses = 1;
    }
    CHECK(site.ask().scores.at(0) == 0.25F);
    CHECK(site.ask().scores.at(0) == 0.25F);
    CHECK(site.replicas->answers());
    CHECK(site.replicas->away_since_ms() == 0);
    CHECK(site.replicas->tally().spared == 2);
    site.service.is_there = true;
    REQUIRE(poll_until(
        [&] { return site.replicas->troubles().empty() && site.ask().scores.at(0) == 0.5F; }, 30s));
}
