// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/metrics.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/mutex.h"
#include "conf/observe/process_metrics.h"
#include "conf/run/immortal.h"

namespace bucky::metrics {
namespace {

enum class Kind { counter, gauge, histogram };

/// The quantity that the buckets of a histogram divide.
enum class Scale {
    seconds,  ///< of a step in the node
    journey,  ///< of an image through the node: fine around the 20 s of a result
    ratio     ///< 0 to 1
};

struct Row {
    std::string_view name;
    Kind kind;
    std::string_view help;
    Scale scale = Scale::seconds;
};

// Names and units after https://prometheus.io/docs/practices/naming/: base units, _total.
constexpr Row kRows[] = {
    {"bucky_build_info", Kind::gauge, "Always 1; the version is a label."},
    {"bucky_associations_open", Kind::gauge, "Associations being served now."},
    {"bucky_associations_total", Kind::counter, "Connections by how they ended at the door."},
    {"bucky_instances_received_total", Kind::counter, "Instances kept and answered with success."},
    {"bucky_received_bytes_total", Kind::counter, "Bytes of the instances kept."},
    {"bucky_instances_ignored_total", Kind::counter,
     "Instances of the classes of scp.ignore, answered with success and not kept."},
    {"bucky_store_refused_total", Kind::counter,
     "Instances refused, by C-STORE and STOW-RS, by DIMSE status."},
    {"bucky_web_requests_total", Kind::counter, "Requests to store (STOW-RS), by HTTP status."},
    {"bucky_service_requests_total", Kind::counter,
     "Requests of sites that the model server computed, by site and HTTP status."},
    {"bucky_service_images_total", Kind::counter, "Images that it answered, by site."},
    {"bucky_service_refused_total", Kind::counter,
     "Requests that it refused before computing, by site and why."},
    {"bucky_service_request_seconds", Kind::histogram,
     "From the header of a request to its answer, of those answered 200."},
    {"bucky_site_heard_timestamp_seconds", Kind::gauge,
     "When a site last told how it is, by site."},
    {"bucky_site_image_timestamp_seconds", Kind::gauge,
     "When the count of images that a site received last grew."},
    {"bucky_site_clock_offset_seconds", Kind::gauge, "Of a site's clock: positive, it is ahead."},
    {"bucky_site_certificate_expires_timestamp_seconds", Kind::gauge,
     "When a site's certificate ends."},
    {"bucky_site_images_waiting", Kind::gauge, "Images that wait at a site for their verdict."},
    {"bucky_site_oldest_image_seconds", Kind::gauge, "For how long the oldest of them has waited."},
    {"bucky_site_models_answer", Kind::gauge, "1 while every model of a site answers, else 0."},
    {"bucky_site_is_current", Kind::gauge, "1 when a site runs the version of this node, else 0."},
    {"bucky_site_score_drift_ratio", Kind::gauge,
     "How far the scores of a site have moved since it was first heard: the largest population "
     "stability index of its findings."},
    {"bucky_service_list_fetched_timestamp_seconds", Kind::gauge,
     "When the revocation list was last fetched from service.control."},
    {"bucky_limit_reached_total", Kind::counter, "What was turned away by a limit, by limit."},
    {"bucky_studies_left_total", Kind::counter, "Studies deleted after their delivery."},
    {"bucky_database_sound", Kind::gauge,
     "1 while the database is whole and has its name; 0: images are refused."},
    {"bucky_studies_of_several_patients_total", Kind::counter,
     "Studies that were found to hold images of more than one patient."},
    {"bucky_images_corrected_total", Kind::counter,
     "Images that came again with the same pixels and another header, which stands since."},
    {"bucky_reports_withdrawn_total", Kind::counter,
     "Reports taken back because their image turned out to be another patient's."},
    {"bucky_database_log_bytes", Kind::gauge, "Size of the database's write-ahead log."},
    {"bucky_reingested_files_total", Kind::counter,
     "Spool files that the database did not know, by outcome: taken_in, copy, aside."},
    {"bucky_aside_files", Kind::gauge, "Files in data_dir/aside, by kind: image, copy, result."},
    {"bucky_held_bytes", Kind::gauge, "Bytes of the instances and results kept."},
    {"bucky_images_total", Kind::counter,
     "Verdicts; an image that is looked at again has another."},
    {"bucky_package_images_total", Kind::counter,
     "Images that each package that reports was asked about, by model and version."},
    {"bucky_package_failures_total", Kind::counter,
     "Those of bucky_package_images_total that it failed on, whatever others said."},
    {"bucky_shadow_images_total", Kind::counter, "Images by what shadow models said of them."},
    {"bucky_text_in_pixels_total", Kind::counter,
     "Images with text in their pixels that were to leave for a service, by outcome: masked, or "
     "withheld and for which reason."},
    {"bucky_decoder_deaths_total", Kind::counter, "Decode workers that ended on an image."},
    {"bucky_stage_seconds", Kind::histogram, "Time by stage of the journey."},
    {"bucky_last_byte_to_verdict_seconds", Kind::histogram,
     "From the last byte of an image to its verdict.", Scale::journey},
    {"bucky_last_byte_to_delivered_seconds", Kind::histogram,
     "From the last byte of a study's last image to a result accepted, by destination.",
     Scale::journey},
    {"bucky_model_run_seconds", Kind::histogram, "One run of a model, of one image or a batch."},
    {"bucky_finding_score_ratio", Kind::histogram, "Scores by model, version and finding.",
     Scale::ratio},
    {"bucky_analysed_images_total", Kind::counter,
     "Looks at an image that a model has answered, by tenant and equipment. `bucky study retry` is "
     "another look."},
    {"bucky_positive_images_total", Kind::counter,
     "Those of bucky_analysed_images_total with a finding, by tenant and equipment."},
    {"bucky_audit_messages_total", Kind::counter, "Audit messages written or sent, by outlet."},
    {"bucky_audit_dropped_total", Kind::counter,
     "Audit messages that did not get out, by outlet and reason: queue_full, too_long, "
     "node_ended."},
    {"bucky_audit_answers", Kind::gauge, "1 while the outlet takes audit messages, by outlet."},
    {"bucky_reloads_total", Kind::counter, "Reloads of the config, applied or refused."},
    {"bucky_clock_steps_total", Kind::counter,
     "Times that the machine's clock was set by more than a minute, by direction: forward, back."},
    {"bucky_models_for_patients", Kind::gauge,
     "Model packages that report and are no demonstration."},
    {"bucky_model_answers", Kind::gauge, "1 while some replica of the model would answer."},
    {"bucky_archive_studies", Kind::gauge,
     "Chest studies of an archive since yesterday, by archive and by what became of them here."},
    {"bucky_archive_answers", Kind::gauge,
     "Whether an archive answered when it was last asked, by archive."},
    {"bucky_model_away_seconds", Kind::gauge,
     "For how long no replica of the model has answered, by model; 0: one would answer."},
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
    {"bucky_log_dropped_total", Kind::counter, "Lines of the log that nobody took in time."},
    {"bucky_jobs", Kind::gauge, "Jobs by lane and state, as of the last look."},
    {"bucky_jobs_failing", Kind::gauge,
     "Jobs that failed before and wait for their next try, by lane; 1000 at most."},
    {"bucky_oldest_job_seconds", Kind::gauge, "Age of the oldest job that waits, by lane."},
    {"bucky_certificate_expires_timestamp_seconds", Kind::gauge,
     "When a certificate of this node ends, in seconds since 1970, by listener, or by the "
     "destination that it is shown to."},
    {"bucky_clock_timestamp_seconds", Kind::gauge, "The node's clock when it was asked."},
    {"process_cpu_seconds_total", Kind::counter, "User and system time of the process."},
    {"process_start_time_seconds", Kind::gauge, "When the process began, since 1970."},
    {"process_virtual_memory_bytes", Kind::gauge, "Virtual memory of the process."},
    {"process_resident_memory_bytes", Kind::gauge, "Memory of the process in RAM."},
    {"process_threads", Kind::gauge, "Threads of the process."},
    {"process_open_fds", Kind::gauge, "Open file descriptors."},
    {"process_max_fds", Kind::gauge, "How many there may be."},
    {"bucky_unowned_jobs", Kind::gauge,
     "Jobs of a lane that nobody works on: of a destination that the config names no more."},
    {"bucky_troubles", Kind::gauge,
     "Rows of what needs a person, as `bucky status` tells them, by concern."},
    {"bucky_alerts_total", Kind::counter, "Alerts told, by alert."},
    {"bucky_alert_answers", Kind::gauge, "1 while what an alert tells takes it, by alert."},
    {"bucky_disk_free_bytes", Kind::gauge, "Free space where data_dir is."},
    {"bucky_disk_size_bytes", Kind::gauge, "All space where data_dir is."},
};

using Bounds = prometheus::Histogram::BucketBoundaries;

struct Scales {
    const Bounds seconds{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 1000};
    const Bounds journey{0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 300, 3600, 86400};
    const Bounds ratio{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
                       0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1};
};

const Bounds& bounds_of(Scale scale) {
    switch (scale) {
        case Scale::seconds: return immortal<Scales>().seconds;
        case Scale::journey: return immortal<Scales>().journey;
        case Scale::ratio: return immortal<Scales>().ratio;
    }
    __builtin_unreachable();
}

const Row& row(std::string_view name, Kind kind) {
    for (const auto& candidate : kRows) {
        if (candidate.name == name && candidate.kind == kind) return candidate;
    }
    throw Error(Fault::bug, "metric {} has no row of its kind in metrics.cpp", name);
}

/// The values, and pairs of values, that have series of their own, of labels whose values come from
/// the network.
class Seats {
public:
    void seat(Labels& labels) {
        const auto tenant = labels.find("tenant");
        const auto equipment = labels.find("equipment");
        const MutexLock lock(mutex_);
        for (const auto label : {tenant, equipment, labels.find("site")}) {
            if (label != labels.end()) label->second = seated(label->first, label->second);
        }
        if (tenant == labels.end() || equipment == labels.end()) return;
        if (!has_place(pairs_, {tenant->second, equipment->second}, limits::kLabelPairsMax)) {
            equipment->second = kOther;
        }
    }

    /// These have series of their own, however many have come before.
    void keep(const std::string& label, const std::vector<std::string>& values) {
        const MutexLock lock(mutex_);
        for (const auto& value : values) kept_[label].insert(printable(value));
    }

private:
    static constexpr const char* kOther = "other";

    template <typename Value>
    static bool has_place(std::set<Value>& taken, const Value& value, std::size_t most) {
        if (taken.contains(value)) return true;
        if (taken.size() >= most) return false;
        taken.insert(value);
        return true;
    }

    std::string seated(const std::string& label, std::string_view value) REQUIRES(mutex_) {
        auto clean = printable(value);
        if (kept_[label].contains(clean)) return clean;
        return has_place(taken_[label], clean, limits::kLabelValuesMax) ? clean : kOther;
    }

    static std::string printable(std::string_view value) {
        std::string clean{value.substr(0, limits::kLabelValueBytesMax)};
        std::replace_if(
            clean.begin(), clean.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
        const auto from = clean.find_first_not_of(' ');
        if (from == std::string::npos) return "unknown";
        return clean.substr(from, clean.find_last_not_of(' ') + 1 - from);
    }

    Mutex mutex_;
    std::map<std::string, std::set<std::string>> taken_ GUARDED_BY(mutex_);
    std::map<std::string, std::set<std::string>> kept_ GUARDED_BY(mutex_);
    std::set<std::pair<std::string, std::string>> pairs_ GUARDED_BY(mutex_);
};

Labels seated(Labels labels) {
    immortal<Seats>().seat(labels);
    return labels;
}

prometheus::Registry& registry() {
    return immortal<prometheus::Registry>();  // thread-safe by itself
}

template <typename Builder>
auto& family(Builder builder, const Row& of) {
    return builder.Name(std::string{of.name}).Help(std::string{of.help}).Register(registry());
}

}  // namespace

void count(std::string_view name, const Labels& labels, double by) {
    family(prometheus::BuildCounter(), row(name, Kind::counter)).Add(seated(labels)).Increment(by);
}

void set(std::string_view name, double value, const Labels& labels) {
    family(prometheus::BuildGauge(), row(name, Kind::gauge)).Add(labels).Set(value);
}

void observe(std::string_view name, double value, const Labels& labels) {
    const auto& of = row(name, Kind::histogram);
    family(prometheus::BuildHistogram(), of)
        .Add(seated(labels), bounds_of(of.scale))
        .Observe(value);
}

void keep_series(const std::string& label, const std::vector<std::string>& values) {
    immortal<Seats>().keep(label, values);
}

std::map<std::string, double> sums_by(std::string_view name, const std::string& label) {
    std::map<std::string, double> sums;
    for (const auto& one : registry().Collect()) {
        if (one.name != name) continue;
        for (const auto& series : one.metric) {
            for (const auto& pair : series.label) {
                if (pair.name == label) sums[pair.value] += series.counter.value;
            }
        }
    }
    return sums;
}

Total total(std::string_view name) {
    const bool is_known = std::any_of(std::begin(kRows), std::end(kRows),
                                      [&](const Row& one) { return one.name == name; });
    if (!is_known) throw Error(Fault::bug, "metric {} has no row in metrics.cpp", name);
    Total sum;
    for (const auto& one : registry().Collect()) {
        if (one.name != name) continue;
        for (const auto& series : one.metric) {
            sum.value += series.counter.value + series.gauge.value +
                         static_cast<double>(series.histogram.sample_count);
            const auto& buckets = series.histogram.bucket;
            sum.buckets.resize(std::max(sum.buckets.size(), buckets.size()));
            sum.bounds.resize(sum.buckets.size());
            std::uint64_t below = 0;  // each bucket includes those before it
            for (std::size_t at = 0; at < buckets.size(); ++at) {
                sum.buckets[at] += buckets[at].cumulative_count - below;
                below = buckets[at].cumulative_count;
                sum.bounds[at] = buckets[at].upper_bound;
            }
        }
    }
    return sum;
}

std::vector<Observed> histograms(std::string_view name) {
    std::vector<Observed> all;
    for (const auto& one : registry().Collect()) {
        if (one.name != name) continue;
        for (const auto& series : one.metric) {
            Observed seen;
            for (const auto& pair : series.label) seen.labels[pair.name] = pair.value;
            std::uint64_t below = 0;  // each bucket includes those before it
            for (const auto& bucket : series.histogram.bucket) {
                seen.buckets.push_back(bucket.cumulative_count - below);
                below = bucket.cumulative_count;
            }
            all.push_back(std::move(seen));
        }
    }
    return all;
}

std::string text() {
    look_at_process();
    return prometheus::TextSerializer{}.Serialize(registry().Collect());
}

}  // namespace bucky::metrics
