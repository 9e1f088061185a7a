// SPDX-License-Identifier: Apache-2.0
// DeliveryPlan: what each destination gets of a study, and how it is told there: kinds, when,
// language, thresholds, and the SOP classes that it takes. What two destinations get in the same
// way is one object with one UID; what is told otherwise is another. Any thread; the files are only
// read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "conf/base/ids.h"
#include "conf/settings.h"
#include "dicom_sr/common/object.h"
#include "inference/package/thresholds.h"
#include "storage/peer_classes.h"
#include "tools/bucky/pipeline/results.h"

namespace bucky {

struct DeliveryPlan {
    std::string destination;  ///< empty: nobody's; the result stays here
    std::string owner{};      ///< the tenant whose images they are; empty: nobody's
    std::set<ResultKind> always, if_found;
    std::string language;
    std::vector<inference::Threshold> thresholds;
    /// By kind: the best class that it is known to take, where that is not the best of all.
    std::map<ResultKind, Uid> lesser_classes{};

    bool wants(ResultKind kind) const { return always.contains(kind) || if_found.contains(kind); }
    Variant variant_of(ResultKind kind) const {
        const auto lesser = lesser_classes.find(kind);
        return lesser == lesser_classes.end() ? best_of(kind) : Variant{kind, lesser->second};
    }
};

/// One a destination of this owner's (conf/tenants.h); one for nobody when he has none.
std::vector<DeliveryPlan> delivery_plans_of(const conf::Settings& settings,
                                            storage::PeerClasses& classes,
                                            const std::string& owner = "");

/// An object and who gets it.
struct Planned {
    dicom_sr::Object object;
    std::string rendering;  ///< in words; empty: the plain one
    std::vector<std::string> destinations;
};

/// What was made before in one rendering: the last document of a kind of this study, and the
/// reports of earlier studies of the patient.
struct Earlier {
    std::optional<Uid> last;
    Uid last_series = {};  ///< empty: that of what is made now
    std::vector<dicom_sr::Prior> priors;
};
using EarlierIn = std::function<Earlier(ResultKind kind, const std::string& rendering)>;

/// Bytes that fill() holds of these at once, about: the documents, and of the image with the
/// largest pictures three a pixel of each, and what there is beside while one is drawn.
std::uint64_t bytes_to_make(const std::vector<DeliveryPlan>& plans,
                            const std::vector<JudgedImage>& images, const Requested& common);

/// Takes an object away as soon as it is made: what is made for one image is let go before the next
/// is opened.
using Give = std::function<void(Planned)>;

/// in   the images of one study and patient, who wants what, who opens their files, what is the
/// same
///      for all: node and version (the rest of `common` is filled in), and what was made before
/// out  documents first; same images and same orders, same UIDs. What is an owner's has UIDs of its
///      own, so that one owner's result never names, replaces or is taken for another's. Of more
///      images than one document lists there are several, so that each analysed image is listed;
///      images that were not analysed fill the last one, and what finds no place is counted in all
/// err  as results_of()
void make_planned(const std::vector<DeliveryPlan>& plans, const std::vector<JudgedImage>& images,
                  const Requested& common, const EarlierIn& earlier_in, inference::Decoder& decoder,
                  const Give& give);
std::vector<Planned> make_planned(const std::vector<DeliveryPlan>& plans,
                                  const std::vector<JudgedImage>& images, const Requested& common,
                                  const EarlierIn& earlier_in,
                                  inference::Decoder& decoder = inference::in_process());

}  // namespace bucky
