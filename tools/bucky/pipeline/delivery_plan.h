// SPDX-License-Identifier: Apache-2.0
// DeliveryPlan: what each destination gets of a study, and in which form: kinds, conditions,
// language, thresholds, and the SOP classes that it accepts. Destinations with the same form share
// one object with one UID; another form is another object. Any thread; files are only read.
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
    std::string destination;  ///< empty: none; the result is only kept
    std::string owner{};      ///< the tenant; empty: none
    std::set<ResultKind> always, if_found;
    Language language = Language::english;
    std::vector<inference::Threshold> thresholds;
    /// By kind: the best class that the destination is known to accept, if not the best of all.
    std::map<ResultKind, Uid> lesser_classes{};

    bool wants(ResultKind kind) const { return always.contains(kind) || if_found.contains(kind); }
    Variant variant_of(ResultKind kind) const {
        const auto lesser = lesser_classes.find(kind);
        return lesser == lesser_classes.end() ? best_of(kind) : Variant{kind, lesser->second};
    }
};

/// One per destination of this owner (conf/tenants.h); one without a destination when it has none.
std::vector<DeliveryPlan> delivery_plans_of(const conf::Settings& settings,
                                            storage::PeerClasses& classes,
                                            const std::string& owner = "");

/// An object and its destinations.
struct Planned {
    dicom_sr::Object object;
    std::string rendering;  ///< in words; empty: the default
    std::vector<std::string> destinations;
};

/// Earlier results in one rendering: the last document of a kind of this study, and the reports of
/// earlier studies of the patient.
struct Earlier {
    std::optional<dicom_sr::Predecessor> last;
    std::vector<dicom_sr::Prior> priors;
};
using EarlierIn = std::function<Earlier(ResultKind kind, const std::string& rendering)>;

/// An estimate of the bytes that make_planned() holds at once: the documents and, for the image
/// with the largest pictures, three bytes per pixel of each picture plus what drawing one needs.
std::uint64_t bytes_to_make(const std::vector<DeliveryPlan>& plans,
                            const std::vector<JudgedImage>& images, const Requested& common);

/// Takes each object as soon as it is made: the objects of one image are released before the next
/// image is opened.
using Give = std::function<void(Planned)>;

/// in   the images of one study and patient, the plans, a decoder, the values that all objects
///      share (node and version; the rest of `common` is filled in), and the earlier results
/// out  documents first; same images and same plans, same UIDs. Results of an owner have separate
///      UIDs, so that they never name or replace those of another owner. Images beyond one
///      document's limit go into further documents, so that each analysed image is listed; images
///      that were not analysed fill the last one, and those that do not fit are counted in all
/// err  as results_of()
void make_planned(const std::vector<DeliveryPlan>& plans, const std::vector<JudgedImage>& images,
                  const Requested& common, const EarlierIn& earlier_in, inference::Decoder& decoder,
                  const Give& give);
std::vector<Planned> make_planned(const std::vector<DeliveryPlan>& plans,
                                  const std::vector<JudgedImage>& images, const Requested& common,
                                  const EarlierIn& earlier_in,
                                  inference::Decoder& decoder = inference::in_process());

}  // namespace bucky
