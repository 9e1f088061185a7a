// SPDX-License-Identifier: Apache-2.0
// The whole science for one image, as the journey tells it: choose -> decode -> gate ->
// prepare -> run -> interpret. The node's pipeline and `bucky analyze` call the same function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "inference/examine/shelf.h"
#include "inference/findings.h"
#include "inference/pixels/decoder.h"

namespace bucky::inference {

/// Look at one Part 10 file.
///   in   the file as it was received; the packages on the shelf; when the analysis starts (UTC);
///        who opens the file; which packages may be asked
///   out  a verdict, always: what cannot be analysed is not_analysed or failed with its reason;
///        `equipment`, where it is asked for: maker and model of what made the image
///   err  throws only what a later try may mend (unavailable, exhausted) or a bug
///   src  docs/architecture.md, the journey of one image
ImageResult examine(const std::filesystem::path& file, const Shelf& shelf,
                    std::int64_t started_at_ms, Decoder& decoder = in_process(),
                    const Among& among = {}, std::string* equipment = nullptr);

/// What the shelf's shadow packages say of the same file, one result for each that takes it. They
/// are for comparison, never for a report.
///   in, err, src  as examine's
std::vector<ImageResult> examine_by_shadows(const std::filesystem::path& file, const Shelf& shelf,
                                            std::int64_t started_at_ms,
                                            Decoder& decoder = in_process(),
                                            const Among& among = {});

}  // namespace bucky::inference
