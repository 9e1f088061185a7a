// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/films.h"

#include <new>
#include <string>
#include <utility>

#include "conf/base/error.h"
#include "dicom_sr/draw/resample.h"
#include "inference/pixels/display.h"

namespace bucky {
namespace {

std::optional<dicom_sr::Softcopy::Table> table_of(
    const std::optional<inference::LookupTable>& table) {
    if (!table) return std::nullopt;
    return dicom_sr::Softcopy::Table{table->first, table->bits, table->entries};
}

std::string function_of(const inference::Window& window) {  // VOI LUT Function (0028,1056)
    switch (window.function) {
        case inference::Window::Function::linear: return "";
        case inference::Window::Function::linear_exact: return "LINEAR_EXACT";
        case inference::Window::Function::sigmoid: return "SIGMOID";
    }
    __builtin_unreachable();
}

dicom_sr::Softcopy softcopy_of(const inference::GreyRules& rules) {
    dicom_sr::Softcopy grey;
    grey.modality_lut = table_of(rules.modality_lut);
    grey.slope = rules.slope;
    grey.intercept = rules.intercept;
    grey.voi_lut = table_of(rules.voi_lut);
    if (rules.window) {
        grey.window_center = rules.window->center;
        grey.window_width = rules.window->width;
        grey.function = function_of(*rules.window);
    }
    grey.inverse = rules.inverse;
    return grey;
}

}  // namespace

Film film_of(const inference::Image& image, std::uint32_t longer_side) {
    try {
        const inference::Rendering rendering(image);
        const auto& frame = image.frame;
        Film film;
        film.rows = frame.rows;
        film.columns = frame.columns;
        film.pixel_ratio = image.pixel_ratio;
        film.longer_side = longer_side;
        film.drawn =
            dicom_sr::drawn_size(frame.rows, frame.columns, image.pixel_ratio, longer_side);
        film.pixels = dicom_sr::resampled(
            dicom_sr::GreyRows{
                {frame.rows, frame.columns},
                [&](std::uint32_t row, std::uint8_t* levels) { rendering.row(row, levels); }},
            film.drawn.rows, film.drawn.columns);
        film.grey = softcopy_of(rendering.rules());
        return film;
    } catch (const std::bad_alloc&) {  // a retry may help
        throw Error(Fault::exhausted, "no memory to render an image");
    }
}

std::size_t Films::bytes_kept() const {
    std::size_t bytes = 0;
    for (const auto& [file, kept] : kept_) bytes += kept.bytes();
    return bytes;
}

void Films::make_room(std::size_t bytes, std::int64_t now_ms) {
    if (bytes_kept() + bytes <= bytes_max_) return;
    std::erase_if(kept_, [&](const auto& one) { return now_ms - one.second.since_ms > kStaleMs; });
}

void Films::keep(const std::filesystem::path& file, std::shared_ptr<const Film> film,
                 std::int64_t now_ms, std::optional<dicom_sr::Source> source) {
    const MutexLock lock(mutex_);
    const auto before = kept_.find(file);
    if (before != kept_.end()) {
        if (!source) source = std::move(before->second.source);
        kept_.erase(before);
    }
    Kept fresh{std::move(film), std::move(source), now_ms};
    make_room(fresh.bytes(), now_ms);
    if (bytes_kept() + fresh.bytes() <= bytes_max_) kept_.emplace(file, std::move(fresh));
}

void Films::forget(const std::filesystem::path& file) {
    const MutexLock lock(mutex_);
    kept_.erase(file);
}

std::shared_ptr<const Film> Films::film(const std::filesystem::path& file,
                                        std::uint32_t longer_side) const {
    const MutexLock lock(mutex_);
    const auto found = kept_.find(file);
    if (found == kept_.end() || found->second.film->longer_side != longer_side) return nullptr;
    return found->second.film;
}

std::optional<dicom_sr::Source> Films::source(const std::filesystem::path& file) const {
    const MutexLock lock(mutex_);
    const auto found = kept_.find(file);
    return found == kept_.end() ? std::nullopt : found->second.source;
}

}  // namespace bucky
