// SPDX-License-Identifier: Apache-2.0
// ModelPool: the shelf in use, which may be exchanged while images are looked at. Whoever looks
// at an image keeps the shelf he began with until he is done; the last of them puts it away.
// Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "conf/settings.h"
#include "inference/examine/shelf.h"

namespace bucky {

class ModelPool {
public:
    explicit ModelPool(std::shared_ptr<const inference::Shelf> shelf) : shelf_(std::move(shelf)) {}

    std::shared_ptr<const inference::Shelf> now() const {
        const std::lock_guard lock(mutex_);
        return shelf_;
    }

    /// Returns the one that stood there; it goes when the last image on it is done.
    std::shared_ptr<const inference::Shelf> exchange(std::shared_ptr<const inference::Shelf> next) {
        const std::lock_guard lock(mutex_);
        return std::exchange(shelf_, std::move(next));
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const inference::Shelf> shelf_;
};

/// The packages of these settings, loaded and warmed up in all their replicas. Packages whose
/// weights and way of running are those of `before` keep its models and take on the new manifest.
/// Throws like Shelf, naming every package that is wrong and everything that is wrong with it.
std::shared_ptr<const inference::Shelf> load_shelf(const conf::Settings& settings,
                                                   const inference::Shelf* before = nullptr);

/// Infer workers that keep every replica of this shelf busy.
std::size_t preparers_for(const conf::Settings& settings, const inference::Shelf& shelf);

}  // namespace bucky
