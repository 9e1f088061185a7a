// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/demands.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/database.h"
#include "storage/site.h"
#include "tests/support/ledger.h"
#include "tests/support/orthanc.h"
#include "tests/support/part10.h"

namespace bucky::test {
namespace {

namespace fs = std::filesystem;
using storage::Database;

constexpr storage::Sql kAwaiting{
    "test.awaiting", "SELECT sop_instance FROM instance WHERE awaiting = 1 ORDER BY id LIMIT 3"};
constexpr storage::Sql kRows{"test.rows", R"sql(
    SELECT sop_instance, owner, conflicting, verdict, file FROM instance)sql"};
constexpr storage::Sql kIntegrity{"test.integrity", "PRAGMA integrity_check"};

constexpr std::size_t kNamedMax = 5;

/// The first few by name, the rest as a number.
std::string few(const std::vector<std::string>& all) {
    const auto shown = std::min(all.size(), kNamedMax);
    const std::vector<std::string> named(all.begin(), all.begin() + static_cast<long>(shown));
    return fmt::format("{}{}", fmt::join(named, ", "),
                       shown < all.size() ? fmt::format(" and {} more", all.size() - shown) : "");
}

template <typename Look>
Complaints looked_at(const std::string& what, Look&& look) {
    Complaints complaints;
    try {
        look(complaints);
    } catch (const std::exception& error) {
        complaints.push_back(what + ": " + error.what());
    }
    return complaints;
}

struct Row {
    std::string verdict, file;
    std::size_t times = 0;
};

/// The owner of an image, and its UID.
using Key = std::pair<std::string, std::string>;

Key key_of(const AnsweredImage& image) {
    return {image.called == kNobody ? "" : image.called, image.sop_instance};
}

std::map<Key, Row> rows_in(Database& db, Complaints& complaints) {
    std::map<Key, Row> rows;
    for (auto row = db.prepare(kRows); row.step();) {
        if (row.integer(2) != 0) {
            complaints.push_back(row.text(0) + " is kept as a conflicting copy of itself");
            continue;
        }
        auto& one = rows[{row.text(1), row.text(0)}];
        one.verdict = row.text(3);
        one.file = row.text(4);
        ++one.times;
    }
    return rows;
}

std::string bytes_of(const fs::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

/// An object at a destination, by its own UID.
struct Held {
    std::string study, sop_class;
    std::set<std::string> images;  ///< images of the test that it names
};

class Teller {
public:
    Teller(const Told& told, const std::vector<AnsweredImage>& answered) : told_(told) {
        for (const auto& image : answered) {
            studies_[image.study].everybodys.insert(image.sop_instance);
            if (std::find(told.called.begin(), told.called.end(), image.called) ==
                told.called.end()) {
                continue;
            }
            studies_[image.study].ours.insert(image.sop_instance);
        }
    }

    Complaints check() {
        for (const auto& file : told_.files) take(file);
        for (const auto& [study, images] : studies_) {
            if (!images.ours.empty()) check_study(study, images.ours);
        }
        Complaints complaints;
        for (const auto& [what, which] : wrong_) {
            complaints.push_back(
                fmt::format("{}: {} {}: {}", told_.destination, which.size(), what, few(which)));
        }
        return complaints;
    }

private:
    struct Images {
        std::set<std::string> ours, everybodys;
    };

    void take(const fs::path& file) {
        const auto object = read_part10(file);
        if (!object) return wrong_["files are no object"].push_back(file.filename().string());
        const auto& uid = object->sop_instance;
        const auto study = studies_.find(object->study);
        if (study == studies_.end()) return wrong_["objects of no study of ours"].push_back(uid);
        Held held{object->study, object->sop_class, {}};
        const auto bytes = bytes_of(file);
        for (const auto& image : study->second.everybodys) {
            if (bytes.find(image) != std::string::npos) held.images.insert(image);
        }
        if (!std::includes(study->second.ours.begin(), study->second.ours.end(),
                           held.images.begin(), held.images.end())) {
            wrong_["objects name somebody else's images"].push_back(uid);
        }
        const auto [other, is_new] = held_.try_emplace(uid, held);
        if (!is_new && other->second.images != held.images) {
            wrong_["objects came twice and differ"].push_back(uid);
        }
    }

    void check_study(const std::string& study, const std::set<std::string>& images) {
        std::map<std::set<std::string>, int> reports;
        std::map<std::string, int> pictures;
        for (const auto& [uid, held] : held_) {
            if (held.study != study) continue;
            if (held.sop_class == kComprehensive3dSr) ++reports[held.images];
            if (held.sop_class != kSecondaryCapture) continue;
            for (const auto& image : held.images) ++pictures[image];
        }
        if (reports[images] == 0) wrong_["studies without a report of all"].push_back(study);
        for (const auto& [named, times] : reports) {
            if (times > 1) wrong_["studies with two reports of the same"].push_back(study);
        }
        for (const auto& image : images) {
            if (pictures[image] != (told_.pictures ? 1 : 0)) {
                wrong_["images have not the pictures they should"].push_back(image);
            }
        }
    }

    const Told& told_;
    std::map<std::string, Images> studies_;
    std::map<std::string, Held> held_;
    std::map<std::string, std::vector<std::string>> wrong_;  ///< fault to the objects that show it
};

}  // namespace

Complaints still_open(const fs::path& data_dir) {
    return looked_at("the database", [&](Complaints& open) {
        open = Ledger{data_dir}.open_work();
        Database db = storage::Site{data_dir}.open(Database::Mode::read_only);
        for (auto row = db.prepare(kAwaiting); row.step();) {
            open.push_back(row.text(0) + " waits for its verdict");
        }
    });
}

Complaints check_kept(const fs::path& data_dir, const std::vector<AnsweredImage>& answered) {
    return looked_at("the database", [&](Complaints& complaints) {
        Database db = storage::Site{data_dir}.open(Database::Mode::read_only);
        auto rows = rows_in(db, complaints);
        std::vector<std::string> lost, twice, fileless, without, failed;
        for (const auto& image : answered) {
            const auto found = rows.find(key_of(image));
            if (found == rows.end()) {
                lost.push_back(image.sop_instance);
                continue;
            }
            const auto row = found->second;
            rows.erase(found);
            if (row.times > 1) twice.push_back(image.sop_instance);
            if (row.verdict.empty()) without.push_back(image.sop_instance);
            if (row.verdict == "failed" || row.verdict == "not_analysed") {
                failed.push_back(image.sop_instance + ' ' + row.verdict);
            }
            if (!fs::exists(data_dir / "spool" / row.file)) fileless.push_back(image.sop_instance);
        }
        const auto say = [&](const char* what, const std::vector<std::string>& which) {
            if (which.empty()) return;
            complaints.push_back(fmt::format("of {} answered images {} {}: {}", answered.size(),
                                             which.size(), what, few(which)));
        };
        say("are not there", lost);
        say("are there twice", twice);
        say("have no file", fileless);
        say("have no verdict", without);
        say("were not analysed", failed);
        std::vector<std::string> unasked;
        for (const auto& [key, row] : rows) unasked.push_back(key.second);
        say("more are there that nobody was told of", unasked);
    });
}

Complaints check_folder(const fs::path& data_dir) {
    return looked_at("the database", [&](Complaints& complaints) {
        Database db = storage::Site{data_dir}.open(Database::Mode::read_only);
        for (auto row = db.prepare(kIntegrity); row.step();) {
            if (row.text(0) != "ok") complaints.push_back("integrity_check: " + row.text(0));
        }
        Ledger ledger{data_dir};
        if (const auto orphans = ledger.orphans(); !orphans.empty()) {
            complaints.push_back("files without a row: " + few(orphans));
        }
        if (const auto dangling = ledger.dangling(); !dangling.empty()) {
            complaints.push_back("rows without a file: " + few(dangling));
        }
    });
}

Complaints check_backup(const fs::path& folder, const std::vector<AnsweredImage>& answered_before) {
    return looked_at("the backup " + folder.filename().string(), [&](Complaints& complaints) {
        Database db = storage::Site{folder}.open(Database::Mode::existing);
        const auto rows = rows_in(db, complaints);
        std::vector<std::string> lost;
        for (const auto& image : answered_before) {
            const auto row = rows.find(key_of(image));
            if (row == rows.end() || !fs::exists(folder / "spool" / row->second.file)) {
                lost.push_back(image.sop_instance);
            }
        }
        if (lost.empty()) return;
        complaints.push_back(fmt::format("the backup lacks {} of {} images answered before it: {}",
                                         lost.size(), answered_before.size(), few(lost)));
    });
}

Complaints check_told(const Told& told, const std::vector<AnsweredImage>& answered) {
    return Teller{told, answered}.check();
}

}  // namespace bucky::test
