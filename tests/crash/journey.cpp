// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/journey.h"

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "storage/decisions.h"
#include "storage/site.h"
#include "tests/support/ledger.h"
#include "tests/support/orthanc.h"
#include "tests/support/part10.h"
#include "tests/support/poll.h"

namespace bucky::test {
namespace {

constexpr auto kSweptWithin = 20s;

Environment armed_at(const std::string& crash_at) {
    return crash_at.empty() ? Environment{} : Environment{{"BUCKY_CRASH_AT", crash_at}};
}

/// A PACS that is asked for storage commitment, and asked again soon when it does not answer.
Destination committing(const FakePacs& pacs) {
    auto destination = pacs.destination();
    destination.more = "commitment = true\ncommitment_timeout_s = 1\n";
    return destination;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) all += "\n  " + line;
    return all;
}

}  // namespace

Journey::Journey(std::size_t images, const std::string& crash_at, const std::string& storage,
                 int side_px)
    : node_({.destinations = {committing(pacs_)},
             .storage = storage,
             .environment = armed_at(crash_at)}) {
    for (std::size_t at = 0; at < images; ++at) {
        XrayOptions options{.seed = 1000 + at};
        options.rows = side_px;
        options.columns = side_px;
        images_.push_back({write_xray(dir_.path(), options)});
    }
}

void Journey::send_unanswered() {
    for (auto& image : images_) {
        if (image.answered) continue;
        if (!node_.running()) return;
        image.answered = node_.store(image.xray.file) == 0x0000;
    }
}

bool Journey::all_answered() const {
    return std::all_of(images_.begin(), images_.end(),
                       [](const auto& one) { return one.answered; });
}

void Journey::wait_until_quiet(std::chrono::seconds at_most) {
    std::vector<std::string> open;
    const bool quiet = poll_until(
        [&] {
            open = Ledger{node_.data_dir()}.open_work();
            const auto reported = [&](const Image& image) {
                Ledger ledger{node_.data_dir()};
                const auto& study = image.xray.uids.study_uid;
                return !ledger.results_of(study).empty() || ledger.has_left(study);
            };
            return open.empty() && std::all_of(images_.begin(), images_.end(), reported);
        },
        at_most);
    INFO("still open:" << joined(open) << "\nlog:" << joined(node_.process().lines()));
    REQUIRE(quiet);
}

void Journey::check() {
    std::map<std::string, std::vector<std::filesystem::path>> stored;
    for (const auto& file : pacs_.stored()) {
        const auto object = read_part10(file);
        REQUIRE(object);
        stored[object->study].push_back(file);
    }
    for (const auto& image : images_) {
        if (image.answered) check_one_result(image, stored[image.xray.uids.study_uid]);
    }
    Ledger ledger{node_.data_dir()};
    std::vector<std::string> orphans;
    // Files that were being deleted when the node died are unlinked by the next node's first
    // sweeps.
    (void)poll_until([&] { return (orphans = ledger.orphans()).empty(); }, kSweptWithin);
    INFO("files without a row:" << joined(orphans));
    CHECK(orphans.empty());
    const auto dangling = ledger.dangling();
    INFO("rows without a file:" << joined(dangling));
    CHECK(dangling.empty());
    check_decisions();
}

void Journey::check_decisions() const {
    using namespace storage;
    Database db = Site{node_.data_dir()}.open(Database::Mode::read_only);
    const SystemClock clock;
    const auto checked = Decisions{db, clock}.verify("");
    INFO(joined(checked.wrong));
    CHECK(checked.wrong.empty());
    auto verdicts =
        db.prepare({"test.verdicts", "SELECT count(*) FROM journal WHERE event = 'image.verdict'"});
    REQUIRE(verdicts.step());
    CHECK(checked.records == verdicts.integer(0));
}

void Journey::check_one_result(const Image& image,
                               const std::vector<std::filesystem::path>& of_its_study) const {
    INFO("image " << image.xray.uids.sop_instance_uid);
    std::set<std::string> reports, overlays;
    for (const auto& file : of_its_study) {
        const auto object = read_part10(file);
        REQUIRE(object);
        CHECK(mentions(file, image.xray.uids.sop_instance_uid));
        if (object->sop_class == kComprehensive3dSr) reports.insert(object->sop_instance);
        if (object->sop_class == kSecondaryCapture) overlays.insert(object->sop_instance);
    }
    CHECK(reports.size() == 1);
    CHECK(overlays.size() == 1);
}

}  // namespace bucky::test
