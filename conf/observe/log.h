// SPDX-License-Identifier: Apache-2.0
// One event per line on stdout, as key=value or as JSON, with the ids that an admin greps for.
//
//   log::event("store.kept", {{"assoc", id}, {"from", peer_ae}, {"bytes", n}});
//   2026-11-23T14:30:05.123Z info store.kept assoc=17 from=XRAY1 bytes=10485760
//   {"time":"2026-11-23T14:30:05.123Z","level":"info","event":"store.kept","assoc":17, ...}
//
// Where systemd's journal reads them, each begins with its priority, "<4>", and text has no time.
//
// At most limits::kLogLinesPerSecond warnings of one event are written per second, and at most
// limits::kLogInfoLinesPerSecond below warning. The next line says how many were left out.
//
// A patient's name, ID or birth date is written only by patient() after show_patients(true). Values
// from the network are escaped: one event stays one line, and no terminal escape passes. Any thread
// may call.
#pragma once

#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "conf/base/choices.h"

namespace bucky::log {

using Level = LogLevel;

struct Field {
    template <typename Value>
    Field(std::string_view name, const Value& what)
        : key(name), value(fmt::format("{}", what)), is_number(std::is_integral_v<Value>) {}

    std::string_view key;
    std::string value;
    bool is_number;           ///< or true, or false: JSON writes it without quotes
    bool is_patient = false;  ///< identifies a patient
};

/// A field that identifies a patient. It is left out unless the admin has asked for such fields.
template <typename Value>
Field patient(std::string_view name, const Value& what) {
    Field field{name, what};
    field.is_patient = true;
    return field;
}

void event(Level level, std::string_view name, std::initializer_list<Field> fields = {});
void event(std::string_view name, std::initializer_list<Field> fields = {});  ///< at info

/// After its constructor, event() no longer waits until its line is written: a thread writes, from
/// a queue of limits::kLogQueueBytesMax; lines that do not fit are dropped and counted. A signal
/// that ends the process lets it write for a moment. One per process, made by the node.
class Background {
public:
    Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background();  ///< writes for at most a second what is queued
};

/// Waits until everything is written, at most this long.
void flush(std::chrono::milliseconds at_most);

/// A warning about the log itself, for the admin. Empty: there is none.
std::string trouble();

/// Events below this level are dropped. `modules` gives another level to events with this word
/// before the dot.
void set_level(Level level, std::span<const ModuleLevel> modules = {});

void set_format(LogFormat format);

/// Whether fields made by patient() are written. The default is no.
void show_patients(bool shown);

/// Whether an event of this name and level is written now, apart from the limits per second.
bool is_written(Level level, std::string_view name);

/// `text` for a log line: quoted where needed, control characters as \xNN.
std::string escaped(std::string_view text);

}  // namespace bucky::log
