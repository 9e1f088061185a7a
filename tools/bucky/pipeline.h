// SPDX-License-Identifier: Apache-2.0
// The story of an image between its arrival and its results, told by two workers.
//
// InferWorker: claim -> examine -> record the verdict. ReportWorker: find the studies that are
// complete -> claim -> report and pictures -> verify -> outbox. Each step ends in one transaction,
// so a crash anywhere repeats a step and never skips one; the same images give the same UIDs.
// Threads: one worker a thread, each with its own Database; the shelf in use is shared. An infer
// worker waits while its model runs: there are as many as keep every replica busy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/base/wakeup.h"
#include "conf/settings.h"
#include "dicom_sr/object.h"
#include "inference/decoder.h"
#include "inference/shelf.h"
#include "storage/database.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/peer_classes.h"
#include "storage/spool.h"
#include "storage/studies.h"
#include "tools/bucky/orders.h"
#include "tools/bucky/results.h"
#include "tools/bucky/shelf_stand.h"

namespace bucky {

/// What a worker has on it: its own connection, and the queues and folders behind it.
struct Desk {
    Desk(const conf::Settings& settings, const Clock& clock);

    storage::Database db;
    storage::Spool received, results;
    storage::JobQueue jobs;
    storage::Studies studies;
    storage::Journal journal;
    storage::Outbox outbox;
    storage::PeerClasses peer_classes;
};

class InferWorker {
public:
    InferWorker(const conf::Settings& settings, const ShelfStand& shelves, const Clock& clock,
                Wakeup& work, inference::Decoder& decoder = inference::in_process());

    /// Until a stop is asked for; the image at hand is finished first.
    void run(std::stop_token stop);

    /// One image, if one is due and a model would answer. Returns whether there was.
    bool work_once();

private:
    void take_up(const storage::Job& job);
    inference::Among models_for(const storage::Instance& instance,
                                const std::string& asked_for) const;
    void note_shadows(const storage::Instance& instance);
    std::optional<inference::ImageResult> look_at(const storage::Job& job,
                                                  const storage::Instance& instance);
    void record(const storage::Job& job, const storage::Instance& instance,
                const inference::ImageResult& result);

    const conf::Settings& settings_;
    const ShelfStand& shelves_;
    std::shared_ptr<const inference::Shelf> shelf_;  ///< for the image at hand
    const Clock& clock_;
    Wakeup& work_;
    inference::Decoder& decoder_;
    Desk desk_;
    std::optional<storage::Job> unsettled_;  ///< at hand, or its end could not be written
    std::string equipment_;                  ///< that made the image at hand
};

class ReportWorker {
public:
    ReportWorker(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                 inference::Decoder& decoder = inference::in_process());

    /// Until a stop is asked for; the report at hand is finished first.
    void run(std::stop_token stop);

    /// One study's report, if one is due. Returns whether there was.
    bool work_once();

private:
    void take_up(const storage::Job& job);
    std::vector<JudgedImage> images_of(const std::string& study);
    std::vector<Ordered> objects_of(const storage::Job& job,
                                    const std::vector<JudgedImage>& images);
    bool put(const storage::Job& job, const std::vector<Ordered>& objects,
             const std::string& patient);

    const conf::Settings& settings_;
    const Clock& clock_;
    Wakeup& work_;
    inference::Decoder& decoder_;
    Desk desk_;
    std::optional<storage::Job> unsettled_;  ///< at hand, or its end could not be written
};

/// The program's version, as results and logs name it.
std::string software_version();

}  // namespace bucky
