// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/htj2k.h"

#include <cmath>
#include <stdexcept>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_base.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>

#include "conf/base/error.h"

namespace bucky::phantom {
namespace {

/// The quantization step that gives about this PSNR: its error is uniform, of variance step^2 / 12.
///   out  as a part of the full scale
float step_of(double quality_db) {
    return static_cast<float>(std::sqrt(12.0) * std::pow(10.0, -quality_db / 20));
}

void describe(ojph::codestream& codestream, const Jpeg2000Picture& picture,
              const char* progression) {
    auto size = codestream.access_siz();
    size.set_image_extent(ojph::point(picture.columns, picture.rows));
    size.set_image_offset(ojph::point(0, 0));
    const bool tiled = picture.tile_side > 0;
    size.set_tile_size(tiled ? ojph::size(picture.tile_side, picture.tile_side)
                             : ojph::size(picture.columns, picture.rows));
    size.set_tile_offset(ojph::point(0, 0));
    size.set_num_components(1);
    size.set_component(0, ojph::point(1, 1), picture.bits, picture.is_signed);
    auto coding = codestream.access_cod();
    coding.set_num_decomposition(5);
    coding.set_block_dims(64, 64);
    coding.set_progression_order(progression);
    coding.set_color_transform(false);
    coding.set_reversible(picture.quality_db <= 0);
    if (picture.quality_db > 0)
        codestream.access_qcd().set_irrev_quant(step_of(picture.quality_db));
}

}  // namespace

std::vector<std::uint8_t> encode_htj2k(const Jpeg2000Picture& picture, const char* progression) {
    const int sign = picture.is_signed ? 1 << (picture.bits - 1) : 0;
    const int mask = (1 << picture.bits) - 1;
    try {
        ojph::codestream codestream;
        describe(codestream, picture, progression);
        ojph::mem_outfile out;
        out.open();
        codestream.write_headers(&out);
        ojph::ui32 component = 0;
        ojph::line_buf* line = codestream.exchange(nullptr, component);
        const auto* from = picture.values.data();
        for (std::uint32_t row = 0; row < picture.rows; ++row) {
            for (std::uint32_t column = 0; column < picture.columns; ++column) {
                line->i32[column] = ((*from++ & mask) ^ sign) - sign;
            }
            line = codestream.exchange(line, component);
        }
        codestream.flush();
        std::vector<std::uint8_t> bytes(out.get_data(), out.get_data() + out.tell());
        codestream.close();
        return bytes;
    } catch (const std::runtime_error& error) {  // OpenJPH's only word
        throw Error(Fault::bug, "OpenJPH does not encode {} x {} pixels of {} bits: {}",
                    picture.columns, picture.rows, picture.bits, error.what());
    }
}

}  // namespace bucky::phantom
