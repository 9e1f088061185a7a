// SPDX-License-Identifier: Apache-2.0
#include "inference/package/without_weights.h"

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <toml++/toml.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());
    return bytes;
}

}  // namespace

std::string manifest_without_weights(const fs::path& folder) {
    try {
        auto table = toml::parse(bytes_of(folder / "model.toml"));
        table.erase("compiled");
        table.erase("remote");
        auto* model = table["model"].as_table();
        if (model != nullptr && model->contains("sha256")) {
            model->insert_or_assign("weights_sha256", (*model)["sha256"].value_or(std::string{}));
            model->erase("sha256");
        }
        std::ostringstream made;
        made << table << '\n';
        return made.str();
    } catch (const toml::parse_error& wrong) {  // a third party's throw
        throw Error(Fault::bad_input, "model.toml:{}: {}", wrong.source().begin.line,
                    wrong.description());
    }
}

std::vector<std::pair<std::string, std::string>> files_without_weights(const Package& package) {
    std::vector<std::pair<std::string, std::string>> files;
    files.emplace_back("model.toml", manifest_without_weights(package.folder));
    if (const auto card = package.folder / "CARD.md"; fs::exists(card)) {
        files.emplace_back("CARD.md", bytes_of(card));
    }
    std::set<fs::path> golden;
    for (const auto& one : package.golden) {
        golden.insert(one.input);
        golden.insert(one.output);
    }
    for (const auto& file : golden) files.emplace_back(file.filename().string(), bytes_of(file));
    return files;
}

}  // namespace bucky::inference
