// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/node_harness.h"

#include <span>
#include <stdexcept>
#include <thread>
#include <utility>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcfilefo.h"

#include "conf/base/error.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/part10.h"
#include "scp/wire/start.h"
#include "storage/site.h"
#include "tools/bucky/shared/files.h"

namespace bucky::test {
namespace {

constexpr auto kAssociation = "1";

/// The transfer syntax that a session would have negotiated.
std::string transfer_syntax_of(const std::filesystem::path& file) {
    try {
        return scp::read_part10_header(file).transfer_syntax;
    } catch (const Error&) {  // the bytes of a test may not be DICOM
        return "1.2.840.10008.1.2.1";
    }
}

}  // namespace

const ModelPool& phantom_shelf() {
    static const ModelPool stand{std::make_shared<const inference::Shelf>(
        std::vector<std::filesystem::path>{phantom_model()}, inference::ModelOptions{"cpu", 1})};
    return stand;
}

NodeHarness::NodeHarness() {
    scp::start_wire();  // as in the node: DCMTK logs nothing
    settings.node.data_dir = dir / "data";
    settings.inference.models = {phantom_model()};
    settings.inference.models_writable_ok = true;
    settings.overlay.longer_side_px = 256;
    settings.destinations.resize(2);
    settings.destinations[0].name = "pacs";
    settings.destinations[1].name = "archive";
    std::filesystem::create_directories(settings.node.data_dir);
    const storage::Database made = storage::Site{settings.node.data_dir}.open();
}

phantom::Written NodeHarness::receive(const Sent& sent) {
    const auto drawn = phantom::draw(phantom::random_recipe(sent.seed, 400, 400, sent.lesions));
    const auto file = dir / "sent.dcm";
    const auto ids = phantom::write_dicom(drawn, sent.dicom, file);
    receive_bytes(read_text(file), Uid{ids.sop_instance_uid}, Uid{ids.study_uid}, sent.owner);
    return ids;
}

storage::Receipt NodeHarness::receive_bytes(const std::string& bytes, const Uid& sop_instance,
                                            const Uid& study, const std::string& owner) {
    auto incoming = context().received.open();
    incoming.write({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    incoming.flush();
    storage::Intake intake{
        context().db,
        context().received,
        clock,
        {},
        {settings.study.identity_changes == IdentityChanges::follow, scp::read_image_facts}};
    return intake.receive({incoming, sop_instance, Uid{"1.2.840.10008.5.1.4.1.1.1.1"}, study,
                           Uid{study.str() + ".1"}, transfer_syntax_of(incoming.path()), "A-1",
                           kAssociation, "XRAY1", "BUCKY", "10.0.0.9", owner, false, false, owner});
}

void NodeHarness::hang_up() {
    storage::Intake{context().db, context().received, clock, {}}.association_ended(kAssociation);
}

void NodeHarness::die_in(const storage::Lane& lane) {
    if (!context().jobs.claim(lane, 60'000)) throw std::logic_error("nothing to die in");
    storage::recover(context().db, settings.node.data_dir, clock);
    clock.advance_ms(60'000);  // longer than the pause of a job whose worker died again
}

namespace {

/// Of the item of the series, or of the document in it.
std::string predecessor(const std::filesystem::path& sr, const DcmTagKey& tag) {
    DcmFileFormat format;
    if (format.loadFile(OFFilename(sr.c_str())).bad()) throw std::logic_error("no SR");
    DcmItem *study = nullptr, *series = nullptr;
    OFString uid;
    const bool is_there =
        format.getDataset()
            ->findAndGetSequenceItem(DCM_PredecessorDocumentsSequence, study)
            .good() &&
        study->findAndGetSequenceItem(DCM_ReferencedSeriesSequence, series).good() &&
        series->findAndGetOFString(tag, uid, 0, true).good();
    return is_there ? std::string{uid} : "";
}

}  // namespace

std::string predecessor_of(const std::filesystem::path& sr) {
    return predecessor(sr, DCM_ReferencedSOPInstanceUID);
}

std::string predecessor_series_of(const std::filesystem::path& sr) {
    return predecessor(sr, DCM_SeriesInstanceUID);
}

InferWorker& NodeHarness::infer() {
    if (!infer_) infer_.emplace(settings, phantom_shelf(), clock, work);
    return *infer_;
}

InferWorker NodeHarness::infer_with(inference::Decoder& decoder) {
    return {settings, phantom_shelf(), clock, work, decoder};
}

ReportWorker& NodeHarness::report() {
    if (!report_) report_.emplace(settings, clock, work, room);
    return *report_;
}

int NodeHarness::infer_all() {
    int images = 0;
    while (infer().work_once()) ++images;
    return images;
}

int NodeHarness::report_all() {
    int reports = 0;
    while (report().work_once()) ++reports;
    return reports;
}

void NodeHarness::report_all_by(std::size_t workers, inference::Decoder& decoder) {
    std::vector<std::jthread> threads;
    while (threads.size() < workers) {
        threads.emplace_back([&] {
            ReportWorker worker{settings, clock, work, room, decoder};
            while (worker.work_once()) {
            }
        });
    }
}

std::string NodeHarness::study() {
    return context().studies.recent(1).at(0).study;
}

std::vector<storage::Instance> NodeHarness::images() {
    return context().studies.instances(study());
}

std::vector<storage::Result> NodeHarness::results() {
    return context().outbox.results_of_study(study());
}

std::vector<storage::Result> NodeHarness::all_results() {
    std::vector<storage::Result> all;
    for (const auto& line : context().studies.recent(1000)) {
        for (auto& result : context().outbox.results_of_study(line.study)) {
            all.push_back(std::move(result));
        }
    }
    return all;
}

WorkerContext& NodeHarness::context() {
    if (!context_) context_.emplace(settings, clock);
    return *context_;
}

}  // namespace bucky::test
