// SPDX-License-Identifier: Apache-2.0
// InferWorker: analyses stored images.
//
// Claim -> examine -> record the verdict and the end of the job in one transaction: a crash
// anywhere repeats the image and never skips it. Then it records the answers of shadow models, in
// the journal only. One worker per thread, each with its own WorkerContext; the shelf in use is
// shared. A worker waits while its model runs, so there are as many workers as keep every replica
// busy.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "inference/examine/shelf.h"
#include "inference/examine/site_words.h"
#include "inference/pixels/decoder.h"
#include "storage/job_queue.h"
#include "storage/studies.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/pipeline/films.h"
#include "tools/bucky/pipeline/worker_context.h"

namespace bucky {

class InferWorker {
public:
    /// `films`, where not null, gets what a report will need of the images.
    InferWorker(const conf::Settings& settings, const ModelPool& shelves, const Clock& clock,
                Wakeup& work, inference::Decoder& decoder = inference::in_process(),
                Films* films = nullptr, ReadSource read_source = dicom_sr::read_source);

    /// Runs until a stop is requested; the image in progress is finished first.
    void run(std::stop_token stop);

    /// Analyses one image, if one is due and a model would answer. Returns whether there was one.
    bool work_once();

private:
    std::optional<storage::Job> claim();
    void take_up(const storage::Job& job);
    inference::Among models_for(const storage::Instance& instance,
                                const std::string& asked_for) const;
    inference::SiteWords reading(const storage::Instance& instance) const;
    void keep_film(const std::filesystem::path& file, const inference::Image& image) const;
    void note_shadows(const storage::Instance& instance);
    bool may_try_again(const storage::Job& job, storage::Blame blame) const;
    std::optional<inference::ImageResult> look_at(const storage::Job& job,
                                                  const storage::Instance& instance);
    std::optional<inference::ImageResult> what_others_say(const storage::Job& job,
                                                          const storage::Instance& instance,
                                                          std::int64_t now_ms);
    void record(const storage::Job& job, const storage::Instance& instance,
                const inference::ImageResult& result);

    const conf::Settings& settings_;
    const ModelPool& shelves_;
    std::shared_ptr<const inference::Shelf> shelf_;  ///< for the image in progress
    const Clock& clock_;
    Wakeup& work_;
    inference::Decoder& decoder_;
    Films* const films_;
    const ReadSource read_source_;
    WorkerContext context_;
    std::optional<storage::Job> unsettled_;  ///< in progress, or its end is not written yet
    std::string equipment_;                  ///< that made the image in progress
    bool newest_first_ = false;              ///< at the next claim
};

}  // namespace bucky
