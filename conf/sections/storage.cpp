// SPDX-License-Identifier: Apache-2.0
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

constexpr Key<StorageSettings> kKeys[] = {
    {"min_free_mb", &StorageSettings::min_free_mb, Range{0, 10'000'000}, "MB",
     "Minimum free disk space. Below it, senders get A700 (try again later)."},
    {"keep_days", &StorageSettings::keep_days, Range{0, 36500}, "days",
     "Time from the delivery of all results of a study until its images and results are deleted. "
     "0: never. What is not delivered is never deleted."},
    {"keep_mb", &StorageSettings::keep_mb, Range{0, 1'000'000'000}, "MB",
     "Maximum size of images and results. Above it, the studies delivered longest ago are deleted, "
     "whatever their age. 0: no limit."},
    {"journal_days", &StorageSettings::journal_days, Range{1, 36500}, "days",
     "Time that the journal keeps the history of a deleted study."},
    {"decisions_days", &StorageSettings::decisions_days, Range{0, 36500}, "days",
     "Time that the record of a decision is kept (`bucky decisions`), whatever became of its "
     "image. "
     "Ten years are how long many countries keep medical records; images of children often longer. "
     "0: never deleted."},
};

}  // namespace

Section<StorageSettings> storage_section() {
    return {.name = "storage", .field = &Settings::storage, .keys = kKeys, .sentence = "The disk."};
}

}  // namespace bucky::conf
