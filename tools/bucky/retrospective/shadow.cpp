// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/shadow.h"

#include <algorithm>
#include <optional>

#include "conf/base/error.h"
#include "inference/findings_json.h"
#include "inference/package/package.h"
#include "storage/journal.h"
#include "storage/studies.h"
#include "storage/study_key.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/retrospective/run.h"
#include "tools/bucky/shared/shadow_words.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

/// More than any node keeps.
constexpr std::int64_t kStudiesMax = 1'000'000;

AuditedModel model_of(const conf::Settings& settings, bool shadow, const std::string& name) {
    for (const auto& folder : settings.inference.models) {
        if (is_shadow(settings, folder) != shadow) continue;
        const auto package = inference::read_package(folder);
        if (name.empty() || package.identity.name == name) return audited_model(package, settings);
    }
    throw Error(Fault::bad_input, "the config has no model {}{}{}",
                shadow ? "in the shadow ([[model]] with shadow = true)" : "that reports",
                name.empty() ? "" : " and is named ", name);
}

/// What the version in use said; nothing: another answered, or none yet.
std::optional<Opinion> said_by(const AuditedModel& model, const storage::Instance& instance) {
    if (instance.result_json.empty()) return std::nullopt;
    const auto result = inference::from_json(instance.result_json);
    for (const auto& answer : inference::answers_of(result)) {
        const bool is_its = answer.model && answer.model->sha256 == model.sha256 &&
                            answer.model->version == model.version;
        if (is_its) return opinion_of(answer);
    }
    return std::nullopt;
}

/// The last words on this image count.
std::optional<Opinion> said_in_shadow(const AuditedModel& model, const std::string& sop_instance,
                                      const std::vector<storage::JournalEntry>& journal) {
    std::optional<Opinion> last;
    for (const auto& entry : journal) {
        if (!entry.is(storage::JournalEvent::image_shadow) || entry.subject != sop_instance) {
            continue;
        }
        auto said = read_shadow_words(entry.words);
        if (!said || said->label != model.label()) continue;
        last = Opinion{.verdict = said->verdict,
                       .reason = std::move(said->reason),
                       .scores = std::move(said->scores)};
    }
    return last;
}

class Comparing {
public:
    Comparing(Audit& audit, storage::Database& db, const Clock& clock)
        : audit_(audit), studies_(db, clock), journal_(db, clock) {}

    void study(const storage::StudyLine& line) {
        const auto journal = journal_.of_study(line.study);
        bool any = false;
        for (const auto& instance : studies_.instances(line.study)) {
            if (instance.conflicting || instance.replaced) continue;
            any = image(line, instance, journal) || any;
        }
        if (any) ++audit_.studies;
    }

private:
    bool image(const storage::StudyLine& line, const storage::Instance& instance,
               const std::vector<storage::JournalEntry>& journal) {
        const auto sop = instance.sop_instance.str();
        auto in_use = said_by(audit_.models[0], instance);
        auto candidate = said_in_shadow(audit_.models[1], sop, journal);
        if (!in_use || !candidate) {
            ++audit_.left_out[!in_use ? "not answered by this version of the model in use"
                                      : "not looked at by this version of the candidate"];
            return false;
        }
        audit_.images.push_back({.sop_instance = sop,
                                 .study = storage::StudyKey::parse(line.study).uid.str(),
                                 .accession_number = line.accession_number,
                                 .device = printable(instance.calling_ae),
                                 .view = kNotStated,
                                 .age_group = kNotStated,
                                 .sex = kNotStated,
                                 .opinions = {std::move(*in_use), std::move(*candidate)}});
        return true;
    }

    Audit& audit_;
    storage::Studies studies_;
    storage::Journal journal_;
};

}  // namespace

Audit audit_of_shadow(const conf::Settings& settings, storage::Database& db, const Clock& clock,
                      const ShadowQuery& query) {
    Audit audit{.title = "",
                .remarks = {},
                .models = {model_of(settings, false, query.in_use),
                           model_of(settings, true, query.candidate)},
                .images = {},
                .studies = 0,
                .left_out = {}};
    audit.accession_numbers = true;
    audit.by_device = "sender";
    Comparing comparing{audit, db, clock};
    for (const auto& line : storage::Studies{db, clock}.recent(kStudiesMax)) {
        if (line.last_image_ms >= query.since_ms) comparing.study(line);
    }
    return audit;
}

}  // namespace bucky
