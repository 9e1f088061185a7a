// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/infer_worker.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "conf/aliases.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "conf/tenants.h"
#include "dicom_sr/common/modules.h"
#include "inference/examine/examine.h"
#include "inference/findings_json.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/decision_record.h"
#include "tools/bucky/shared/shadow_words.h"

namespace bucky {
namespace {

using inference::ImageResult;
using inference::Verdict;

/// While nobody answers.
constexpr std::int64_t kLookAgainMs = 1000;

/// While another package answers: an image of the silent one is opened as often, for its header.
constexpr std::int64_t kOthersAnswerMs = 10'000;

/// An image that has waited longer is of the backlog (as a result is for a courier).
constexpr std::int64_t kBacklogMs = 5 * 60 * 1000;

/// The reason that the report gives; the error's own words, which may name files of this machine,
/// stay in the journal.
std::string_view why_failed(Fault fault) {
    switch (fault) {
        case Fault::unavailable: return "the image or the device that analyses it did not answer";
        case Fault::exhausted: return "there was not enough memory or disk to analyse the image";
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt: return "the image could not be analysed";
        case Fault::bug: return "the analysis failed by a mistake of this software";
    }
    __builtin_unreachable();
}

ImageResult failed(std::string_view words, std::int64_t at_ms) {
    const inference::Code code{"FAILED", "99BUCKY", "Analysis failed"};
    ImageResult result;
    result.verdict = Verdict::failed;
    result.reason = inference::Reason{"analysis.failed", code, std::string{words}};
    result.started_at_ms = at_ms;
    return result;
}

bool is_answer(Verdict verdict) {
    return verdict == Verdict::findings || verdict == Verdict::no_findings;
}

/// The models that were asked: "cxr-nodule 1.0.0 + cxr-opacity 1.0.0", or "-".
std::string models_of(const ImageResult& result) {
    std::vector<std::string> models;
    for (const auto& answer : inference::answers_of(result)) {
        if (answer.model) models.push_back(answer.model->name + ' ' + answer.model->version);
    }
    return models.empty() ? "-" : fmt::format("{}", fmt::join(models, " + "));
}

/// Counts that show the admin that scores have moved: an ageing tube, a changed setting, other
/// patients.
void count_answer(const storage::Instance& instance, const ImageResult& result,
                  const std::string& equipment) {
    const auto verdict = inference::verdict_of(result);
    if (!is_answer(verdict)) return;
    for (const auto& answer : inference::answers_of(result)) {
        for (const auto& finding : answer.findings) {
            metrics::observe("bucky_finding_score_ratio", finding.score,
                             {{"model", answer.model->name},
                              {"version", answer.model->version},
                              {"finding", finding.key}});
        }
    }
    const metrics::Labels whose{{"tenant", instance.tenant}, {"equipment", equipment}};
    metrics::count("bucky_analysed_images_total", whose);
    // Zero is exported too: rate() needs a first value.
    metrics::count("bucky_positive_images_total", whose, verdict == Verdict::findings);
}

/// What each package said, and that one failed while the others stand.
void count_packages(const ImageResult& result) {
    for (const auto& answer : inference::answers_of(result)) {
        if (!answer.model) continue;
        const metrics::Labels which{{"model", answer.model->name},
                                    {"version", answer.model->version}};
        metrics::count("bucky_package_images_total", which);
        metrics::count("bucky_package_failures_total", which, answer.verdict == Verdict::failed);
    }
}

/// "-" for none.
template <typename Says>
std::string joined(const ImageResult& result, Says says) {
    std::set<std::string> words;
    for (const auto& answer : inference::answers_of(result)) words.insert(says(answer));
    words.erase("");
    return words.empty() ? "-" : fmt::format("{}", fmt::join(words, ","));
}

/// Text that did not leave for a service.
void count_text(const ImageResult& result) {
    constexpr auto kName = "bucky_text_in_pixels_total";
    for (const auto& answer : inference::answers_of(result)) {
        if (answer.masked > 0) metrics::count(kName, {{"outcome", "masked"}});
        if (answer.reason && answer.reason->key.starts_with("privacy.")) {
            metrics::count(kName, {{"outcome", "withheld"}, {"reason", answer.reason->key}});
        }
    }
}

}  // namespace

InferWorker::InferWorker(const conf::Settings& settings, const ModelPool& shelves,
                         const Clock& clock, Wakeup& work, inference::Decoder& decoder,
                         Films* films, ReadSource read_source)
    : settings_(settings),
      shelves_(shelves),
      clock_(clock),
      work_(work),
      decoder_(decoder),
      films_(films),
      read_source_(std::move(read_source)),
      context_(settings, clock) {}

void InferWorker::run(std::stop_token stop) {
    work_until(
        stop, clock_, work_, [this] { return work_once(); },
        [this]() -> std::optional<std::int64_t> {  // without a model that answers, images wait
            if (!shelves_.now()->answers()) return clock_.now_ms() + kLookAgainMs;
            return context_.jobs.next_due_ms(storage::Lane::infer());
        });
}

bool InferWorker::work_once() {
    give_back_unsettled(context_.jobs, clock_, unsettled_);
    shelf_ = shelves_.now();
    if (!shelf_->answers()) {  // a lost device must not use up an image's tries
        newest_first_ = true;
        return false;
    }
    unsettled_ = claim();
    if (!unsettled_) return false;
    crash_point("infer.after_claim");
    take_up(*unsettled_);
    unsettled_.reset();
    shelf_.reset();  // the last image on an exchanged shelf destroys it
    return true;
}

/// When nobody has answered for a while, the newest image and the backlog take turns: whoever sends
/// one now waits for one old image, not for all of them.
std::optional<storage::Job> InferWorker::claim() {
    if (newest_first_) {
        newest_first_ = false;
        return context_.jobs.claim(storage::Lane::infer(), kLeaseMs, storage::Order::newest);
    }
    auto job = context_.jobs.claim(storage::Lane::infer(), kLeaseMs);
    newest_first_ = job && clock_.now_ms() - job->submitted_at_ms > kBacklogMs;
    return job;
}

void InferWorker::take_up(const storage::Job& job) {
    std::int64_t id = 0;
    std::from_chars(job.subject.data(), job.subject.data() + job.subject.size(), id);
    const auto instance = context_.studies.instance(id);
    if (!instance) {
        context_.jobs.park(job, "the image is no longer in the database");
        return;
    }
    auto result = look_at(job, *instance);
    if (!result) return;
    const auto rows = precedence_for(settings_, instance->owner);
    record(job, *instance, inference::by_precedence(std::move(*result), rows));
    if (job.model.empty()) note_shadows(*instance);
}

/// A tenant's images are analysed by its models only; `bucky study retry` may have asked for one
/// model.
inference::Among InferWorker::models_for(const storage::Instance& instance,
                                         const std::string& asked_for) const {
    const auto* tenant = conf::tenant_of(settings_, instance.owner);
    return {.folders = tenant == nullptr ? std::vector<std::filesystem::path>{} : tenant->models,
            .name = asked_for,
            .each = settings_.inference.answer == Answering::all};
}

/// The decoder, with the words of the instance's sender explained.
inference::SiteWords InferWorker::reading(const storage::Instance& instance) const {
    return {decoder_, conf::aliases_for(settings_, instance.calling_ae)};
}

/// For the report, which is due when the study is complete. Where it fails, the report opens the
/// file itself and says what is wrong.
void InferWorker::keep_film(const std::filesystem::path& file,
                            const inference::Image& image) const {
    if (films_ == nullptr) return;
    try {
        const auto longer_side = static_cast<std::uint32_t>(settings_.overlay.longer_side_px);
        films_->keep(file, std::make_shared<const Film>(film_of(image, longer_side)),
                     clock_.now_ms(), read_source_(file));
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see above
    }
}

/// Shadow models run after the verdict, so that no result waits for them; a failure of one is only
/// an entry in the journal.
void InferWorker::note_shadows(const storage::Instance& instance) {
    const auto sop = instance.sop_instance.str();
    const auto note = [&](std::string_view words) {
        context_.journal.write(instance.study.str(), sop, storage::JournalEvent::image_shadow,
                               words);
    };
    try {
        const auto file = context_.received.absolute(instance.file);
        auto decoder = reading(instance);
        for (const auto& result : examine_by_shadows(file, *shelf_, clock_.now_ms(), decoder,
                                                     models_for(instance, ""))) {
            note(shadow_words(result));
            metrics::count("bucky_shadow_images_total",
                           {{"model", result.model->name},
                            {"verdict", std::string{inference::name_of(result.verdict)}}});
        }
    } catch (const std::exception& error) {  // a shadow never affects the result
        note(error.what());
    }
}

/// A fault of the machine is no verdict on an image: it is tried again for hours. A fault that the
/// image may have caused is tried again a few times.
bool InferWorker::may_try_again(const storage::Job& job, storage::Blame blame) const {
    const auto& told = settings_.inference;
    const bool is_own = blame == storage::Blame::subject;
    if (is_own && job.own_faults + 1 >= told.attempts) return false;
    return job.attempt - job.deaths < tries_within(told.give_up_hours);
}

/// A verdict, or nullopt when a later try may bring one.
std::optional<ImageResult> InferWorker::look_at(const storage::Job& job,
                                                const storage::Instance& instance) {
    const auto now_ms = clock_.now_ms();
    equipment_.clear();
    if (ends_the_process(job)) {
        return failed(fmt::format("the analysis ended the process {} times", kDeathsMax), now_ms);
    }
    try {
        auto decoder = reading(instance);
        const auto file = context_.received.absolute(instance.file);
        return inference::examine(
            file, *shelf_, now_ms, decoder, models_for(instance, job.model),
            {&equipment_, [&](const inference::Image& image) { keep_film(file, image); }});
    } catch (const inference::NobodyAnswers&) {  // no attempt is spent, nothing has failed
        const auto wait_ms = shelf_->answers() ? kOthersAnswerMs : kLookAgainMs;
        context_.jobs.retry_later(job, clock_.now_ms() + wait_ms, "", storage::Blame::nobody);
        return std::nullopt;
    } catch (const std::exception& error) {  // the job runner: retry or a verdict
        const auto fault = fault_of(error);
        log::event(log::Level::warning, "image.trouble",
                   {{"sop", instance.sop_instance.str()}, {"words", error.what()}});
        const auto blame = blame_of(error);
        if (may_pass(fault) && may_try_again(job, blame)) {
            context_.jobs.retry_later(job, next_try_ms(clock_, job.attempt), error.what(), blame);
            return std::nullopt;
        }
        context_.journal.write(job.study, instance.sop_instance.str(),
                               storage::JournalEvent::image_failed, error.what());
        return what_others_say(job, instance, now_ms).value_or(failed(why_failed(fault), now_ms));
    }
}

/// After the last try: a device that does not answer fails its package only, where another package
/// answers.
std::optional<ImageResult> InferWorker::what_others_say(const storage::Job& job,
                                                        const storage::Instance& instance,
                                                        std::int64_t now_ms) {
    auto among = models_for(instance, job.model);
    if (!among.each) return std::nullopt;
    among.fails_alone = true;
    try {
        auto decoder = reading(instance);
        auto result = inference::examine(context_.received.absolute(instance.file), *shelf_, now_ms,
                                         decoder, among, {.equipment = &equipment_});
        if (is_answer(inference::verdict_of(result))) return result;
    } catch (const std::exception&) {  // no other either; the caller has told what failed
    }
    return std::nullopt;
}

void InferWorker::record(const storage::Job& job, const storage::Instance& instance,
                         const ImageResult& result) {
    const auto verdict = inference::name_of(inference::verdict_of(result));
    const auto* gate = shelf_->gate();
    const auto decision = context_.studies.record_verdict(
        job, verdict, inference::to_json(result),
        decision_record(instance, result,
                        {.software = BUCKY_VERSION,
                         .gate = gate == nullptr ? nullptr : &gate->package().identity,
                         .thresholds = settings_.thresholds}));
    if (!decision) return;
    const auto note = [&](storage::JournalEvent event, std::string_view words) {
        context_.journal.write(job.study, instance.sop_instance.str(), event, words);
    };
    std::set<std::string> warned;  // packages share what the gate says
    std::uint32_t masked = 0;
    for (const auto& answer : inference::answers_of(result)) {
        for (const auto& warning : answer.warnings) {
            if (!warned.insert(warning.text).second) continue;
            note(storage::JournalEvent::image_warning, warning.text);
        }
        masked = std::max(masked, answer.masked);
        if (answer.verdict != Verdict::failed || result.others.empty() || !answer.model) continue;
        note(storage::JournalEvent::image_failed,
             fmt::format("{} {}: {}", answer.model->name, answer.model->version,
                         answer.reason ? answer.reason->text : ""));
    }

    const auto took_ms = std::max<std::int64_t>(clock_.now_ms() - result.started_at_ms, 0);
    metrics::count("bucky_images_total", {{"verdict", std::string{verdict}}});
    count_text(result);
    count_packages(result);
    metrics::observe("bucky_stage_seconds", static_cast<double>(took_ms) / 1000,
                     {{"stage", "examine"}});
    // An image that is analysed again (bucky study retry) has waited since then.
    const auto waited_ms = std::max<std::int64_t>(clock_.now_ms() - job.submitted_at_ms, 0);
    if (clock_.steps().trouble().empty()) {
        metrics::observe("bucky_last_byte_to_verdict_seconds",
                         static_cast<double>(waited_ms) / 1000);
    }
    count_answer(instance, result, equipment_);
    const auto reason = [](const ImageResult& one) { return one.reason ? one.reason->key : ""; };
    const auto failed = [](const ImageResult& one) {
        return one.verdict == Verdict::failed && one.model ? one.model->name : "";
    };
    log::event("image.verdict", {{"sop", instance.sop_instance.str()},
                                 {"study", instance.study.str()},
                                 {"verdict", verdict},
                                 {"reason", joined(result, reason)},
                                 {"warnings", warned.size()},
                                 {"masked", masked},
                                 {"model", models_of(result)},
                                 {"failed", joined(result, failed)},
                                 {"took_ms", took_ms},
                                 {"record", decision->number},
                                 {"record_sha256", decision->sha256}});
    work_.ring();  // its study may be complete now
}

}  // namespace bucky
