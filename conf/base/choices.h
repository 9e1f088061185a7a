// SPDX-License-Identifier: Apache-2.0
// The choices that an admin has: one enum each, with one table of its words. A word is parsed once,
// where the config file or a command line is read; everywhere else it is a value of the enum. The
// words stand in config files and in logs: a released one never changes. Pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace bucky {

/// Of results: names of findings and sentences for people. The word is also the code of CID 5000.
enum class Language { english, korean, japanese };

/// scp.conflicting: the answer to an image whose UID is taken by other content.
enum class ConflictAnswer { accept, refuse };

/// listener.client_certificates: what a caller must show in the TLS handshake.
enum class ClientCertificates { off, asked, required };

/// study.identity_changes: what becomes of an image that is received again for another patient.
enum class IdentityChanges { follow, keep };

/// inference.gate: what an objection of the gate leads to.
enum class GateMode { off, warn, refuse };

/// inference.answer: which of the packages that accept an image analyse it.
enum class Answering { first, all };

/// The number type of a model's computation. Weights stay as they are on disk; scores are float32.
enum class Precision { float32, bfloat16, float16 };

/// overlay.style: how a picture shows where a finding is. An image without heat has outlines in any
/// case.
enum class Marking { outline, heatmap, both };

/// destination.picture_syntax: the preferred transfer syntax of pictures.
enum class PictureSyntax { uncompressed, rle, jpeg_lossless };

/// alias.attribute: the attributes whose words a site may explain.
enum class ExamAttribute { body_part, view, modality };

/// remote.compression: the Content-Encoding of what is sent to a service.
enum class Compression { deflate, gzip, none };

/// remote.versions: what becomes of a newer version of a package that the service announces.
enum class PackageVersions { pinned, automatic };

/// alert.form: the body that a webhook is sent.
enum class WebhookForm { json, slack };

enum class LogLevel { debug, info, warning, error };

enum class LogFormat { text, json };

template <typename Choice>
struct Spelling {
    Choice choice;
    std::string_view word;
};
template <typename Choice>
Spelling(Choice, const char*) -> Spelling<Choice>;

/// The table of a choice: row i is enumerator i.
template <typename Choice>
inline constexpr std::array<Spelling<Choice>, 0> kSpellings{};

template <>
inline constexpr std::array kSpellings<Language>{Spelling{Language::english, "en"},
                                                 Spelling{Language::korean, "ko"},
                                                 Spelling{Language::japanese, "ja"}};
template <>
inline constexpr std::array kSpellings<ConflictAnswer>{Spelling{ConflictAnswer::accept, "accept"},
                                                       Spelling{ConflictAnswer::refuse, "refuse"}};
template <>
inline constexpr std::array kSpellings<ClientCertificates>{
    Spelling{ClientCertificates::off, "off"}, Spelling{ClientCertificates::asked, "asked"},
    Spelling{ClientCertificates::required, "required"}};
template <>
inline constexpr std::array kSpellings<IdentityChanges>{Spelling{IdentityChanges::follow, "follow"},
                                                        Spelling{IdentityChanges::keep, "keep"}};
template <>
inline constexpr std::array kSpellings<GateMode>{Spelling{GateMode::off, "off"},
                                                 Spelling{GateMode::warn, "warn"},
                                                 Spelling{GateMode::refuse, "refuse"}};
template <>
inline constexpr std::array kSpellings<Answering>{Spelling{Answering::first, "first"},
                                                  Spelling{Answering::all, "all"}};
template <>
inline constexpr std::array kSpellings<Precision>{Spelling{Precision::float32, "float32"},
                                                  Spelling{Precision::bfloat16, "bfloat16"},
                                                  Spelling{Precision::float16, "float16"}};
template <>
inline constexpr std::array kSpellings<Marking>{Spelling{Marking::outline, "outline"},
                                                Spelling{Marking::heatmap, "heatmap"},
                                                Spelling{Marking::both, "both"}};
template <>
inline constexpr std::array kSpellings<PictureSyntax>{
    Spelling{PictureSyntax::uncompressed, "uncompressed"}, Spelling{PictureSyntax::rle, "rle"},
    Spelling{PictureSyntax::jpeg_lossless, "jpeg-lossless"}};
template <>
inline constexpr std::array kSpellings<ExamAttribute>{
    Spelling{ExamAttribute::body_part, "body_part"}, Spelling{ExamAttribute::view, "view"},
    Spelling{ExamAttribute::modality, "modality"}};
template <>
inline constexpr std::array kSpellings<Compression>{Spelling{Compression::deflate, "deflate"},
                                                    Spelling{Compression::gzip, "gzip"},
                                                    Spelling{Compression::none, "none"}};
template <>
inline constexpr std::array kSpellings<PackageVersions>{
    Spelling{PackageVersions::pinned, "pinned"}, Spelling{PackageVersions::automatic, "auto"}};
template <>
inline constexpr std::array kSpellings<WebhookForm>{Spelling{WebhookForm::json, "json"},
                                                    Spelling{WebhookForm::slack, "slack"}};
template <>
inline constexpr std::array kSpellings<LogLevel>{
    Spelling{LogLevel::debug, "debug"}, Spelling{LogLevel::info, "info"},
    Spelling{LogLevel::warning, "warning"}, Spelling{LogLevel::error, "error"}};
template <>
inline constexpr std::array kSpellings<LogFormat>{Spelling{LogFormat::text, "text"},
                                                  Spelling{LogFormat::json, "json"}};

template <typename Choice>
concept IsChoice = !kSpellings<Choice>.empty();

/// The words of a choice, in the order of its enumerators: what a key allows.
template <IsChoice Choice>
inline constexpr auto kWordsOf = [] {
    constexpr const auto& table = kSpellings<Choice>;
    static_assert(
        [] {
            for (std::size_t at = 0; at < table.size(); ++at) {
                if (table[at].choice != static_cast<Choice>(at)) return false;
            }
            return true;
        }(),
        "row i of the table is enumerator i");
    std::array<std::string_view, table.size()> words;
    std::ranges::transform(table, words.begin(), &Spelling<Choice>::word);
    return words;
}();

template <IsChoice Choice>
constexpr std::string_view word_of(Choice choice) {
    return kWordsOf<Choice>.at(static_cast<std::size_t>(choice));
}

/// Nothing for a word that the table has not.
template <IsChoice Choice>
constexpr std::optional<Choice> choice_of(std::string_view word) {
    const auto found = std::ranges::find(kSpellings<Choice>, word, &Spelling<Choice>::word);
    return found == kSpellings<Choice>.end() ? std::nullopt : std::optional{found->choice};
}

/// log.modules: another level for events with this word before the dot.
struct ModuleLevel {
    std::string module;
    LogLevel level = LogLevel::info;
};

}  // namespace bucky
