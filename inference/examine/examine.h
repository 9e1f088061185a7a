// SPDX-License-Identifier: Apache-2.0
// The whole analysis of one image, in the order of docs/architecture.md: choose -> decode -> gate
// -> prepare -> run -> interpret. The node's pipeline and `bucky analyze` call this function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "inference/examine/shelf.h"
#include "inference/findings.h"
#include "inference/pixels/decoder.h"

namespace bucky::inference {

/// What a caller wants to know beside the verdict.
struct Beside {
    std::string* equipment = nullptr;  ///< gets maker and model of the device that made the image
    /// Gets the decoded image once, if a model runs: where that has a thread of its own, meanwhile.
    std::function<void(const Image&)> seen{};
};

/// Analyses one Part 10 file.
///   in   the file as it was received; the loaded packages; the start of the analysis (UTC); the
///        decoder that opens the file; the packages that may be asked
///   out  always a verdict: an image that cannot be analysed is not_analysed or failed, with a
///        reason; with Among::each the answers of all packages that accept it, or none yet
///   err  throws only faults that a later try may mend (unavailable, exhausted) and bugs
///   src  docs/architecture.md, the journey of one image
ImageResult examine(const std::filesystem::path& file, const Shelf& shelf,
                    std::int64_t started_at_ms, Decoder& decoder = in_process(),
                    const Among& among = {}, const Beside& beside = {});

/// The answers of the shadow packages to the same file: one result for each package that accepts
/// it. They serve comparison and are never reported.
///   in, err, src  as examine's
std::vector<ImageResult> examine_by_shadows(const std::filesystem::path& file, const Shelf& shelf,
                                            std::int64_t started_at_ms,
                                            Decoder& decoder = in_process(),
                                            const Among& among = {});

}  // namespace bucky::inference
