// SPDX-License-Identifier: Apache-2.0
// Audit: images of a site's past, what each model said of them, and the truth where somebody knows
// it. No name, Patient ID or birth date is in it. Plain values: filled from an archive or a folder
// (run.h) or from a node's ledger (shadow.h), shown by page.h, table.h and summary.h.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "inference/findings.h"

namespace bucky {

struct AuditedFinding {
    std::string key, name;
    double threshold = 0;  ///< in use at this site
};

struct AuditedModel {
    std::string name, version, sha256;
    std::filesystem::path folder;  ///< empty: not known
    std::vector<AuditedFinding> findings;

    std::string label() const { return name + ' ' + version; }
    const AuditedFinding* finding(const std::string& key) const;
};

/// What one model said of one image.
struct Opinion {
    inference::Verdict verdict = inference::Verdict::failed;
    std::string reason;                    ///< its key, of an image without an answer
    std::map<std::string, double> scores;  ///< by finding

    bool is_answer() const {
        return verdict == inference::Verdict::findings ||
               verdict == inference::Verdict::no_findings;
    }
};

struct AuditedImage {
    std::string sop_instance, study, accession_number;
    std::string device, view, age_group, sex;  ///< never empty: "not stated"
    std::vector<Opinion> opinions;             ///< one for each model, in their order
};

/// What a label names.
enum class LabelKey { image, study, accession_number };

struct Truth {
    LabelKey key = LabelKey::image;
    /// By what the label names, then by finding. A finding that is not in it is not known.
    std::map<std::string, std::map<std::string, bool>> labels;

    bool empty() const { return labels.empty(); }
    const std::string& name_of(const AuditedImage& image) const;
};

struct Audit {
    std::string title;                 ///< "Audit of pacs, 2025-01-01 to 2025-12-31"
    std::vector<std::string> remarks;  ///< how it was made, a sentence each
    std::vector<AuditedModel> models;  ///< one or two; the first is the one in use
    std::vector<AuditedImage> images;
    std::size_t studies = 0;
    std::map<std::string, std::size_t> left_out;  ///< why, and how many studies or files
    Truth truth{};
    std::string salt{};                ///< of the digests that stand for images
    bool accession_numbers = false;    ///< name images by them instead
    std::string by_device = "device";  ///< what the device column holds

    /// What stands for an image in pages and tables.
    std::string name_of(const AuditedImage& image) const;

    /// Of all models, each once, in their order.
    std::vector<AuditedFinding> findings() const;
};

/// "PA" of "P.A. ERECT" and the like; the word itself where it means nothing; "not stated".
std::string view_group(const std::string& word);
std::string age_group(double years);  ///< "18-39"

inline constexpr auto kNotStated = "not stated";

}  // namespace bucky
