// SPDX-License-Identifier: Apache-2.0
#include "tests/scp/results.h"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "conf/observe/log.h"
#include "scp/deliver/make_sender.h"
#include "scp/wire/start.h"
#include "storage/intake.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tests/scp/images.h"

namespace bucky::test {

Results::Results(int count, std::vector<std::string> destinations) : Results(Empty{}) {
    destinations_ = std::move(destinations);
    add(kStudy, count);
}

Results::Results(Empty) : destinations_{"pacs"} {
    log::set_level(log::Level::error);
    scp::start_wire();
    settings.node.data_dir = dir.path();
}

void Results::add(const std::string& study, int count, const std::string& sop_class) {
    storage::Database db = storage::Site{settings.node.data_dir}.open();
    storage::Spool spool(settings.spool_dir());
    storage::Spool results(settings.results_dir());
    auto incoming = spool.open();
    incoming.write(std::vector<std::uint8_t>(10));
    storage::Intake(db, spool, clock, {0, 0})
        .receive({.file = incoming,
                  .sop_instance = Uid{study + ".3"},
                  .sop_class = Uid{kCr},
                  .study = Uid{study},
                  .series = Uid{study + ".4"},
                  .transfer_syntax = "1.2.840.10008.1.2.1",
                  .accession_number = "",
                  .association = "a-1",
                  .calling_ae = "XRAY1",
                  .called_ae = "BUCKY",
                  .peer_address = "127.0.0.1"});
    storage::JobQueue queue(db, clock);
    storage::Studies studies(db, clock);
    studies.record_verdict(queue.claim(storage::Lane::infer(), 1000).value(), "no_findings", "{}");
    REQUIRE(studies.make_due_reports() == 1);
    std::vector<std::string> uids;
    std::vector<std::vector<std::uint8_t>> bytes;
    for (int i = 0; i < count; ++i) {
        uids.push_back("1.2.9." + std::to_string(++made_));
        files.push_back(write_image(dir / (uids.back() + ".dcm"),
                                    {.sop_class = sop_class, .sop_instance = uids.back()}));
        std::ifstream in(files.back(), std::ios::binary);
        bytes.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    std::vector<storage::NewResult> made;
    for (std::size_t i = 0; i < uids.size(); ++i) {
        made.push_back({.sop_instance = Uid{uids[i]},
                        .sop_class = Uid{sop_class},
                        .transfer_syntax = "1.2.840.10008.1.2.1",
                        .kind = "overlay",
                        .part10 = bytes[i]});
    }
    storage::Outbox(db, results, clock)
        .put(queue.claim(storage::Lane::report(), 1000).value(), made, destinations_);
}

scp::Courier Results::courier_to(const conf::DestinationSettings& destination) {
    return {settings, destination, clock, work,
            scp::make_sender(destination, settings.node.ae_title)};
}

std::vector<storage::Job> Results::jobs(const storage::Lane& lane, const std::string& study) {
    storage::Database db = storage::Site{settings.node.data_dir}.open();
    auto all = storage::JobQueue(db, clock).jobs_of_study(study);
    std::erase_if(all, [&](const storage::Job& job) { return job.lane != lane; });
    return all;
}

std::vector<std::string> Results::told(const std::string& event, const std::string& study) {
    storage::Database db = storage::Site{settings.node.data_dir}.open();
    std::vector<std::string> words;
    for (const auto& entry : storage::Journal(db, clock).of_study(study)) {
        if (entry.event == event) words.push_back(entry.words);
    }
    return words;
}

int deliver_all(scp::Courier& courier) {
    int count = 0;
    while (courier.deliver_next()) ++count;
    return count;
}

}  // namespace bucky::test
