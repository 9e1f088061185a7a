// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/audit.h"

#include <algorithm>

#include "conf/base/digest.h"
#include "conf/dicom/exam_words.h"

namespace bucky {
namespace {

/// Hexadecimal digits of a digest: among 100,000 images two are alike once in a million audits.
constexpr std::size_t kDigestShown = 16;

}  // namespace

const AuditedFinding* AuditedModel::finding(const std::string& key) const {
    const auto found = std::ranges::find(findings, key, &AuditedFinding::key);
    return found == findings.end() ? nullptr : &*found;
}

const std::string& Truth::name_of(const AuditedImage& image) const {
    switch (key) {
        case LabelKey::image: return image.sop_instance;
        case LabelKey::study: return image.study;
        case LabelKey::accession_number: return image.accession_number;
    }
    __builtin_unreachable();
}

std::string Audit::name_of(const AuditedImage& image) const {
    if (accession_numbers) {
        return image.accession_number.empty() ? "no accession number" : image.accession_number;
    }
    return hex(sha256(salt + '\n' + image.sop_instance)).substr(0, kDigestShown);
}

std::vector<AuditedFinding> Audit::findings() const {
    std::vector<AuditedFinding> all;
    for (const auto& model : models) {
        for (const auto& finding : model.findings) {
            if (std::ranges::count(all, finding.key, &AuditedFinding::key) == 0) {
                all.push_back(finding);
            }
        }
    }
    return all;
}

std::string view_group(const std::string& word) {
    if (word.empty()) return kNotStated;
    const auto meaning = exam_meaning(word);
    return meaning && !meaning->view.empty() ? meaning->view : word;
}

std::string age_group(double years) {
    if (years < 18) return "0-17";
    if (years < 40) return "18-39";
    if (years < 60) return "40-59";
    if (years < 80) return "60-79";
    return "80 and over";
}

}  // namespace bucky
