// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/delivery_plan.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "conf/base/limits.h"
#include "conf/dicom/result_kinds.h"
#include "conf/tenants.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/kind.h"
#include "tools/bucky/engine/thresholds.h"

namespace bucky {
namespace {

std::string_view best_taken(storage::PeerClasses& classes, const std::string& destination,
                            std::span<const std::string_view> ladder) {
    for (const auto one : ladder) {
        if (classes.takes(destination, one).value_or(true)) return one;
    }
    return ladder.front();  // it takes none: its refusal names the best
}

std::map<ResultKind, Uid> lesser_classes_of(storage::PeerClasses& classes,
                                            const std::string& destination) {
    std::map<ResultKind, Uid> lesser;
    for (const auto& row : kResultKinds) {
        const auto taken = best_taken(classes, destination, row.classes);
        if (taken != row.classes.front()) lesser.emplace(row.kind, taken);
    }
    return lesser;
}

std::set<ResultKind> kinds_of(const std::vector<ResultKind>& listed,
                              const conf::Settings& settings) {
    std::set<ResultKind> kinds(listed.begin(), listed.end());
    if (!settings.overlay.enabled) kinds.erase(ResultKind::overlay);
    return kinds;
}

/// Empty for the default: no owner, English, the packages' thresholds.
std::string rendering_of(const DeliveryPlan& plan) {
    std::string words = plan.owner.empty() ? "" : "for " + plan.owner;
    if (plan.language != Language::english) {
        words += fmt::format("{}{}", words.empty() ? "" : ", ", word_of(plan.language));
    }
    for (const auto& one : plan.thresholds) {
        words += fmt::format("{}{} {} from {:.4f}", words.empty() ? "" : ", ", one.finding,
                             one.sha256.substr(0, 12), one.value);
    }
    return words;
}

std::string and_words(std::string rendering, const std::string& words) {
    if (words.empty()) return rendering;
    return rendering + (rendering.empty() ? "" : ", ") + words;
}

std::string with_class(std::string rendering, const Variant& variant) {
    const bool is_best = variant == best_of(variant.kind);
    return and_words(std::move(rendering), is_best ? "" : "in " + variant.sop_class.str());
}

bool is_analysed(const JudgedImage& judged) {
    return dicom_sr::was_analysed(judged.image.result);
}

// The memory of a report, for bytes_to_make(): rather too much than too little.
constexpr double kPictureBytesAPixel = 1.1;            ///< RLE that finds no two equal bytes
constexpr double kDrawingBytesAPixel = 4 + 3 + 3 + 3;  ///< canvas, drawing, data set, its bytes
constexpr double kDocumentBytesAnImage = 100'000;      ///< per listed image of a report

/// The number of variants of this kind, each a separate object.
std::size_t ways_of(const std::vector<DeliveryPlan>& plans, ResultKind kind) {
    std::set<std::pair<std::string, Variant>> ways;
    for (const auto& plan : plans) {
        if (plan.wants(kind)) ways.emplace(rendering_of(plan), plan.variant_of(kind));
    }
    return ways.size();
}

using Group = std::vector<const DeliveryPlan*>;
using Takers = std::map<Variant, Group>;  ///< the destinations that get a variant

bool gets(const DeliveryPlan& plan, ResultKind kind, bool found) {
    return plan.always.contains(kind) || (found && plan.if_found.contains(kind));
}

/// The objects of this scope for a group.
Takers takers_of(const Group& group, ResultScope scope, bool found) {
    Takers takers;
    for (const auto& row : kResultKinds) {
        if (row.scope != scope) continue;
        for (const DeliveryPlan* plan : group) {
            if (gets(*plan, row.kind, found)) takers[plan->variant_of(row.kind)].push_back(plan);
        }
    }
    return takers;
}

/// The images that one document lists.
struct Listing {
    std::vector<JudgedImage> images;
    std::size_t listed_elsewhere = 0;
    std::vector<dicom_sr::Unlisted> unlisted{};
};

/// Images that do not fit are counted by reason; the rarest reasons as one.
std::vector<dicom_sr::Unlisted> counted(std::span<const JudgedImage> images) {
    constexpr std::size_t kReasonsMax = 20;
    std::map<std::string, std::size_t> by_reason;
    for (const auto& judged : images) {
        const auto& reason = judged.image.result.reason;
        ++by_reason[reason ? reason->text : ""];
    }
    std::vector<dicom_sr::Unlisted> all;
    for (const auto& [reason, count] : by_reason) all.push_back({reason, count});
    std::ranges::stable_sort(all, std::ranges::greater{}, &dicom_sr::Unlisted::images);
    while (all.size() > kReasonsMax) {
        const auto rarest = all.back().images;
        all.pop_back();
        all.back().reason = "other reasons";
        all.back().images += rarest;
    }
    return all;
}

/// The order of images in a report that cannot list all of them.
int place_in_line(const JudgedImage& judged) {
    if (has_finding(judged)) return 0;
    if (is_analysed(judged)) return 1;
    return judged.image.result.verdict == inference::Verdict::failed ? 2 : 3;
}

/// Usually one document with all images in order of arrival. See make_planned() for more.
std::vector<Listing> listings_of(const std::vector<JudgedImage>& images) {
    constexpr auto kMost = limits::kReportImagesMax;
    if (images.size() <= kMost) return {{images}};
    auto sorted = images;
    std::ranges::stable_sort(sorted, {}, place_in_line);
    const auto analysed = static_cast<std::size_t>(std::ranges::count_if(images, is_analysed));
    const std::size_t documents = std::max<std::size_t>(1, (analysed + kMost - 1) / kMost);
    const std::size_t listed = std::min(sorted.size(), documents * kMost);
    const auto unlisted = counted(std::span{sorted}.subspan(listed));
    std::vector<Listing> listings;
    for (std::size_t from = 0; from < listed; from += kMost) {
        const auto part = std::span{sorted}.subspan(from, std::min(kMost, listed - from));
        listings.push_back({{part.begin(), part.end()}, listed - part.size(), unlisted});
    }
    return listings;
}

/// Makes the objects for one group of plans that differ only in SOP classes.
class Maker {
public:
    Maker(const Group& group, std::vector<JudgedImage> images, const Requested& common,
          const Give& give, inference::Decoder& decoder)
        : group_(group),
          rendering_(rendering_of(*group.front())),
          common_(common),
          images_(std::move(images)),
          give_(give),
          decoder_(decoder) {
        common_.report.language = group.front()->language;
        for (auto& judged : images_) {
            judged.image.result =
                inference::decided_at(judged.image.result, group.front()->thresholds);
            judged.image.rendering = rendering_;
        }
        found_ = has_finding(std::span<const JudgedImage>{images_});
        choose_pictured(images_);
    }

    void add_documents(const EarlierIn& earlier_in) {
        const auto listings = listings_of(images_);
        for (std::size_t at = 0; at < listings.size(); ++at) {
            add_documents(listings[at], at == 0 ? "" : fmt::format("part {}", at + 1), earlier_in);
        }
    }

    void add_pictures() {
        for (const auto& image : by_image(images_)) {
            if (!image.front().is_pictured) continue;
            make({image.begin(), image.end()},
                 was_analysed(image)
                     ? takers_of(group_, ResultScope::analysed_image, has_finding(image))
                     : takers_of(group_, ResultScope::skipped_image, found_));
        }
        make(images_, takers_of(group_, ResultScope::study_page, found_));
    }

private:
    void add_documents(const Listing& listing, const std::string& part_name,
                       const EarlierIn& earlier_in) {
        for (const auto& [variant, readers] : takers_of(group_, ResultScope::study, found_)) {
            const auto rendering = and_words(with_class(rendering_, variant), part_name);
            const auto earlier = earlier_in(variant.kind, rendering);
            Requested requested = common_;
            requested.variants = {variant};
            requested.report.predecessor = earlier.last;
            requested.report.priors = earlier.priors;
            requested.report.listed_elsewhere = listing.listed_elsewhere;
            requested.report.unlisted = listing.unlisted;
            if (row_of(variant.kind).refers) requested.beside = got_by_all(readers, variant);
            keep(results_of(listing.images, std::move(requested), decoder_), {{variant, readers}},
                 part_name);
        }
    }

    /// All objects of one call share one decoding of the image.
    void make(const std::vector<JudgedImage>& images, const Takers& takers) {
        if (takers.empty()) return;
        Requested requested = common_;
        for (const auto& [variant, readers] : takers) requested.variants.insert(variant);
        keep(results_of(images, std::move(requested), decoder_), takers);
    }

    /// A report refers to the objects that show its findings, if all of its destinations get them
    /// in the same class; otherwise it refers to none.
    static std::set<Variant> got_by_all(const Group& readers, const Variant& report) {
        if (report.sop_class.str() == sop_class::kBasicTextSr) return {};  // it has no references
        std::set<Variant> beside;
        for (const auto& row : kResultKinds) {
            if (!row.explains) continue;
            const Variant one = readers.front()->variant_of(row.kind);
            const auto takes_it = [&](const DeliveryPlan* plan) {
                return plan->variant_of(row.kind) == one;
            };
            if (!std::ranges::all_of(readers, takes_it)) return {};
            const auto gets_it = [&](const DeliveryPlan* plan) {
                return gets(*plan, row.kind, true);
            };
            if (std::ranges::all_of(readers, gets_it)) beside.insert(one);
        }
        return beside;
    }

    void keep(std::vector<dicom_sr::Object> objects, const Takers& takers,
              const std::string& part_name = "") {
        for (auto& object : objects) {
            const Variant variant{object.kind, object.sop_class};
            std::vector<std::string> names;
            for (const DeliveryPlan* plan : takers.at(variant)) {
                if (!plan->destination.empty()) names.push_back(plan->destination);
            }
            give_({std::move(object), and_words(with_class(rendering_, variant), part_name),
                   std::move(names)});
        }
    }

    const Group& group_;
    const std::string rendering_;
    Requested common_;
    std::vector<JudgedImage> images_;
    const Give& give_;
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
    for (const auto* one : destinations) {
        const auto& destination = *one;
        DeliveryPlan plan;
        plan.destination = destination.name;
        plan.owner = owner;
        plan.always = kinds_of(destination.send, settings);
        plan.if_found = kinds_of(destination.send_if_found, settings);
        plan.language = destination.language.value_or(settings.node.language);
        if (tenant != nullptr) plan.language = tenant->language.value_or(plan.language);
        plan.thresholds = thresholds_for(settings, destination.name, owner);
        plan.lesser_classes = lesser_classes_of(classes, destination.name);
        plans.push_back(std::move(plan));
    }
    return plans;
}

std::uint64_t bytes_to_make(const std::vector<DeliveryPlan>& plans,
                            const std::vector<JudgedImage>& images, const Requested& common) {
    const double documents = kDocumentBytesAnImage * static_cast<double>(images.size());
    double pictures = 0;  // of the largest image or page
    const double samples = common.marking == Marking::outline ? 1 : 3;
    for (const auto& row : kResultKinds) {
        const auto times = static_cast<double>(ways_of(plans, row.kind));
        if (times == 0 || row.scope == ResultScope::study) continue;
        for (const auto& judged : images) {
            const bool is_image = row.scope != ResultScope::study_page;
            const auto scope =
                is_analysed(judged) ? ResultScope::analysed_image : ResultScope::skipped_image;
            if (is_image && row.scope != scope) continue;
            const auto& source = judged.image.source;
            const double pixels =
                dicom_sr::parts_of(row.kind).pixels_drawn(source, common.longer_side_px);
            const double stored = scope == ResultScope::analysed_image && is_image
                                      ? static_cast<double>(source.rows) * source.columns
                                      : 0;
            pictures = std::max(pictures, kPictureBytesAPixel * samples * pixels * times +
                                              kDrawingBytesAPixel * pixels + stored);
        }
    }
    return static_cast<std::uint64_t>(documents + pictures);
}

void make_planned(const std::vector<DeliveryPlan>& plans, const std::vector<JudgedImage>& images,
                  const Requested& common, const EarlierIn& earlier_in, inference::Decoder& decoder,
                  const Give& give) {
    std::map<std::string, Group> groups;
    for (const auto& plan : plans) groups[rendering_of(plan)].push_back(&plan);
    std::vector<Maker> makers;
    for (const auto& [rendering, group] : groups) {
        makers.emplace_back(group, images, common, give, decoder);
    }
    for (auto& maker : makers) maker.add_documents(earlier_in);
    for (auto& maker : makers) maker.add_pictures();
}

std::vector<Planned> make_planned(const std::vector<DeliveryPlan>& plans,
                                  const std::vector<JudgedImage>& images, const Requested& common,
                                  const EarlierIn& earlier_in, inference::Decoder& decoder) {
    std::vector<Planned> made;
    make_planned(plans, images, common, earlier_in, decoder,
                 [&](Planned one) { made.push_back(std::move(one)); });
    return made;
}

}  // namespace bucky
