// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/truth.h"

#include <algorithm>
#include <optional>

#include "conf/base/error.h"
#include "tools/bucky/shared/csv.h"
#include "tools/bucky/shared/files.h"

namespace bucky {
namespace {

LabelKey key_of(const std::string& column) {
    if (column == "sop_instance_uid") return LabelKey::image;
    if (column == "study_uid") return LabelKey::study;
    if (column == "accession_number") return LabelKey::accession_number;
    throw Error(Fault::bad_input,
                "the first column is \"{}\"; it must be sop_instance_uid, study_uid or "
                "accession_number",
                column);
}

std::optional<bool> answer_in(const std::string& cell, std::size_t line) {
    if (cell.empty()) return std::nullopt;
    if (cell == "1") return true;
    if (cell == "0") return false;
    throw Error(Fault::bad_input, "line {}: \"{}\" is neither 1 nor 0 nor empty", line, cell);
}

}  // namespace

Truth read_truth(std::string_view text, const std::vector<AuditedModel>& models) {
    const auto lines = read_csv(text);
    if (lines.empty()) throw Error(Fault::bad_input, "the table is empty");
    const auto& head = lines.front();
    Truth truth{.key = key_of(head.front()), .labels = {}};
    for (std::size_t i = 1; i < head.size(); ++i) {
        const bool is_known = std::ranges::any_of(
            models, [&](const auto& model) { return model.finding(head[i]) != nullptr; });
        if (!is_known) {
            throw Error(Fault::bad_input, "column \"{}\" is no finding of these models", head[i]);
        }
    }
    for (std::size_t number = 2; number <= lines.size(); ++number) {
        const auto& cells = lines[number - 1];
        if (cells.size() != head.size()) {
            throw Error(Fault::bad_input, "line {} has {} cells, and the first has {}", number,
                        cells.size(), head.size());
        }
        auto& label = truth.labels[cells.front()];
        for (std::size_t i = 1; i < cells.size(); ++i) {
            const auto answer = answer_in(cells[i], number);
            if (!answer) continue;
            const auto [told, is_new] = label.emplace(head[i], *answer);
            if (!is_new && told->second != *answer) {
                throw Error(Fault::bad_input, "line {}: {} has two answers for {}", number, head[i],
                            cells.front());
            }
        }
    }
    return truth;
}

Truth read_truth_file(const std::filesystem::path& file, const std::vector<AuditedModel>& models) {
    if (file.empty()) return {};
    try {
        return read_truth(read_text(file), models);
    } catch (const Error& wrong) {  // with the name of the file
        throw Error(wrong.fault(), "{}: {}", file.string(), wrong.what());
    }
}

}  // namespace bucky
