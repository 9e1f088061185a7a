// SPDX-License-Identifier: Apache-2.0
// Which room may include which: the top level by a table, the inner rooms by one rule (no arrow
// runs back), and docs/architecture.md shows what is there.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/house/tree.h"

using namespace bucky::house;

namespace {

const std::vector<std::string_view>& ours() {
    static const std::vector<std::string_view> kOurs{"conf/",     "storage/", "scp/",  "inference/",
                                                     "dicom_sr/", "tools/",   "tests/"};
    return kOurs;
}

std::string room_of(std::string_view path) {
    return std::string{path.substr(0, path.rfind('/'))};
}

/// room -> the rooms that its files include.
using Arrows = std::map<std::string, std::set<std::string>>;

Arrows arrows() {
    Arrows all;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        const auto room = room_of(file.path);
        auto& seen = all[room];
        for (const auto& include : includes_of(file)) {
            if (!starts_with_any(include.name, ours())) continue;
            const auto other = room_of(include.name);
            if (other != room) seen.insert(other);
        }
    }
    return all;
}

/// A room stands one floor above the highest that it includes; floor 0: it includes itself in a
/// circle.
std::map<std::string, int> floors(const Arrows& all) {
    std::map<std::string, int> floor;
    for (bool found = true; found;) {
        found = false;
        for (const auto& [room, others] : all) {
            if (floor.contains(room)) continue;
            int highest = 0;
            const bool ready = std::all_of(others.begin(), others.end(), [&](const auto& other) {
                const auto at = floor.find(other);
                if (at != floor.end()) highest = std::max(highest, at->second);
                return at != floor.end();
            });
            if (!ready) continue;
            floor[room] = highest + 1;
            found = true;
        }
    }
    return floor;
}

/// The part of the house that a room belongs to.
std::string part_of(const std::string& room) {
    const std::string program{"tools/bucky"};
    return room.starts_with(program) ? program : room.substr(0, room.find('/'));
}

/// What a room includes of its own part, by the names that are used there.
std::string names_in_part(const std::string& room, const std::set<std::string>& others) {
    const auto part = part_of(room);
    std::string names;
    for (const auto& other : others) {
        if (part_of(other) != part) continue;
        names += ' ' + (other == part ? part : other.substr(part.size() + 1));
    }
    return names;
}

/// A line a room: its floor, its name, and what it includes of its own part of the house.
std::string figure() {
    const auto all = arrows();
    const auto floor = floors(all);
    int top = 0;
    for (const auto& [room, at] : floor) top = std::max(top, at);
    std::string text;
    for (int at = 1; at <= top; ++at) {
        for (const auto& [room, others] : all) {
            if (!floor.contains(room) || floor.at(room) != at) continue;
            std::string line = std::to_string(at);
            line.resize(4, ' ');
            line += room;
            const auto names = names_in_part(room, others);
            if (!names.empty()) {
                line.resize(std::max<std::size_t>(line.size(), 30), ' ');
                line += " ->" + names;
            }
            text += line + '\n';
        }
    }
    return text;
}

}  // namespace

TEST_CASE("a room includes only the rooms that the house lets it see", "[house]") {
    // conf/base <- conf <- storage <- scp <---------\.
    //         ^------- inference <- dicom_sr <------- tools <- tests
    using Names = std::vector<std::string_view>;
    static const Names kVocabulary{"conf/base/", "conf/dicom/", "conf/run/", "conf/observe/"};
    const auto with_vocabulary = [](Names names) {
        names.insert(names.end(), kVocabulary.begin(), kVocabulary.end());
        return names;
    };
    static const std::vector<std::pair<std::string_view, Names>> kRooms{
        {"conf/base/", {"conf/base/"}},
        {"conf/dicom/", {"conf/base/", "conf/dicom/"}},
        {"conf/", {"conf/"}},
        {"storage/", {"conf/", "storage/"}},
        {"scp/wire/", {"conf/", "scp/wire/"}},
        {"scp/receive/", {"conf/", "storage/", "scp/wire/", "scp/web/", "scp/receive/"}},
        {"scp/deliver/", {"conf/", "storage/", "scp/wire/", "scp/deliver/"}},
        {"inference/", with_vocabulary({"inference/"})},
        {"dicom_sr/", with_vocabulary({"dicom_sr/", "inference/findings.h"})},
        {"tools/phantom/", {"conf/base/", "conf/dicom/", "tools/phantom/"}},
        {"tools/fake_pacs/", {"conf/base/", "tools/fake_pacs/"}},
        {"tools/", {"conf/", "storage/", "scp/", "inference/", "dicom_sr/", "tools/"}},
    };
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        const auto room = std::find_if(kRooms.begin(), kRooms.end(), [&](const auto& one) {
            return file.path.starts_with(one.first);
        });
        if (room == kRooms.end()) continue;
        for (const auto& include : includes_of(file)) {
            if (starts_with_any(include.name, ours()) &&
                !starts_with_any(include.name, room->second)) {
                complaints.push_back(include.where + ": " + include.name);
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("no two inner rooms include each other, by whatever way round", "[house]") {
    const auto all = arrows();
    const auto floor = floors(all);
    std::vector<std::string> complaints;
    for (const auto& [room, others] : all) {
        if (floor.contains(room)) continue;
        std::string line = room + " includes, in a circle,";
        for (const auto& other : others) {
            if (!floor.contains(other)) line += ' ' + other;
        }
        complaints.push_back(std::move(line));
    }
    check_none(complaints);
}

TEST_CASE("couriers know no transport: only a transport's own files speak its protocol",
          "[house]") {
    static const std::vector<std::string_view> kDimse{
        "scp/deliver/commitment_scu.", "scp/deliver/dimse_sender.", "scp/deliver/echo."};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!file.path.starts_with("scp/deliver/") || starts_with_any(file.path, kDimse)) continue;
        for (const auto& include : includes_of(file)) {
            const bool of_a_transport = starts_with_any(
                include.name, {"scp/wire/", "scp/deliver/dimse_sender", "dcmtk/dcmnet/"});
            if (of_a_transport && !file.path.starts_with("scp/deliver/make_sender.")) {
                complaints.push_back(include.where + ": " + include.name);
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("docs/architecture.md shows the rooms as they are", "[house]") {
    std::ifstream in{root() / "docs/architecture.md"};
    const std::string page{std::istreambuf_iterator<char>{in}, {}};
    const auto wanted = figure();
    INFO("wanted in docs/architecture.md:\n" << wanted);
    CHECK(page.find("```\n" + wanted + "```") != std::string::npos);
}

TEST_CASE("the tests stand as the rooms do", "[house]") {
    // tests/scp/receive/store_test.cpp tests scp/receive; tests/tools is of tools/bucky.
    std::set<std::string> rooms;
    for (const auto& file : tree()) {
        if (is_product(file.path)) rooms.insert(room_of(file.path));
    }
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!file.path.ends_with("_test.cpp")) continue;
        auto room = room_of(file.path).substr(std::string_view{"tests/"}.size());
        if (room.starts_with("tools/")) room.insert(room.find('/') + 1, "bucky/");
        const bool is_inner = room.find('/') != std::string::npos;
        if (is_inner && !rooms.contains(room))
            complaints.push_back(file.path + ": no room " + room);
    }
    check_none(complaints);
}

TEST_CASE("a third-party header is included only where its library lives", "[house]") {
    struct Rule {
        std::string_view header;
        std::vector<std::string_view> allowed;
    };
    static const std::vector<Rule> kRules{
        {"sqlite3.h", {"storage/"}},
        {"dcmtk/dcmnet/", {"scp/", "tools/fake_pacs/"}},
        {"dcmtk/dcmtls/", {"scp/", "tools/fake_pacs/"}},
        {"dcmtk/dcmsr/", {"dicom_sr/"}},
        {"torch/", {"inference/run/torch_model.cpp"}},
        {"ATen/", {"inference/run/torch_model.cpp"}},
        {"c10/", {"inference/run/torch_model.cpp"}},
        {"boost/asio/ip/",
         {"scp/receive/peers", "scp/receive/front_door", "scp/receive/listener",
          "tools/bucky/admin/admin", "tools/bucky/audit/syslog", "tools/bucky/node/ports",
          "tools/bucky/service/", "tools/bucky/sites/est_client.cpp"}},  // values
        {"boost/asio.hpp",
         {"scp/receive/front_door", "tools/bucky/admin/admin", "tools/bucky/node/node"}},
        {"boost/beast",
         {"scp/receive/web_session.cpp", "tools/bucky/admin/admin", "tools/bucky/service/",
          "tools/bucky/sites/est_client.cpp"}},
        {"libdeflate.h", {"tools/bucky/service/content_coding.cpp"}},
        {"cairo", {"dicom_sr/draw/"}},
        {"pango", {"dicom_sr/draw/"}},
        {"spdlog/", {"conf/observe/"}},
        {"prometheus/", {"conf/observe/metrics.cpp"}},
        {"openjpeg.h", {"inference/pixels/jpeg2000.cpp", "tools/phantom/jpeg2000.cpp"}},
        {"openjph/", {"tools/phantom/htj2k.cpp"}},
        {"openssl/", {"conf/base/digest.cpp", "scp/wire/tls_", "tools/bucky/sites/x509.cpp"}},
        {"crypt.h", {"scp/receive/users.cpp"}},
        {"curl/", {"tools/bucky/remote/curl_handle.h"}},
        {"zlib.h", {"tools/bucky/remote/wire.cpp"}},
    };
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        for (const auto& include : includes_of(file)) {
            for (const auto& rule : kRules) {
                if (include.name.starts_with(rule.header) &&
                    !starts_with_any(file.path, rule.allowed)) {
                    complaints.push_back(include.where + ": " + include.name);
                }
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("only storage/ knows that its database is a file, and how a lane is written", "[house]") {
    // Others open a storage::Site and name a storage::Lane. Tests of commands check what people
    // see.
    static const std::vector<std::string_view> kMay{
        "storage/", "tests/storage/", "tests/support/database_file.h", "tests/tools/commands/",
        "tests/house/rooms_test.cpp"};
    static const std::regex kKnows{R"re(bucky\.db|["'](deliver|commit):|\.database_file\()re"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_cpp(file.path) || starts_with_any(file.path, kMay)) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            std::smatch found;
            if (!std::regex_search(file.lines[at], found, kKnows)) continue;
            complaints.push_back(place(file, at) + ": " + found.str());
        }
    }
    check_none(complaints);
}

TEST_CASE("one test file at most pays for LibTorch's headers", "[house]") {
    std::set<std::string> paying;
    for (const auto& file : tree()) {
        if (!is_cpp(file.path) || !file.path.starts_with("tests/")) continue;
        for (const auto& include : includes_of(file)) {
            if (starts_with_any(include.name, {"torch/", "ATen/", "c10/"}))
                paying.insert(file.path);
        }
    }
    CHECK(paying.size() <= 1);
}
