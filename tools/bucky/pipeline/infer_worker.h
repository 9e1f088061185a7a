// SPDX-License-Identifier: Apache-2.0
// InferWorker: an image was stored; what does the model say about it?
//
// Claim -> examine -> record the verdict and the end of the job in one transaction: a crash
// anywhere repeats the image and never skips it. Then, for the journal alone, what shadow models
// say of it. Threads: one worker a thread, each with its own WorkerContext; the shelf in use is
// shared. A worker waits while its model runs: there are as many as keep every replica busy.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "inference/examine/shelf.h"
#include "inference/pixels/decoder.h"
#include "storage/job_queue.h"
#include "storage/studies.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/pipeline/worker_context.h"

namespace bucky {

class InferWorker {
public:
    InferWorker(const conf::Settings& settings, const ModelPool& shelves, const Clock& clock,
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
    bool may_try_again(const storage::Job& job, storage::Blame blame) const;
    std::optional<inference::ImageResult> look_at(const storage::Job& job,
                                                  const storage::Instance& instance);
    void record(const storage::Job& job, const storage::Instance& instance,
                const inference::ImageResult& result);

    const conf::Settings& settings_;
    const ModelPool& shelves_;
    std::shared_ptr<const inference::Shelf> shelf_;  ///< for the image at hand
    const Clock& clock_;
    Wakeup& work_;
    inference::Decoder& decoder_;
    WorkerContext context_;
    std::optional<storage::Job> unsettled_;  ///< at hand, or its end could not be written
    std::string equipment_;                  ///< that made the image at hand
};

}  // namespace bucky
