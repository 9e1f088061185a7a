// SPDX-License-Identifier: Apache-2.0
// What happens to the text that was found in an image before the image leaves this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "inference/findings.h"
#include "inference/pixels/header.h"
#include "inference/pixels/image.h"
#include "inference/pixels/text_search.h"

namespace bucky::inference {

struct Masked {
    std::size_t lines = 0;           ///< that were painted over
    std::optional<Reason> withheld;  ///< why the image must not leave; then nothing was painted
};

/// `strict` where the header says that the pixels name a patient: Burned In Annotation YES.
enum class Care : std::uint8_t { usual, strict };

Care care_for(const Header& header);

/// Paints text outside the lungs over with the grey around it. Harmless text stays.
///   in   a decoded image; the text in it
///   out  how many lines were painted over; or a reason: text over the lungs, where paint could
///        hide a finding; text over too much of the picture; a search that did not end. Strictly
///        also: what could be text over the lungs; nothing to paint over
///   err  none
Masked mask_text(Image& image, const TextSearch& found, Care care = Care::usual);

}  // namespace bucky::inference
