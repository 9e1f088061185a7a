// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "conf/observe/event_modules.h"
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

/// "deliver=debug"
bool is_module_level(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return false;
    return std::ranges::find(log::kEventModules, text.substr(0, equals)) !=
               std::end(log::kEventModules) &&
           is_word_of<LogLevel>(text.substr(equals + 1));
}

constexpr Key<LogSettings> kKeys[] = {
    {"level", choice<&LogSettings::level>, OneOf{kWordsOf<LogLevel>}, "",
     "Lowest level of events that are written."},
    {"modules", &LogSettings::modules,
     Fits{is_module_level,
          "a list of MODULE=LEVEL, such as \"deliver=debug\"; a module is the word before the dot "
          "of an event that `bucky serve` writes"},
     "",
     "Other levels for some events, by the word before the dot in their names: deliver, "
     "association, image."},
    {"format", choice<&LogSettings::format>, OneOf{kWordsOf<LogFormat>}, "",
     "text: key=value. json: one JSON object per line."},
    {"phi", &LogSettings::phi, Anything{}, "",
     "Also write patients' names and IDs (event store.kept), to find a single image. The log is "
     "then as confidential as the images; the node warns at start."},
};

}  // namespace

Section<LogSettings> log_section() {
    return {.name = "log",
            .field = &Settings::log,
            .keys = kKeys,
            .sentence = "Events on standard output, one per line."};
}

}  // namespace bucky::conf
