// SPDX-License-Identifier: Apache-2.0
#include "conf/base/metrics.h"

#include <mutex>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "conf/base/error.h"

namespace bucky::metrics {
namespace {

enum class Kind { counter, gauge, histogram };

struct Row {
    std::string_view name;
    Kind kind;
    std::string_view help;
};

// Names and units after https://prometheus.io/docs/practices/naming/: base units, _total.
constexpr Row kRows[] = {
    {"bucky_build_info", Kind::gauge, "Always 1; the version is a label."},
    {"bucky_associations_open", Kind::gauge, "Associations being served now."},
    {"bucky_associations_total", Kind::counter, "Connections by how they ended at the door."},
    {"bucky_instances_received_total", Kind::counter, "Instances kept and answered with success."},
    {"bucky_received_bytes_total", Kind::counter, "Bytes of the instances kept."},
    {"bucky_store_refused_total", Kind::counter, "C-STORE requests refused, by DIMSE status."},
    {"bucky_limit_reached_total", Kind::counter, "What was turned away by a limit, by limit."},
    {"bucky_studies_left_total", Kind::counter, "Studies deleted after their delivery."},
    {"bucky_held_bytes", Kind::gauge, "Bytes of the instances and results kept."},
    {"bucky_images_total", Kind::counter, "Images by verdict."},
    {"bucky_shadow_images_total", Kind::counter, "Images by what shadow models said of them."},
    {"bucky_decoder_deaths_total", Kind::counter, "Decode workers that ended on an image."},
    {"bucky_stage_seconds", Kind::histogram, "Time by stage of the journey."},
    {"bucky_reloads_total", Kind::counter, "Reloads of the config, applied or refused."},
    {"bucky_model_answers", Kind::gauge, "1 while some replica of the model would answer."},
    {"bucky_model_troubles_total", Kind::counter,
     "What went wrong, or was mended, where models run, by model and what."},
    {"bucky_delivered_total", Kind::counter, "Result objects accepted, by destination."},
    {"bucky_delivery_failures_total", Kind::counter,
     "Sends that were not accepted, by destination."},
    {"bucky_commitments_total", Kind::counter,
     "Studies whose results a destination has promised to keep."},
    {"bucky_commitment_failures_total", Kind::counter,
     "Reports of a destination that did not keep what it took."},
    {"bucky_commitment_reports_total", Kind::counter,
     "Reports owed to callers that asked us to keep images, by how they ended."},
    {"bucky_jobs", Kind::gauge, "Jobs by lane and state, as of the last look."},
    {"bucky_oldest_job_seconds", Kind::gauge, "Age of the oldest job that waits, by lane."},
    {"bucky_certificate_expires_timestamp_seconds", Kind::gauge,
     "When the certificate of a listener ends, in seconds since 1970."},
    {"bucky_disk_free_bytes", Kind::gauge, "Free space where data_dir is."},
};

const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.003, 0.01, 0.03, 0.1, 0.3,
                                                       1,     3,     10,   30,   100, 1000};

const Row& row(std::string_view name, Kind kind) {
    for (const auto& candidate : kRows) {
        if (candidate.name == name && candidate.kind == kind) return candidate;
    }
    throw Error(Fault::bug, "metric {} has no row of its kind in metrics.cpp", name);
}

prometheus::Registry& registry() {
    static prometheus::Registry made;  // thread-safe by itself
    return made;
}

template <typename Builder>
auto& family(Builder builder, const Row& of) {
    return builder.Name(std::string{of.name}).Help(std::string{of.help}).Register(registry());
}

}  // namespace

void count(std::string_view name, const Labels& labels, double by) {
    family(prometheus::BuildCounter(), row(name, Kind::counter)).Add(labels).Increment(by);
}

void set(std::string_view name, double value, const Labels& labels) {
    family(prometheus::BuildGauge(), row(name, Kind::gauge)).Add(labels).Set(value);
}

void observe(std::string_view name, double value, const Labels& labels) {
    family(prometheus::BuildHistogram(), row(name, Kind::histogram))
        .Add(labels, kSeconds)
        .Observe(value);
}

std::string text() {
    return prometheus::TextSerializer{}.Serialize(registry().Collect());
}

}  // namespace bucky::metrics
