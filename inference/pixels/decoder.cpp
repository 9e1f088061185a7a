// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/decoder.h"

#include "inference/pixels/decode.h"

namespace bucky::inference {
namespace {

class InProcess final : public Decoder {
public:
    Header header(const std::filesystem::path& file) override { return read_header(file); }
    Image image(const std::filesystem::path& file) override { return decode(file); }
    TextSearch text(const std::filesystem::path& file, Greys greys) override {
        return search_text(decode(file), greys);
    }
};

}  // namespace

Decoder& in_process() {
    static InProcess decoder;
    return decoder;
}

}  // namespace bucky::inference
