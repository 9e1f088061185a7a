// SPDX-License-Identifier: Apache-2.0
// ModelPool: the shelf in use, which can be exchanged while images are analysed. An image keeps the
// shelf that it began with; the last image on a shelf destroys it. Any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conf/base/mutex.h"
#include "conf/settings.h"
#include "inference/examine/shelf.h"

namespace bucky {

class ModelPool {
public:
    explicit ModelPool(std::shared_ptr<const inference::Shelf> shelf) : shelf_(std::move(shelf)) {}

    std::shared_ptr<const inference::Shelf> now() const {
        const MutexLock lock(mutex_);
        return shelf_;
    }

    /// Returns the previous shelf, which is destroyed when the last image on it is done.
    std::shared_ptr<const inference::Shelf> exchange(std::shared_ptr<const inference::Shelf> next) {
        const MutexLock lock(mutex_);
        return std::exchange(shelf_, std::move(next));
    }

private:
    mutable Mutex mutex_;
    std::shared_ptr<const inference::Shelf> shelf_ GUARDED_BY(mutex_);
};

/// Loads the packages of these settings and warms up all their replicas. A package with the weights
/// and runtime options of one in `before` keeps its models and gets the new manifest. Throws like
/// Shelf, naming every package that is wrong and everything that is wrong with it.
std::shared_ptr<const inference::Shelf> load_shelf(const conf::Settings& settings,
                                                   const inference::Shelf* before = nullptr);

/// What is wrong with the packages and the gate that these settings name, as far as their files
/// tell: others may write them, a manifest cannot be read, weights have another hash than it names
/// or than the config allows. No model is loaded. Reads every byte of the weights.
std::vector<std::string> package_problems(const conf::Settings& settings);

/// The number of images that this model computes at once, over all of its replicas.
std::size_t images_at_once(const inference::Model& model);

/// The number of infer workers that keeps every replica of this shelf busy.
std::size_t preparers_for(const conf::Settings& settings, const inference::Shelf& shelf);

}  // namespace bucky
