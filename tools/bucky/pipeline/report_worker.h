// SPDX-License-Identifier: Apache-2.0
// ReportWorker: makes the results of complete studies.
//
// Find the complete studies -> claim -> report and pictures -> verify -> outbox, in one transaction
// at the end: a crash anywhere repeats the report under the same UIDs. One worker per thread, each
// with its own WorkerContext, any number of them. Reports of one study follow each other because
// its next job is made when the last has ended (Studies); reports on one patient's studies because
// of their turns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/limits.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "inference/pixels/decoder.h"
#include "storage/job_queue.h"
#include "tools/bucky/pipeline/delivery_plan.h"
#include "tools/bucky/pipeline/filed_results.h"
#include "tools/bucky/pipeline/films.h"
#include "tools/bucky/pipeline/patient_turns.h"
#include "tools/bucky/pipeline/results.h"
#include "tools/bucky/pipeline/worker_context.h"
#include "tools/bucky/shared/memory_budget.h"

namespace bucky {

/// The number of report workers with these settings.
std::size_t reporters_for(const conf::Settings& settings);

/// State that all report workers of a process share.
struct ReportShared {
    explicit ReportShared(std::uint64_t bytes = limits::kReportedBytesMax)
        : memory("report_bytes", bytes, std::chrono::seconds{limits::kReportWaitSeconds}) {}

    PatientTurns turns;
    MemoryBudget memory;  ///< of pictures until they are stored; reserved after the turn
    Films films;          ///< of the images that were analysed last
};

class ReportWorker {
public:
    ReportWorker(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                 ReportShared& shared, inference::Decoder& decoder = inference::in_process(),
                 ReadSource read_source = dicom_sr::read_source);

    /// Runs until a stop is requested; the report in progress is finished first.
    void run(std::stop_token stop);

    /// Makes one study's report, if one is due. Returns whether there was one.
    bool work_once();

private:
    /// The images of one patient and one owner, and their delivery plans.
    struct Part {
        std::string filed_under, owner;
        std::vector<JudgedImage> images;
        std::vector<DeliveryPlan> plans;
        std::string patient;  ///< patient_digest(): finds the patient's other studies
    };
    /// The images of a study, and the identities that its results were filed under before.
    struct Study {
        std::vector<Part> parts;
        std::size_t images = 0, patients = 0;
        bool is_shared = false;  ///< it holds, or held, results of several patients
        std::vector<FiledElsewhere> elsewhere;
        std::int64_t revision = 0;
        bool is_whole = true;  ///< every valid image has a verdict and was read
    };
    void take_up(const storage::Job& job, PatientTurns::Turn& turn);
    void report(const storage::Job& job, PatientTurns::Turn& turn);
    Study study_of(const storage::Job& job);
    std::vector<Part> parts_of(const storage::Job& job, bool& is_whole);
    Requested common() const;
    void make(const storage::Job& job, const Study& study, storage::Outbox::Batch& batch);
    Earlier earlier_of(const storage::Job& job, const Part& part, ResultKind kind,
                       const std::string& rendering);
    void withdraw(const storage::Job& job, const Study& study, storage::Outbox::Batch& batch);
    void tell_of_patients(const storage::Job& job, const Study& study);
    void tell_of_identity(const storage::Job& job, const Study& study);

    const conf::Settings& settings_;
    const Clock& clock_;
    Wakeup& work_;
    ReportShared& shared_;
    inference::Decoder& decoder_;
    const ReadSource read_source_;
    WorkerContext context_;
    std::optional<storage::Job> unsettled_;  ///< in progress, or its end is not written yet
};

}  // namespace bucky
