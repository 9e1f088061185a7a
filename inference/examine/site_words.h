// SPDX-License-Identifier: Apache-2.0
// SiteWords: a decoder that reads headers as a site explains its devices' words ([[alias]]). It
// decides over the choice of a package only; results copy the device's own words.
#pragma once

#include <vector>

#include "conf/dicom/exam_words.h"
#include "inference/pixels/decoder.h"

namespace bucky::inference {

/// The header with its words explained.
Header explained(Header header, const std::vector<ExamAlias>& aliases);

class SiteWords final : public Decoder {
public:
    SiteWords(Decoder& decoder, std::vector<ExamAlias> aliases)
        : decoder_(decoder), aliases_(std::move(aliases)) {}

    Header header(const std::filesystem::path& file) override {
        return explained(decoder_.header(file), aliases_);
    }
    Image image(const std::filesystem::path& file) override { return decoder_.image(file); }
    TextSearch text(const std::filesystem::path& file, Greys greys) override {
        return decoder_.text(file, greys);
    }

private:
    Decoder& decoder_;
    std::vector<ExamAlias> aliases_;
};

}  // namespace bucky::inference
