// SPDX-License-Identifier: Apache-2.0
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<InferenceSettings> kKeys[] = {
    {"models", &InferenceSettings::models,
     Fits{is_model_folder, "a folder with a model.toml in it"}, "",
     "Model packages in order of preference: each that accepts an image analyses it, or the first "
     "alone, as `answer` says. "
     "cxr-phantom is a demonstration: it reads what `bucky phantom` draws, and no image of a "
     "patient. `bucky model list --shipped` says which other packages there are, and for whom.",
     R"(["/usr/share/bucky/models/cxr-phantom"])", required},
    {"answer", choice<&InferenceSettings::answer>, OneOf{kWordsOf<Answering>}, "",
     "Which of the models that accept an image analyse it: all, or the first, as 0.1.0 did. With "
     "all, a report has "
     "the findings of each under its name, one picture shows them all, and one that fails is "
     "named while the others stand."},
    {"device", &InferenceSettings::device, Fits{is_device, "auto, cpu, cuda, cuda:N or remote"}, "",
     "Device of the models. auto: a CUDA device if one answers, else the CPU. remote: the service "
     "of [remote]."},
    {"threads", &InferenceSettings::threads, Range{0, 256}, "threads",
     "CPU threads of one replica. 0: all cores, divided among the replicas."},
    {"replicas", &InferenceSettings::replicas, Range{1, 64}, "replicas",
     "Copies of each model that run in parallel on each device. `bucky model bench` measures "
     "whether two replicas of one thread or one replica of two threads is faster here."},
    {"precision", choice<&InferenceSettings::precision>, OneOf{kWordsOf<Precision>}, "",
     "Number format of the computation. bfloat16 is faster on processors that support it and "
     "changes scores in the third digit. float16 needs a GPU."},
    {"batch_max", &InferenceSettings::batch_max, Range{0, 256}, "images",
     "Maximum images that a replica computes together. 0: one on the CPU, eight on a GPU."},
    {"batch_wait_ms", &InferenceSettings::batch_wait_ms, Range{0, 1000}, "ms",
     "Longest time that the first image waits for others to fill a batch."},
    {"fallback", &InferenceSettings::fallback, Anything{}, "",
     "If a GPU is out of memory or lost, or the service of [remote] does not answer: true: the CPU "
     "answers meanwhile, where the package has its weights here. false: images wait."},
    {"answer_s", &InferenceSettings::answer_s, Range{1, 3600}, "s",
     "Time for a model to answer. Then the model counts as hung and the image as failed."},
    {"preparers", &InferenceSettings::preparers, Range{0, 256}, "threads",
     "Images that are read and prepared at once while models run. 0: enough to keep every replica "
     "busy."},
    {"gate", choice<&InferenceSettings::gate>, OneOf{kWordsOf<GateMode>}, "",
     "What to do with a picture that does not look like an upright frontal chest, whatever its "
     "header says: off (analyse), warn (analyse with a warning) or refuse (not analysed)."},
    {"gate_model", &InferenceSettings::gate_model,
     Fits{is_empty_or<is_model_folder>, "empty, or a folder with a model.toml in it"}, "",
     "Model package of the gate. Empty: the folder cxr-gate beside the first of models."},
    {"models_writable_ok", &InferenceSettings::models_writable_ok, Anything{}, "",
     "For development. true: also load model packages that the user of the service, its group or "
     "everyone can write. A model is a program, so such packages are refused otherwise."},
    {"attempts", &InferenceSettings::attempts, Range{1, 100}, "attempts",
     "Attempts on an image that may have crashed its decoder. Then the image counts as failed."},
    {"give_up_hours", &InferenceSettings::give_up_hours, Range{1, 720}, "hours",
     "Time of attempts on an image that this machine cannot analyse (no memory, no process, no "
     "device). Then the image counts as failed. Attempts are at most 5 minutes apart."},
    {"queue_max", &InferenceSettings::queue_max, Range{1, 1'000'000}, "images",
     "Maximum images that wait for analysis. Above it, senders get A700 (try again later)."},
    {"queue_reserved_percent", &InferenceSettings::queue_reserved_percent, Range{0, 100}, "%",
     "Part of queue_max that is reserved for accounts with few waiting images, in equal shares, so "
     "that no account can fill the queue for all. 0: nothing is reserved."},
};

}  // namespace

Section<InferenceSettings> inference_section() {
    return {.name = "inference",
            .field = &Settings::inference,
            .keys = kKeys,
            .sentence = "The models and the devices they run on."};
}

}  // namespace bucky::conf
