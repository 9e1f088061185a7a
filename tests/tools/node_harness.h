// SPDX-License-Identifier: Apache-2.0
// NodeHarness: the parts of a node without its network: a data folder, the phantom model, a clock
// that a test moves, and phantoms that are stored as if they had been received.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "inference/examine/shelf.h"
#include "storage/intake.h"
#include "storage/recover.h"
#include "tests/support/places.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/pipeline/infer_worker.h"
#include "tools/bucky/pipeline/report_worker.h"
#include "tools/phantom/write.h"

namespace bucky::test {

/// The package of the repository, loaded once for all tests.
const ModelPool& phantom_shelf();

/// One image as a sender sends it.
struct Sent {
    std::uint64_t seed = 1;
    std::vector<phantom::Finding> lesions = {};
    phantom::DicomOptions dicom = {};
    std::string owner = {};  ///< the tenant that was called
};

/// The Predecessor Documents Sequence of an SR; empty when it has none.
std::string predecessor_of(const std::filesystem::path& sr);
std::string predecessor_series_of(const std::filesystem::path& sr);

class NodeHarness {
public:
    NodeHarness();

    TempDir dir;
    conf::Settings settings;  ///< change it before the first worker is made
    SettableClock clock{1'795'444'200'000};
    Wakeup work;
    ReportShared room;

    /// Draws an image, writes it and stores it as a session would.
    phantom::Written receive(const Sent& sent);
    /// The same for bytes that claim to be an image of this study.
    storage::Receipt receive_bytes(const std::string& bytes, const Uid& sop_instance,
                                   const Uid& study, const std::string& owner = "");

    /// The association ends, and every study that it touched is complete.
    void hang_up();

    /// As if a process had claimed the next job of this lane and died.
    void die_in(const storage::Lane& lane);

    InferWorker& infer();
    InferWorker infer_with(inference::Decoder& decoder);  ///< another
    ReportWorker& report();
    int infer_all();  ///< returns how many images were analysed
    int report_all();

    /// The same by `workers` workers at once, one thread each.
    void report_all_by(std::size_t workers, inference::Decoder& decoder = inference::in_process());

    /// The only study in the database.
    std::string study();
    std::vector<storage::Instance> images();
    std::vector<storage::Result> results();
    std::vector<storage::Result> all_results();  ///< of every study
    WorkerContext& context();

private:
    std::optional<WorkerContext> context_;
    std::optional<InferWorker> infer_;
    std::optional<ReportWorker> report_;
};

}  // namespace bucky::test
