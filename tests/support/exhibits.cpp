// SPDX-License-Identifier: Apache-2.0
#include "tests/support/exhibits.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

namespace bucky::test {
namespace {

namespace fs = std::filesystem;

std::atomic<int> hidden = 0;

std::optional<fs::path> table() {
    const char* folder = std::getenv("BUCKY_EXHIBITS");
    if (folder == nullptr) return std::nullopt;
    fs::create_directories(folder);
    return folder;
}

/// Tests run in parallel: a file appears complete under its name, or not at all.
void lay_down(const fs::path& target, const std::function<void(const fs::path&)>& write) {
    if (fs::exists(target)) return;
    const fs::path part = target.string() + '.' + std::to_string(::getpid()) + ".part";
    write(part);
    fs::rename(part, target);
}

/// The value of (0002,0003), which is text in the File Meta Information (PS3.10 7.1).
std::string sop_instance_of(const fs::path& file) {
    std::string head(512, '\0');
    std::ifstream{file, std::ios::binary}.read(head.data(), static_cast<long>(head.size()));
    constexpr std::string_view kTag{"\x02\x00\x03\x00UI", 6};
    const auto at = head.find(kTag);
    if (at == std::string::npos || at + 8 > head.size()) return "unnamed";
    const auto length = static_cast<std::uint8_t>(head[at + 6]);
    return head.substr(at + 8, length).c_str();  // without the padding NUL
}

std::string_view bytes_of(std::span<const std::uint8_t> part10) {
    return {reinterpret_cast<const char*>(part10.data()), part10.size()};
}

std::string name_of(std::string_view bytes) {
    return std::to_string(std::hash<std::string_view>{}(bytes)) + '-' +
           std::to_string(bytes.size()) + ".dcm";
}

}  // namespace

void exhibit_results(const fs::path& folder) {
    if (hidden > 0) return;
    const auto on = table();
    if (!on || !fs::exists(folder)) return;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.path().extension() != ".dcm") continue;
        const auto name =
            sop_instance_of(entry.path()) + '-' + std::to_string(entry.file_size()) + ".dcm";
        lay_down(*on / name, [&](const fs::path& part) { fs::copy_file(entry.path(), part); });
    }
}

void exhibit(std::span<const std::uint8_t> part10) {
    if (hidden > 0) return;
    const auto on = table();
    if (!on) return;
    const auto bytes = bytes_of(part10);
    lay_down(*on / name_of(bytes), [&](const fs::path& part) {
        std::ofstream{part, std::ios::binary}.write(bytes.data(), static_cast<long>(bytes.size()));
    });
}

NotForJudges::NotForJudges() noexcept {
    ++hidden;
}
NotForJudges::~NotForJudges() {
    --hidden;
}

bool is_exhibited(std::span<const std::uint8_t> part10) {
    const auto on = table();
    return on && fs::exists(*on / name_of(bytes_of(part10)));
}

}  // namespace bucky::test
