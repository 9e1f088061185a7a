// SPDX-License-Identifier: Apache-2.0
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

constexpr Key<OverlaySettings> kKeys[] = {
    {"enabled", &OverlaySettings::enabled, Anything{}, "",
     "Send a picture of each analysed image with its findings drawn in."},
    {"style", choice<&OverlaySettings::style>, OneOf{kWordsOf<Marking>}, "",
     "How a finding is marked. Without a heatmap, outlines are drawn in any case."},
    {"longer_side_px", &OverlaySettings::longer_side_px, Range{256, 8192}, "px",
     "Longer side of the picture. Smaller images are enlarged at most twice."},
};

}  // namespace

Section<OverlaySettings> overlay_section() {
    return {.name = "overlay",
            .field = &Settings::overlay,
            .keys = kKeys,
            .sentence = "The pictures that are sent beside the report."};
}

}  // namespace bucky::conf
