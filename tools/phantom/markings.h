// SPDX-License-Identifier: Apache-2.0
// The parts that are drawn with strokes: bones in the tissue, vessels and fine texture in the
// lungs.
//
// Each function draws on the given layer, in millimetres of water. Pure in (anatomy, view).
#pragma once

#include "tools/phantom/anatomy.h"
#include "tools/phantom/canvas.h"

namespace bucky::phantom {

/// Ribs (posterior and anterior arcs), clavicles, scapulae and humeral heads.
void draw_bones(const Anatomy& anatomy, Layer& tissue);

/// Vessels that branch from both hila; the value grows with the thickness of the vessel.
void draw_vessels(const Anatomy& anatomy, Layer& vessels);

/// The tissue between the vessels: the fine grain of a lung, 0 on average.
double lung_grain(const Anatomy& anatomy, Place p);

}  // namespace bucky::phantom
