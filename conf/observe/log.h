// SPDX-License-Identifier: Apache-2.0
// One event a line on stdout, as key=value or as JSON, with the ids a person greps for.
//
//   log::event("store.kept", {{"assoc", id}, {"from", peer_ae}, {"bytes", n}});
//   2026-11-23T14:30:05.123Z info store.kept assoc=17 from=XRAY1 bytes=10485760
//   {"time":"2026-11-23T14:30:05.123Z","level":"info","event":"store.kept","assoc":17, ...}
//
// Of one event at most limits::kLogLinesPerSecond warnings a second are written, and
// limits::kLogInfoLinesPerSecond below that; the next one says how many were left out.
//
// Never a patient's name, ID or birth date, but by patient() while show_patients(true). Values from
// the network are escaped: one event stays one line and no terminal escape survives. Any thread may
// call.
#pragma once

#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace bucky::log {

enum class Level { debug, info, warning, error };

struct Field {
    template <typename Value>
    Field(std::string_view name, const Value& what)
        : key(name), value(fmt::format("{}", what)), is_number(std::is_integral_v<Value>) {}

    std::string_view key;
    std::string value;
    bool is_number;           ///< or true, or false: JSON writes it without quotes
    bool is_patient = false;  ///< says who a patient is
};

/// A field that says who a patient is. It is left out unless the admin has asked for such.
template <typename Value>
Field patient(std::string_view name, const Value& what) {
    Field field{name, what};
    field.is_patient = true;
    return field;
}

void event(Level level, std::string_view name, std::initializer_list<Field> fields = {});
void event(std::string_view name, std::initializer_list<Field> fields = {});  ///< at info

/// From its constructor on, whoever tells an event no longer waits until it is written: a thread
/// writes, through limits::kLogQueueBytesMax; what does not fit is dropped and counted. A signal
/// that ends the process lets it write for a moment. One a process, made by the node.
class Background {
public:
    Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background();  ///< gives what waits a second
};

/// Until everything is written, `at_most` so long.
void flush(std::chrono::milliseconds at_most);

/// What a person should know of the log itself; empty: nothing.
std::string trouble();

/// Events below this level are dropped. "debug", "info", "warning" or "error"; throws bad_input.
/// `modules` ("deliver=debug") says otherwise for the events whose names begin so, up to the dot.
void set_level(std::string_view level, std::span<const std::string> modules = {});

enum class Form { text, json };
void set_form(Form form);

/// Whether fields made by patient() are written; at first they are not.
void show_patients(bool shown);

/// Whether an event of this name and level is written now, but for the limit on warnings.
bool is_written(Level level, std::string_view name);

/// `text` as it may stand in a log line: quoted where needed, control characters as \xNN.
std::string escaped(std::string_view text);

}  // namespace bucky::log
