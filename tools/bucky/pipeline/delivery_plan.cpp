// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/delivery_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "conf/base/limits.h"
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

std::string and_words(std::string rendering, const std::string& words) {
    if (words.empty()) return rendering;
    return rendering + (rendering.empty() ? "" : ", ") + words;
}

std::string with_class(std::string rendering, const Uid& sop_class, std::string_view plain) {
    return and_words(std::move(rendering), sop_class.str() == plain ? "" : "in " + sop_class.str());
}

bool is_analysed(const JudgedImage& judged) {
    return dicom_sr::was_analysed(judged.image.result);
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

/// What one document lists.
struct Listing {
    std::vector<JudgedImage> images;
    std::size_t listed_elsewhere = 0;
    std::vector<dicom_sr::Unlisted> unlisted{};
};

/// What finds no place in a document is counted by reason; the rarest reasons as one.
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

/// In which order a report that cannot list all lists them.
int place_in_line(const JudgedImage& judged) {
    if (has_finding(judged)) return 0;
    if (is_analysed(judged)) return 1;
    return judged.image.result.verdict == inference::Verdict::failed ? 2 : 3;
}

/// Mostly one of all images, as they came. See fill() for more.
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

/// Makes what one group of orders asks for, which tell everything alike but for SOP classes.
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
        found_ = std::ranges::any_of(images_, has_finding);
        choose_pictured(images_);
    }

    void add_documents(const EarlierIn& earlier_in) {
        const auto listings = listings_of(images_);
        for (std::size_t at = 0; at < listings.size(); ++at) {
            add_documents(listings[at], at == 0 ? "" : fmt::format("part {}", at + 1), earlier_in);
        }
    }

    void add_pictures() {
        for (const auto& judged : images_) {
            if (!judged.is_pictured) continue;
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

    void add_documents(const Listing& listing, const std::string& part_name,
                       const EarlierIn& earlier_in) {
        for (const auto& [sop_class, part] : by_class(group_, &DeliveryPlan::report_class)) {
            const Group readers = takers(part, kind::kReport, found_);
            if (readers.empty()) continue;
            const auto rendering =
                and_words(with_class(rendering_, sop_class, kReportClasses.front()), part_name);
            const auto earlier = earlier_in(kind::kReport, rendering);
            Requested requested = wanted_of(listing, kind::kReport, earlier);
            requested.report.sop_class = sop_class;
            explain(readers, requested);
            keep(results_of(listing.images, std::move(requested), decoder_), rendering,
                 {{kind::kReport, readers}});
        }
        const Group readers = takers(group_, kind::kChestCad, found_);
        if (readers.empty()) return;
        const auto rendering = and_words(rendering_, part_name);
        Requested requested =
            wanted_of(listing, kind::kChestCad, earlier_in(kind::kChestCad, rendering));
        keep(results_of(listing.images, std::move(requested), decoder_), rendering,
             {{kind::kChestCad, readers}});
    }

    Requested wanted_of(const Listing& listing, const char* kind, const Earlier& earlier) const {
        Requested requested = common_;
        requested.kinds = {kind};
        requested.report.predecessor = earlier.last;
        requested.report.predecessor_series = earlier.last_series;
        requested.report.priors = earlier.priors;
        requested.report.listed_elsewhere = listing.listed_elsewhere;
        requested.report.unlisted = listing.unlisted;
        return requested;
    }

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
            const bool is_document = object.kind == kind::kReport || object.kind == kind::kChestCad;
            const bool has_classes = !fallbacks_of(object.sop_class.str()).empty();
            give_({std::move(object), is_document || has_classes ? rendering : rendering_,
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
    const double documents = kDocumentBytesAnImage * static_cast<double>(images.size());
    double pictures = 0;  // of the image that takes most
    const auto add = [&](double pixels, std::size_t times, double beside) {
        if (times == 0) return;
        pictures = std::max(pictures, kPictureBytesAPixel * pixels * static_cast<double>(times) +
                                          kDrawingBytesAPixel * pixels + beside);
    };
    const auto overlays = ways_of(plans, kind::kOverlay);
    const auto notices = ways_of(plans, kind::kNotice);
    for (const auto& judged : images) {
        const auto& source = judged.image.source;
        if (is_analysed(judged)) {
            const double stored = static_cast<double>(source.rows) * source.columns;
            add(pixels_drawn(source, common.longer_side_px), overlays, stored);
        } else {
            add(kNoticePixels, notices, 0);
        }
    }
    add(kSummaryPixels, ways_of(plans, kind::kSummary), 0);
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
