// SPDX-License-Identifier: Apache-2.0
// What is drawn with strokes: bones into the tissue, vessels and fine texture into the lungs.
//
// Each function draws on the layer it is given, in millimetres of water; pure in (anatomy, view).
#pragma once

#include "tools/phantom/anatomy.h"
#include "tools/phantom/canvas.h"

namespace bucky::phantom {

/// Ribs (posterior and anterior arcs), clavicles, scapulae and humeral heads.
void draw_bones(const Anatomy& anatomy, Layer& tissue);

/// Vessels branching from both hila; larger values where the vessel is thicker.
void draw_vessels(const Anatomy& anatomy, Layer& vessels);

/// Tissue between the vessels: the fine grain of a lung, 0 on average.
double lung_grain(const Anatomy& anatomy, Place p);

}  // namespace bucky::phantom
