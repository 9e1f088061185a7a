// SPDX-License-Identifier: Apache-2.0
// A burst: many studies, each with one radiograph of 2500 x 2048, are complete at the same moment
// and their images are analysed. Seconds until report and picture of all are stored, each file and
// commit synced, by 1, 2 and 4 report workers, in turns. Nothing else of the node runs at the same
// time.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "conf/run/wakeup.h"
#include "inference/examine/examine.h"
#include "inference/examine/shelf.h"
#include "inference/findings_json.h"
#include "scp/wire/start.h"
#include "storage/intake.h"
#include "storage/site.h"
#include "tests/bench/machine.h"
#include "tests/support/places.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/pipeline/report_worker.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/shared/files.h"
#include "tools/phantom/draw.h"
#include "tools/phantom/write.h"

namespace {

namespace fs = std::filesystem;
using namespace bucky;

constexpr std::array kWorkers{1, 2, 4};

conf::Settings settings_in(const fs::path& folder) {
    conf::Settings settings;
    settings.node.data_dir = folder;
    settings.destinations.resize(1);
    settings.destinations[0].name = "pacs";
    return settings;
}

/// Makes a data folder in which `studies` reports are due.
void prepare(const fs::path& folder, int studies, const fs::path& scratch) {
    fs::create_directories(folder);
    const SystemClock clock;
    const auto settings = settings_in(folder);
    { const storage::Database made = storage::Site{settings.node.data_dir}.open(); }
    const inference::Shelf shelf{{test::phantom_model()}, {"cpu", 1}};
    WorkerContext context{settings, clock};
    storage::Intake intake{context.db, context.received, clock, {0, 0}};
    const auto drawn =
        phantom::draw(phantom::random_recipe(7, 2500, 2048, {phantom::Finding::nodule}));
    const auto file = scratch / "image.dcm";
    std::string verdict, result;
    for (int study = 1; study <= studies; ++study) {
        phantom::DicomOptions dicom;
        dicom.study_uid = "1.2.7." + std::to_string(study);
        dicom.sop_instance_uid = dicom.study_uid + ".1";
        dicom.patient_id = "PHANTOM-" + std::to_string(study);
        const auto uids = phantom::write_dicom(drawn, dicom, file);
        if (result.empty()) {
            const auto seen = inference::examine(file, shelf, clock.now_ms());
            verdict = inference::name_of(seen.verdict);
            result = inference::to_json(seen);
        }
        auto incoming = context.received.open();
        const auto bytes = read_text(file);
        incoming.write({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
        intake.receive({.file = incoming,
                        .sop_instance = Uid{uids.sop_instance_uid},
                        .sop_class = Uid{"1.2.840.10008.5.1.4.1.1.1.1"},
                        .study = Uid{uids.study_uid},
                        .series = Uid{uids.series_uid},
                        .transfer_syntax = "1.2.840.10008.1.2.1",
                        .accession_number = "A-1",
                        .association = "1",
                        .calling_ae = "XRAY1",
                        .called_ae = "BUCKY",
                        .peer_address = "10.0.0.9"});
        const auto job = context.jobs.claim(storage::Lane::infer(), 60'000);
        if (!job || !context.studies.record_verdict(*job, verdict, result)) {
            throw std::runtime_error("an image has no verdict");
        }
    }
}

/// Shares the images with `from` and copies the database.
void copy_folder(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    using enum fs::copy_options;
    fs::copy(from / "spool", to / "spool", recursive | create_hard_links);
    for (const auto& entry : fs::directory_iterator{from}) {
        if (entry.is_regular_file()) fs::copy(entry.path(), to / entry.path().filename());
    }
}

double seconds_of(const fs::path& folder, int workers, int studies, DecoderPool& decoders) {
    const auto settings = settings_in(folder);
    const SystemClock clock;
    Wakeup work;
    ReportShared room;
    const auto started = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> threads;
        for (int worker = 0; worker < workers; ++worker) {
            threads.emplace_back([&] {
                ReportWorker reporter{settings, clock, work, room, decoders};
                while (reporter.work_once()) {
                }
            });
        }
    }
    const auto took = std::chrono::steady_clock::now() - started;
    WorkerContext context{settings, clock};
    for (const auto& line : context.studies.recent(studies)) {
        if (line.state != storage::StudyState::reported)
            throw std::runtime_error("a study has no report");
    }
    return std::chrono::duration<double>(took).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
    const int studies = count > 1 ? std::atoi(arguments[1]) : 40;
    const int rounds = count > 2 ? std::atoi(arguments[2]) : 3;
    scp::start_wire();
    const test::TempDir dir;
    prepare(dir / "burst", studies, dir.path());
    DecoderPool decoders(std::max(2U, std::thread::hardware_concurrency() / 2),
                         {test::bucky_program().string(), "decode-worker"});
    std::array<std::vector<double>, kWorkers.size()> seconds;
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t at = 0; at < kWorkers.size(); ++at) {
            const auto folder = dir / "run";
            copy_folder(dir / "burst", folder);
            seconds[at].push_back(seconds_of(folder, kWorkers[at], studies, decoders));
            fs::remove_all(folder);
        }
    }
    std::printf("Report and picture of %d studies that are complete at once, median of %d.\n%s\n\n",
                studies, rounds, bench::machine_line().c_str());
    std::printf("| report workers | s | studies/s | to one |\n|---|---|---|---|\n");
    const double one = median(seconds[0]);
    for (std::size_t at = 0; at < kWorkers.size(); ++at) {
        const double took = median(seconds[at]);
        std::printf("| %d | %.2f | %.1f | %.2f |\n", kWorkers[at], took, studies / took,
                    one / took);
    }
    return 0;
}
