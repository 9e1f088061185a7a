// SPDX-License-Identifier: Apache-2.0
// The panel beside the image: verdict, legend, model, time, and the line that says that it is not a
// reading.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/draw/canvas.h"
#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

/// How one finding is drawn, on the picture and in the legend. Colour and dashes both differ, so
/// that a colour-blind reader can tell the findings apart.
struct Mark {
    Colour colour;
    std::vector<double> dashes;
};
Mark mark_of(std::size_t finding);

/// CIELab under D50 as unsigned 16 bits: the encoding of Recommended Display CIELab Value (PS3.3
/// C.10.7.1.1).
std::array<std::uint16_t, 3> cie_lab(const Colour& colour);

struct PanelRow {
    std::string heading;  ///< the package of the rows below; such a row has nothing else
    Mark mark;
    bool drawn = false;  ///< has an outline: the legend shows its line
    bool present = false;
    bool undetermined = false;
    std::string name, score, threshold, answer;
};

/// The colour of the band behind a verdict: amber, grey, blue. A reader sees it at 300 pixels.
enum class Tone { found, none, unread };
Tone tone_of(std::span<const ReportedImage> images);

struct Panel {
    std::string purpose;  ///< of the model, a band above all; empty for a clinical one
    bool demonstration = false;
    Tone tone = Tone::unread;
    std::string verdict;
    std::vector<std::string> warnings;
    std::string assists;
    std::array<std::string, 4> titles;  ///< of the columns
    std::vector<PanelRow> rows;
    std::vector<std::string> heat;  ///< what the colours of heat mean, of each package with heat
    std::string not_detected;       ///< and that nothing else was looked for
    std::string score_means, intended_use;
    std::vector<std::string> notes;
};

/// Of all answers to an image: the rows of each package stand under its name.
Panel panel_of(const Answers& image, const OverlayStyle& style);

/// The heat that is drawn, of each answer that has some; none in outlines.
std::vector<inference::Heat> heats_of(const Answers& image, const OverlayStyle& style);
/// Whether the places of this answer are outlined: always, but where heat alone shows them.
bool is_outlined(const ReportedImage& answer, const OverlayStyle& style);

/// A bright band over the whole width, words in black. Returns its height; 0 without words.
double lay_out_band(Canvas& canvas, std::string_view words, const Colour& colour, const Rect& at,
                    double em, bool draw);
Colour colour_of(Tone tone);
Colour purpose_colour(bool demonstration);

/// Draws the panel at a place and width; without `draw` only measures. `em` is the size of its
/// text. Returns the height that the words need.
double lay_out(Canvas& canvas, const Panel& panel, double x, double y, double width, double em,
               bool draw);

}  // namespace bucky::dicom_sr
