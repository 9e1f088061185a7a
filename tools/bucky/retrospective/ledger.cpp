// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/ledger.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "inference/findings_json.h"
#include "tools/bucky/shared/files.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr mode_t kOwnerOnly = 0600;

inference::Verdict verdict_of_word(const std::string& word) {
    for (const auto verdict : {inference::Verdict::findings, inference::Verdict::no_findings,
                               inference::Verdict::not_analysed}) {
        if (word == inference::name_of(verdict)) return verdict;
    }
    return inference::Verdict::failed;
}

json json_of(const AuditedImage& image) {
    json opinions = json::array();
    for (const auto& one : image.opinions) {
        opinions.push_back({{"verdict", inference::name_of(one.verdict)},
                            {"reason", one.reason},
                            {"scores", one.scores}});
    }
    return {{"sop", image.sop_instance},
            {"study", image.study},
            {"acc", image.accession_number},
            {"device", image.device},
            {"view", image.view},
            {"age", image.age_group},
            {"sex", image.sex},
            {"opinions", std::move(opinions)}};
}

AuditedImage image_of(const json& from) {
    AuditedImage image{.sop_instance = from.at("sop"),
                       .study = from.at("study"),
                       .accession_number = from.at("acc"),
                       .device = from.at("device"),
                       .view = from.at("view"),
                       .age_group = from.at("age"),
                       .sex = from.at("sex"),
                       .opinions = {}};
    for (const auto& one : from.at("opinions")) {
        image.opinions.push_back({verdict_of_word(one.at("verdict")), one.at("reason"),
                                  one.at("scores").get<std::map<std::string, double>>()});
    }
    return image;
}

std::string line_of(const AuditedItem& item) {
    json images = json::array();
    for (const auto& image : item.images) images.push_back(json_of(image));
    const json line{{"id", item.id},
                    {"left_out", item.left_out},
                    {"of_sample", item.is_of_sample},
                    {"images", std::move(images)},
                    {"skipped", item.skipped}};
    return line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

AuditedItem item_of(const json& from) {
    AuditedItem item{.id = from.at("id"),
                     .left_out = from.at("left_out"),
                     .is_of_sample = from.at("of_sample"),
                     .images = {},
                     .skipped = from.at("skipped")};
    for (const auto& image : from.at("images")) item.images.push_back(image_of(image));
    return item;
}

[[noreturn]] void cannot(const fs::path& file, const char* what) {
    throw Error(Fault::unavailable, "{} cannot be {}: {}", file.string(), what,
                std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
}

int opened(const fs::path& file, int flags) {
    const int made = ::open(file.c_str(), flags | O_CREAT | O_CLOEXEC, kOwnerOnly);
    if (made < 0) cannot(file, "opened");
    return made;
}

void write_synced(int file, std::string_view text, const fs::path& name) {
    while (!text.empty()) {
        const auto written = ::write(file, text.data(), text.size());
        if (written < 0) cannot(name, "written");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fdatasync(file) != 0) cannot(name, "written");
}

std::string fresh_salt() {
    char bytes[32]{};
    if (::getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        throw Error(Fault::unavailable, "the system gives no random bytes");
    }
    return hex(sha256({bytes, sizeof(bytes)}));
}

}  // namespace

AuditLedger::AuditLedger(const fs::path& folder, const std::string& what) : folder_(folder) {
    fs::create_directories(folder);
    if (::chmod(folder.c_str(), S_IRWXU) != 0) cannot(folder, "closed to others");
    lock_ = opened(folder / "lock", O_RDWR);
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock_);
        throw Error(Fault::bad_input, "another audit runs in {}", folder.string());
    }
    try {
        read_plan(what);
        read_done();
    } catch (...) {  // the destructor of what was never made does not run
        ::close(lock_);
        throw;
    }
}

AuditLedger::~AuditLedger() {
    if (lines_ >= 0) ::close(lines_);
    ::close(lock_);
}

void AuditLedger::read_plan(const std::string& what) {
    const auto file = folder_ / "plan.json";
    if (!fs::exists(file)) {
        salt_ = fresh_salt();
        return;
    }
    try {
        const auto read = json::parse(read_text(file));
        plan_ = {.what = read.at("what"),
                 .ids = read.at("ids"),
                 .sample = read.at("sample"),
                 .is_cut = read.at("is_cut")};
        salt_ = read.at("salt");
    } catch (const json::exception& wrong) {  // a third party's throw
        throw Error(Fault::corrupt, "{}: {}", file.string(), wrong.what());
    }
    if (plan_.what != what) {
        throw Error(Fault::bad_input,
                    "{} holds another audit ({}); name another folder with --out, or delete it",
                    folder_.string(), plan_.what);
    }
}

void AuditLedger::keep(AuditPlan plan) {
    plan_ = std::move(plan);
    const json written{{"what", plan_.what},
                       {"ids", plan_.ids},
                       {"sample", plan_.sample},
                       {"is_cut", plan_.is_cut},
                       {"salt", salt_}};
    const auto file = folder_ / "plan.json", half = folder_ / "plan.json.part";
    const int out = opened(half, O_WRONLY | O_TRUNC);
    write_synced(out, written.dump(1), half);
    ::close(out);
    fs::rename(half, file);
}

/// A line that the last run could not end is cut off: its study is done again.
void AuditLedger::read_done() {
    const auto file = folder_ / "done.jsonl";
    lines_ = opened(file, O_RDWR | O_APPEND);
    const auto text = read_text(file);
    std::size_t whole = 0;
    while (whole < text.size()) {
        const auto end = text.find('\n', whole);
        if (end == std::string::npos) break;
        const auto read = json::parse(text.substr(whole, end - whole), nullptr, false);
        if (read.is_discarded()) break;
        done_.push_back(item_of(read));
        ids_.insert(done_.back().id);
        whole = end + 1;
    }
    if (::ftruncate(lines_, static_cast<off_t>(whole)) != 0) cannot(file, "cut");
}

void AuditLedger::add(AuditedItem item) {
    write_synced(lines_, line_of(item), folder_ / "done.jsonl");
    ids_.insert(item.id);
    done_.push_back(std::move(item));
}

}  // namespace bucky
