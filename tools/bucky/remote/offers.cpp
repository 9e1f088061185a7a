// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/remote/offers.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/remote_model.h"
#include "tools/bucky/remote/wire.h"
#include "tools/bucky/shared/files.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kNameMax = 100;

/// Takes "12" or "beta" off the text, with the separator behind it.
std::string_view next_part(std::string_view& text) {
    const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    if (text.empty()) return text;
    std::size_t end = 0;
    while (end < text.size() && text[end] != '.' && text[end] != '-' && text[end] != '+' &&
           is_digit(text[end]) == is_digit(text[0])) {
        ++end;
    }
    const auto part = text.substr(0, end);
    const bool is_separated =
        end < text.size() && std::ispunct(static_cast<unsigned char>(text[end])) != 0;
    text.remove_prefix(end + (is_separated ? 1 : 0));
    return part;
}

std::optional<std::uint64_t> number_of(std::string_view part) {
    std::uint64_t number = 0;
    const auto [end, bad] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (bad != std::errc{} || end != part.data() + part.size()) return std::nullopt;
    return number;
}

/// Below 0: `one` is older.
int compare(std::string_view one, std::string_view other) {
    while (!one.empty() || !other.empty()) {
        const auto left = next_part(one), right = next_part(other);
        const auto a = number_of(left), b = number_of(right);
        if (a && b && *a != *b) return *a < *b ? -1 : 1;
        if (a && b) continue;
        // "1.0.1" is newer than "1.0", and "1.0" than "1.0-rc1".
        if (left.empty() && right.empty()) continue;
        if (left.empty()) return b ? -1 : 1;
        if (right.empty()) return a ? 1 : -1;
        if (const auto order = left.compare(right); order != 0) return order;
    }
    return 0;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= kNameMax && name[0] != '.' &&
           std::ranges::all_of(name, [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ||
                      c == '_' || c == '+';
           });
}

std::string base_of(const inference::Package& package) {
    const auto& named = package.remote.model;
    return "v2/models/" + path_part(named.empty() ? package.identity.name : named);
}

HttpAnswer good(HttpAnswer answer, const conf::RemoteSettings& settings) {
    if (answer.status == 200) return answer;
    throw Error(Fault::unavailable, "{}: HTTP {}: {}", remote_device(settings), answer.status,
                error_words(answer.body));
}

void check_kin(const inference::Package& ours, const inference::Package& next,
               const std::string& version) {
    const auto& one = ours.identity;
    const auto& other = next.identity;
    if (other.name != one.name || other.version != version) {
        throw Error(Fault::corrupt, "the service gave {} {} instead of {} {}", other.name,
                    other.version, one.name, version);
    }
    if (other.purpose != one.purpose) {
        throw Error(Fault::corrupt,
                    "its purpose is \"{}\", and that of {} \"{}\": a person decides",
                    name_of(other.purpose), one.version, name_of(one.purpose));
    }
    if (!next.weights.empty()) throw Error(Fault::corrupt, "it came with weights");
}

}  // namespace

bool is_newer(std::string_view one, std::string_view other) {
    return compare(one, other) > 0;
}

std::optional<std::string> newer_version(const inference::Package& ours,
                                         const conf::RemoteSettings& settings) {
    HttpClient http{settings};
    const auto told = read_metadata(good(http.get(base_of(ours)), settings).body);
    std::string newest = ours.identity.version;
    for (const auto& one : told.versions) {
        if (is_plain_name(one) && is_newer(one, newest)) newest = one;
    }
    if (newest == ours.identity.version) return std::nullopt;
    return newest;
}

void unpack_package(std::string_view answer, const fs::path& folder) {
    const auto end = answer.find('\n');
    const auto head = json::parse(answer.substr(0, end), nullptr, false);
    if (end == std::string_view::npos || !head.is_object() || !head.contains("files") ||
        !head["files"].is_array()) {
        throw Error(Fault::corrupt, "the service sent no package");
    }
    answer.remove_prefix(end + 1);
    for (const auto& file : head["files"]) {
        const auto name = file.is_object() ? file.value("name", std::string{}) : std::string{};
        const auto bytes = file.is_object() ? file.value("bytes", std::uint64_t{0}) : 0;
        if (!is_plain_name(name) || bytes > answer.size()) {
            throw Error(Fault::corrupt, "the service sent a package whose files are not whole");
        }
        write_file(folder / name, answer.substr(0, bytes));
        answer.remove_prefix(bytes);
    }
}

void take_package(const inference::Package& ours, const std::string& version,
                  const conf::RemoteSettings& settings, const fs::path& packages) {
    const auto& name = ours.identity.name;
    if (!is_plain_name(name) || !is_plain_name(version)) {
        throw Error(Fault::unsupported, "{} {} cannot be the name of a folder", name, version);
    }
    const auto whole = packages / name / version;
    if (fs::exists(whole)) return;
    const auto half = packages / name / ('.' + version);
    std::error_code failed;
    fs::remove_all(half, failed);
    fs::create_directories(half, failed);
    if (failed) throw Error(Fault::unavailable, "{}: {}", half.string(), failed.message());
    HttpClient http{settings};
    const auto path = fmt::format("{}/versions/{}/package", base_of(ours), path_part(version));
    unpack_package(good(http.get(path), settings).body, half);
    auto package = inference::read_package(half);
    check_kin(ours, package, version);
    (void)RemoteModel{std::move(package), settings};  // proves it
    fs::rename(half, whole, failed);
    if (failed) throw Error(Fault::unavailable, "{}: {}", whole.string(), failed.message());
}

}  // namespace bucky
