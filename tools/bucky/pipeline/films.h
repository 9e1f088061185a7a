// SPDX-License-Identifier: Apache-2.0
// Films: what the next reports need of the images that were just analysed, so that none is opened a
// second time: the attributes that results copy, and the picture at the size at which it is drawn.
// A film that is not here is made of the file, with the same pixels. Any thread.
//
// A file of the spool never changes under its name (storage/spool.h), so a name stands for a film.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "conf/base/mutex.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/softcopy.h"
#include "dicom_sr/draw/picture.h"
#include "inference/pixels/image.h"

namespace bucky {

/// As dicom_sr::read_source(), but possibly in a decoder process.
using ReadSource = std::function<dicom_sr::Source(const std::filesystem::path&)>;

/// The picture of an image, at the size at which it is drawn.
struct Film {
    dicom_sr::GreyView view() const {
        return {.rows = rows,
                .columns = columns,
                .pixels = pixels,
                .pixel_ratio = pixel_ratio,
                .reduced = drawn};
    }

    std::uint32_t rows = 0, columns = 0;  ///< of the image
    double pixel_ratio = 1;
    std::uint32_t longer_side = 0;  ///< that was asked for
    dicom_sr::Size drawn;
    std::vector<std::uint8_t> pixels;  ///< drawn.rows x drawn.columns levels
    dicom_sr::Softcopy grey;
};

/// err  exhausted when there is no memory
Film film_of(const inference::Image& image, std::uint32_t longer_side);

class Films {
public:
    /// Some 24 films of 1280 pixels, a twentieth of the node's memory.
    static constexpr std::size_t kBytesMax = 32U << 20U;
    /// The report of a film that lies longer is late or was never due.
    static constexpr std::int64_t kStaleMs = 10 * 60 * 1000;

    explicit Films(std::size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

    /// Keeps a film until its report is made, with its source, if that is known. While there is no
    /// room it keeps those that came first: reports are made in that order, and the last ones in
    /// would push out each film before its turn.
    void keep(const std::filesystem::path& file, std::shared_ptr<const Film> film,
              std::int64_t now_ms, std::optional<dicom_sr::Source> source = {});

    /// Null where none of this size is kept.
    std::shared_ptr<const Film> film(const std::filesystem::path& file,
                                     std::uint32_t longer_side) const;
    std::optional<dicom_sr::Source> source(const std::filesystem::path& file) const;

    void forget(const std::filesystem::path& file);

private:
    struct Kept {
        std::shared_ptr<const Film> film;
        std::optional<dicom_sr::Source> source;
        std::int64_t since_ms = 0;

        std::size_t bytes() const { return film->pixels.size(); }
    };
    void make_room(std::size_t bytes, std::int64_t now_ms) REQUIRES(mutex_);
    std::size_t bytes_kept() const REQUIRES(mutex_);

    const std::size_t bytes_max_;
    mutable Mutex mutex_;
    std::map<std::filesystem::path, Kept> kept_ GUARDED_BY(mutex_);
};

}  // namespace bucky
