// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/delivery_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "conf/dicom/sop_classes.h"
#include "conf/tenants.h"
#include "dicom_sr/common/modules.h"
#include "tools/bucky/engine/thresholds.h"

namespace bucky {
namespace {

namespace kind = dicom_sr::kind;

Uid best_taken(storage::PeerClasses& classes, const std::string& destination,
               std::span<const std::string_view> ladder) {
    for (const auto one : ladder) {
        if (classes.takes(destination, one).value_or(true)) return Uid{one};
    }
    return Uid{ladder.front()};  // it takes none: it is offered the best, and refuses it by name
}

std::set<std::string, std::less<>> kinds_of(const std::vector<std::string>& words,
                                            const conf::Settings& settings) {
    std::set<std::string, std::less<>> kinds(words.begin(), words.end());
    if (!settings.overlay.enabled) kinds.erase(kind::kOverlay);
    return kinds;
}

/// Empty for nobody's images in English at the packages' thresholds: that is the plain way.
std::string rendering_of(const DeliveryPlan& plan) {
    std::string words = plan.owner.empty() ? "" : "for " + plan.owner;
    if (plan.language != "en") words += (words.empty() ? "" : ", ") + plan.language;
    for (const auto& one : plan.thresholds) {
        words += fmt::format("{}{} {} from {:.4f}", words.empty() ? "" : ", ", one.finding,
                             one.sha256.substr(0, 12), one.value);
    }
    return words;
}

std::string with_class(std::string rendering, const Uid& sop_class, std::string_view plain) {
    if (sop_class.str() == plain) return rendering;
    return rendering + (rendering.empty() ? "" : ", ") + "in " + sop_class.str();
}

bool is_analysed(const JudgedImage& judged) {
    return dicom_sr::was_analysed(judged.image.result);
}

/// Something that a reader should look at: what is undetermined is not nothing.
bool has_finding(const JudgedImage& judged) {
    return is_analysed(judged) &&
           std::ranges::any_of(judged.image.result.findings, [](const auto& finding) {
               return finding.answer != inference::Answer::absent;
           });
}

// What a report costs in memory, for bytes_to_make(): rather too much than too little.
constexpr double kPictureBytesAPixel = 3;
constexpr double kDrawingBytesAPixel = 4 + 3 + 3 + 3;  ///< canvas, drawing, data set, its bytes
constexpr double kWithPanel = 1.6;                     ///< the words beside or below the image
constexpr double kSummaryPixels = 1240 * 5000;         ///< twelve images on one page
constexpr double kNoticePixels = 720 * 400;
constexpr double kDocumentBytesAnImage = 100'000;  ///< of a report that lists it, while it is made

/// In how many ways, each an object of its own, this kind is told.
std::size_t ways_of(const std::vector<DeliveryPlan>& plans, std::string_view kind) {
    std::set<std::pair<std::string, Uid>> ways;
    for (const auto& plan : plans) {
        if (plan.wants(kind)) ways.emplace(rendering_of(plan), plan.picture_class);
    }
    return ways.size();
}

/// Of one picture: the image at this size, or enlarged twice, with its panel.
double pixels_drawn(const dicom_sr::Source& source, double longer_side_px) {
    const double longer = std::max(source.rows, source.columns);
    if (longer == 0) return longer_side_px * longer_side_px;
    const double scale = std::min(longer_side_px / longer, 2.0);
    return kWithPanel * scale * scale * source.rows * source.columns;
}

using Group = std::vector<const DeliveryPlan*>;

bool gets(const DeliveryPlan& plan, std::string_view kind, bool found) {
    return plan.always.contains(kind) || (found && plan.if_found.contains(kind));
}

/// Those of the group who want this kind now.
Group takers(const Group& group, std::string_view kind, bool found) {
    Group found_ones;
    std::ranges::copy_if(group, std::back_inserter(found_ones),
                         [&](const DeliveryPlan* plan) { return gets(*plan, kind, found); });
    return found_ones;
}

std::map<Uid, Group> by_class(const Group& group, Uid DeliveryPlan::*sop_class) {
    std::map<Uid, Group> parts;
    for (const DeliveryPlan* plan : group) parts[plan->*sop_class].push_back(plan);
    return parts;
}

/// Makes what one group of orders asks for, which tell everything alike but for SOP classes.
class Maker {
public:
    Maker(const Group& group, std::vector<JudgedImage> images, const Requested& common,
          std::vector<Planned>& made, inference::Decoder& decoder)
        : group_(group),
          rendering_(rendering_of(*group.front())),
          common_(common),
          images_(std::move(images)),
          made_(made),
          decoder_(decoder) {
        common_.report.language = group.front()->language;
        for (auto& judged : images_) {
            judged.image.result =
                inference::decided_at(judged.image.result, group.front()->thresholds);
            judged.image.rendering = rendering_;
        }
        found_ = std::ranges::any_of(images_, has_finding);
    }

    void add_documents(const EarlierIn& earlier_in) {
        for (const auto& [sop_class, part] : by_class(group_, &DeliveryPlan::report_class)) {
            const Group readers = takers(part, kind::kReport, found_);
            if (readers.empty()) continue;
            Requested requested = common_;
            requested.kinds = {kind::kReport};
            requested.report.sop_class = sop_class;
            explain(readers, requested);
            const auto rendering = with_class(rendering_, sop_class, kReportClasses.front());
            auto [last, priors] = earlier_in(kind::kReport, rendering);
            requested.report.predecessor = std::move(last);
            requested.report.priors = std::move(priors);
            keep(results_of(images_, std::move(requested), decoder_), rendering,
                 {{kind::kReport, readers}});
        }
        const Group readers = takers(group_, kind::kChestCad, found_);
        if (readers.empty()) return;
        Requested requested = common_;
        requested.kinds = {kind::kChestCad};
        requested.report.predecessor = earlier_in(kind::kChestCad, rendering_).last;
        keep(results_of(images_, std::move(requested), decoder_), rendering_,
             {{kind::kChestCad, readers}});
    }

    void add_pictures() {
        std::size_t pictured = 0, noticed = 0;
        for (const auto& judged : images_) {
            if (++(is_analysed(judged) ? pictured : noticed) > kPicturedImagesMax) continue;
            bool is_first = true;
            for (const auto& [sop_class, part] : by_class(group_, &DeliveryPlan::picture_class)) {
                Takers names =
                    is_analysed(judged) ? of_analysed(judged, part, is_first) : of_noticed(part);
                make({judged}, sop_class, names);
                is_first = false;
            }
        }
        for (const auto& [sop_class, part] : by_class(group_, &DeliveryPlan::picture_class)) {
            make(images_, sop_class, {{kind::kSummary, takers(part, kind::kSummary, found_)}});
        }
    }

private:
    using Takers = std::map<std::string, Group, std::less<>>;  ///< by kind

    /// The picture is made in each class that somebody takes, what has one class only once.
    Takers of_analysed(const JudgedImage& judged, const Group& part, bool is_first) const {
        const bool found = has_finding(judged);
        Takers names{{kind::kOverlay, takers(part, kind::kOverlay, found)}};
        if (!is_first) return names;
        for (const char* one : {kind::kPresentation, kind::kSegmentation}) {
            names[one] = takers(group_, one, found);
        }
        return names;
    }

    Takers of_noticed(const Group& part) const {
        return {{kind::kNotice, takers(part, kind::kNotice, found_)}};
    }

    /// All of one call share one decoding of the image.
    void make(const std::vector<JudgedImage>& images, const Uid& picture_class,
              const Takers& names) {
        Requested requested = common_;
        for (const auto& [one, who] : names) {
            if (!who.empty()) requested.kinds.insert(one);
        }
        if (requested.kinds.empty()) return;
        requested.picture_class = picture_class;
        keep(results_of(images, std::move(requested), decoder_),
             with_class(rendering_, picture_class, kPictureClasses.front()), names);
    }

    /// A report refers to what shows its findings where all of its readers get that too.
    void explain(const Group& readers, Requested& requested) const {
        if (requested.report.sop_class.str() == kReportClasses.back())
            return;  // text refers to none
        requested.picture_class = readers.front()->picture_class;
        for (const char* one : {kind::kOverlay, kind::kSegmentation}) {
            const bool all_get = std::ranges::all_of(readers, [&](const DeliveryPlan* plan) {
                return gets(*plan, one, true) && plan->picture_class == requested.picture_class;
            });
            if (all_get) requested.beside.insert(one);
        }
    }

    void keep(std::vector<dicom_sr::Object> objects, const std::string& rendering,
              const Takers& takers_of) {
        for (auto& object : objects) {
            std::vector<std::string> names;
            for (const DeliveryPlan* plan : takers_of.find(object.kind)->second) {
                if (!plan->destination.empty()) names.push_back(plan->destination);
            }
            const bool has_classes = !fallbacks_of(object.sop_class.str()).empty();
            made_.push_back({std::move(object), has_classes ? rendering : rendering_, names});
        }
    }

    const Group& group_;
    const std::string rendering_;
    Requested common_;
    std::vector<JudgedImage> images_;
    std::vector<Planned>& made_;
    inference::Decoder& decoder_;
    bool found_ = false;
};

}  // namespace

std::vector<DeliveryPlan> delivery_plans_of(const conf::Settings& settings,
                                            storage::PeerClasses& classes,
                                            const std::string& owner) {
    std::vector<DeliveryPlan> plans;
    const conf::DestinationSettings nobody;
    auto destinations = conf::destinations_of(settings, owner);
    if (destinations.empty()) destinations.push_back(&nobody);
    const auto* tenant = conf::tenant_of(settings, owner);
    const bool has_language = tenant != nullptr && !tenant->language.empty();
    for (const auto* one : destinations) {
        const auto& destination = *one;
        DeliveryPlan plan;
        plan.destination = destination.name;
        plan.owner = owner;
        plan.always = kinds_of(destination.send, settings);
        plan.if_found = kinds_of(destination.send_if_found, settings);
        plan.language = has_language                   ? tenant->language
                        : destination.language.empty() ? settings.node.language
                                                       : destination.language;
        plan.thresholds = thresholds_for(settings, destination.name, owner);
        plan.report_class = best_taken(classes, destination.name, kReportClasses);
        plan.picture_class = best_taken(classes, destination.name, kPictureClasses);
        plans.push_back(std::move(plan));
    }
    return plans;
}

std::uint64_t bytes_to_make(const std::vector<DeliveryPlan>& plans,
                            const std::vector<JudgedImage>& images, const Requested& common) {
    double kept = kDocumentBytesAnImage * static_cast<double>(images.size());
    double drawn = 0;
    const auto add = [&](double pixels, std::size_t times, double beside) {
        if (times == 0) return;
        kept += kPictureBytesAPixel * pixels * static_cast<double>(times);
        drawn = std::max(drawn, kDrawingBytesAPixel * pixels + beside);
    };
    const auto overlays = ways_of(plans, kind::kOverlay);
    const auto notices = ways_of(plans, kind::kNotice);
    std::size_t pictured = 0, noticed = 0;
    for (const auto& judged : images) {
        if (++(is_analysed(judged) ? pictured : noticed) > kPicturedImagesMax) continue;
        const auto& source = judged.image.source;
        if (is_analysed(judged)) {
            const double stored = static_cast<double>(source.rows) * source.columns;
            add(pixels_drawn(source, common.longer_side_px), overlays, stored);
        } else {
            add(kNoticePixels, notices, 0);
        }
    }
    add(kSummaryPixels, ways_of(plans, kind::kSummary), 0);
    return static_cast<std::uint64_t>(kept + drawn);
}

std::vector<Planned> make_planned(const std::vector<DeliveryPlan>& plans,
                                  const std::vector<JudgedImage>& images, const Requested& common,
                                  const EarlierIn& earlier_in, inference::Decoder& decoder) {
    std::map<std::string, Group> groups;
    for (const auto& plan : plans) groups[rendering_of(plan)].push_back(&plan);
    std::vector<Planned> made;
    std::vector<Maker> makers;
    for (const auto& [rendering, group] : groups) {
        makers.emplace_back(group, images, common, made, decoder);
    }
    for (auto& maker : makers) maker.add_documents(earlier_in);
    for (auto& maker : makers) maker.add_pictures();
    return made;
}

}  // namespace bucky
