// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/run.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "conf/aliases.h"
#include "conf/base/clock.h"
#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "dicom_sr/common/fitting.h"
#include "inference/examine/examine.h"
#include "inference/examine/site_words.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/pipeline/priors.h"
#include "tools/bucky/shared/progress.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using inference::ImageResult;

constexpr auto kOwnResult = "own.result";
constexpr auto kMachine = "machine";  ///< the reason of an image on which this machine failed twice

/// What is shown and joined, of one image of the past. Its patient is compared, and not kept.
struct Known {
    AuditedImage image;
    std::string patient;
};

std::string sex_of(const std::string& written) {
    const auto sex = dicom_sr::fitted_sex(written);
    return sex == "F" ? "female" : sex == "M" ? "male" : sex == "O" ? "other" : kNotStated;
}

Known known_of(const std::filesystem::path& file, DecoderPool& decoders) {
    const auto header = decoders.header(file);
    const auto source = decoders.source(file);
    Known known;
    known.patient = patient_digest(source);
    auto& image = known.image;
    image.sop_instance = source.sop_instance.str();
    image.study = source.study.str();
    image.accession_number = source.accession_number;
    image.view = printable(
        view_group(header.view_position.empty() ? header.coded_view : header.view_position));
    const auto age = header.age_years ? header.age_years : header.age_born_years;
    image.age_group = age ? age_group(*age) : kNotStated;
    image.sex = sex_of(source.sex);
    return known;
}

/// Twice where this machine is at fault: then the image has failed, and the audit goes on.
ImageResult asked(const std::filesystem::path& file, const inference::Shelf& shelf,
                  inference::Decoder& decoder, std::string& device) {
    const SystemClock clock;
    try {
        return inference::examine(file, shelf, clock.now_ms(), decoder, {}, {.equipment = &device});
    } catch (const Error&) {  // once more
    }
    try {
        return inference::examine(file, shelf, clock.now_ms(), decoder, {}, {.equipment = &device});
    } catch (const Error& error) {  // becomes a verdict
        ImageResult failed;
        failed.verdict = inference::Verdict::failed;
        failed.reason = inference::Reason{kMachine, {}, error.what()};
        return failed;
    }
}

class Looking {
public:
    explicit Looking(const AuditWork& work)
        : work_(work), decoder_(decoders_, conf::aliases_for(work.settings, "")) {}

    AuditedItem at(const std::string& id) {
        auto brought = work_.source.bring(id);
        AuditedItem item{.id = id,
                         .left_out = std::move(brought.left_out),
                         .is_of_sample = brought.is_of_sample,
                         .images = {},
                         .skipped = std::move(brought.skipped)};
        std::optional<std::string> patient;
        for (const auto& file : brought.files) {
            if (const auto why = look(file, brought.study, patient, item)) ++item.skipped[*why];
        }
        if (item.images.empty() && item.left_out.empty()) {
            item.left_out = item.skipped.empty() ? "no image came" : item.skipped.begin()->first;
            item.skipped.clear();
        }
        return item;
    }

private:
    /// Why it was not looked at.
    std::optional<std::string> look(const std::filesystem::path& file, const std::string& study,
                                    std::optional<std::string>& patient, AuditedItem& item) {
        std::optional<Known> known;
        try {
            known = known_of(file, decoders_);
        } catch (const Error&) {  // of a folder, or of an archive that sent it damaged
            return "not a DICOM image that can be read";
        }
        if (!study.empty() && known->image.study != study) {
            return "of another study than the archive was asked for";
        }
        if (!patient) patient = known->patient;
        if (*patient != known->patient && !study.empty()) {
            return "of another patient than the rest of its study";
        }
        auto& image = known->image;
        for (const auto& shelf : work_.models.shelves()) {
            const auto result = asked(file, *shelf, decoder_, image.device);
            if (result.reason && result.reason->key == kOwnResult) return "our own results";
            image.opinions.push_back(opinion_of(result));
        }
        image.device = image.device.empty() ? kNotStated : printable(image.device);
        item.images.push_back(std::move(image));
        return {};
    }

    const AuditWork& work_;
    DecoderPool decoders_{1};
    inference::SiteWords decoder_;
};

/// In an order that depends on the salt alone: any beginning of it is a random sample.
AuditPlan planned(const AuditWork& work) {
    auto found = work.source.ids();
    std::vector<std::pair<std::string, std::string>> order;
    for (auto& id : found.ids) {
        order.emplace_back(hex(sha256(work.ledger.salt() + "\norder\n" + id)), std::move(id));
    }
    std::ranges::sort(order);
    AuditPlan plan{.what = work.what, .ids = {}, .sample = work.sample, .is_cut = found.is_cut};
    for (auto& [place, id] : order) plan.ids.push_back(std::move(id));
    return plan;
}

}  // namespace

Opinion opinion_of(const ImageResult& result) {
    Opinion opinion{
        .verdict = result.verdict, .reason = result.reason ? result.reason->key : "", .scores = {}};
    for (const auto& finding : result.findings) opinion.scores[finding.key] = finding.score;
    return opinion;
}

AuditedModel audited_model(const inference::Package& package, const conf::Settings& settings) {
    const auto thresholds = thresholds_for(settings, "");
    AuditedModel model{.name = package.identity.name,
                       .version = package.identity.version,
                       .sha256 = package.identity.sha256,
                       .folder = package.folder,
                       .findings = {}};
    for (const auto& finding : package.findings) {
        const auto set = std::ranges::find_if(thresholds, [&](const auto& one) {
            return one.sha256 == model.sha256 && one.finding == finding.key;
        });
        model.findings.push_back(
            {finding.key, finding.name, set == thresholds.end() ? finding.threshold : set->value});
    }
    return model;
}

AuditModels::AuditModels(const std::vector<std::filesystem::path>& folders,
                         const conf::Settings& settings, const inference::GateOptions& gate,
                         const std::string& device) {
    for (const auto& folder : folders) {
        shelves_.push_back(std::make_unique<inference::Shelf>(
            std::vector{folder}, inference::ModelOptions{device, 1}, gate));
        told_.push_back(audited_model(shelves_.back()->packages().front().package, settings));
    }
}

std::string words_of_models(const std::vector<AuditedModel>& models) {
    std::string words = "models";
    for (const auto& model : models) {
        words += fmt::format(" {} ({})", model.label(), model.sha256.substr(0, 12));
    }
    return words;
}

void carry_out(const AuditWork& work) {
    auto& ledger = work.ledger;
    if (!ledger.has_plan()) ledger.keep(planned(work));
    const auto& ids = ledger.plan().ids;
    const auto wanted = std::min(ledger.plan().sample, ids.size());
    Looking looking{work};
    Progress progress{"audit", wanted, Progress::Piped::lines};
    std::size_t taken = 0;
    for (const auto& one : ledger.done()) {
        if (!one.is_of_sample) continue;
        ++taken;
        progress.step();
    }
    for (const auto& id : ids) {
        if (taken >= wanted) break;
        if (ledger.is_done(id)) continue;
        auto item = looking.at(id);
        const bool counts = item.is_of_sample;
        ledger.add(std::move(item));
        work.source.drop(id);
        if (!counts) continue;
        ++taken;
        progress.step();
    }
}

Audit audit_of(const AuditLedger& ledger, const std::vector<AuditedModel>& models) {
    Audit audit{.title = "",
                .remarks = {},
                .models = models,
                .images = {},
                .studies = 0,
                .left_out = {},
                .salt = ledger.salt()};
    std::set<std::string> studies;
    for (const auto& item : ledger.done()) {
        if (!item.left_out.empty()) ++audit.left_out[item.left_out];
        for (const auto& [why, images] : item.skipped) audit.left_out[why] += images;
        for (const auto& image : item.images) {
            studies.insert(image.study);
            audit.images.push_back(image);
        }
    }
    audit.studies = studies.size();
    return audit;
}

}  // namespace bucky
