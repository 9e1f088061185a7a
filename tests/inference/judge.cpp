// SPDX-License-Identifier: Apache-2.0
#include "tests/inference/judge.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <sstream>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <fmt/format.h>

#include "inference/pixels/decode.h"
#include "inference/pixels/grey_rules.h"
#include "tests/inference/support.h"
#include "tests/support/process.h"

namespace bucky::test {

void StoredValuesJudge::add(const std::filesystem::path& file, const inference::Frame& frame,
                            unsigned high_bit) {
    const auto raw = dir_ / fmt::format("{}.raw", files_.size());
    const auto* bytes = reinterpret_cast<const char*>(frame.patterns.data());
    write_bytes(raw, std::string(bytes, frame.patterns.size() * sizeof frame.patterns[0]));
    questions_ += fmt::format("{}\t{}\t{}\t{}\n", file.string(), raw.string(), frame.bits_stored,
                              high_bit + 1 - frame.bits_stored);
    files_.push_back(file);
}

std::vector<StoredValuesJudge::Verdict> StoredValuesJudge::judge() {
    write_bytes(dir_ / "questions", questions_);
    const auto script = std::filesystem::path(BUCKY_SOURCE_DIR) / "tests" / "inference";
    const auto command =
        fmt::format("exec /usr/bin/python3 {} < {} 2>{}", (script / "judge.py").string(),
                    (dir_ / "questions").string(), (dir_ / "complaints").string());
    const auto said = run({"/bin/sh", "-c", command});
    std::vector<Verdict> verdicts;
    std::istringstream lines(said.output);
    for (std::string line; std::getline(lines, line) && verdicts.size() < files_.size();) {
        Verdict verdict{files_[verdicts.size()], std::nullopt, line};
        if (!line.starts_with("cannot")) verdict.difference = std::atol(line.c_str());
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

inference::GreyPicture by_the_header(const std::filesystem::path& file) {
    inference::Image image = inference::decode(file);
    DcmFileFormat format;
    (void)format.loadFile(OFFilename(file.c_str()));
    inference::HeaderGrey grey = inference::read_grey_rules(*format.getDataset(), image.frame);
    if (!grey.views.empty()) {
        image.grey.voi_lut = grey.views.front().table;
        image.grey.window = grey.views.front().window;
    }
    return inference::render(image);
}

std::optional<int> difference_to_dcmtk(const std::filesystem::path& file,
                                       const inference::Image& image,
                                       const inference::GreyPicture& picture) {
    static std::once_flag once;
    std::call_once(once, [] { DJDecoderRegistration::registerCodecs(); });
    DicomImage rendered(file.c_str(), 0, 0, 1);  // the first frame
    if (rendered.getStatus() != EIS_Normal) return std::nullopt;
    const bool ruled = rendered.getVoiLutCount() > 0   ? rendered.setVoiLut(0) != 0
                       : rendered.getWindowCount() > 0 ? rendered.setWindow(0) != 0
                                                       : false;
    std::vector<std::uint8_t> pixels(rendered.getOutputDataSize(8));
    if (!ruled || rendered.getOutputData(pixels.data(), pixels.size(), 8) == 0) return std::nullopt;
    if (pixels.size() != picture.pixels.size()) return 255;
    int largest = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const bool hidden = !image.hidden.empty() && image.hidden[i] != 0;
        if (hidden || image.grey.is_padding(image.frame.value(image.frame.patterns[i]))) continue;
        largest = std::max(largest, std::abs(pixels[i] - picture.pixels[i]));
    }
    return largest;
}

}  // namespace bucky::test
