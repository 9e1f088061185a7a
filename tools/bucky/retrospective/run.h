// SPDX-License-Identifier: Apache-2.0
// An audit's work: study by study (or file by file), each model by itself, one image at a time on
// one thread, below the priority of everything else. Nothing is sent, and no node's database is
// opened.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "inference/examine/shelf.h"
#include "tools/bucky/retrospective/ledger.h"
#include "tools/bucky/retrospective/source.h"
#include "tools/bucky/sandbox/decoder_pool.h"

namespace bucky {

/// The models of an audit, each alone on its shelf, so that none answers in another's place.
class AuditModels {
public:
    AuditModels(const std::vector<std::filesystem::path>& folders, const conf::Settings& settings,
                const inference::GateOptions& gate, const std::string& device);

    const std::vector<AuditedModel>& told() const { return told_; }
    const std::vector<std::unique_ptr<inference::Shelf>>& shelves() const { return shelves_; }

private:
    std::vector<std::unique_ptr<inference::Shelf>> shelves_;
    std::vector<AuditedModel> told_;
};

/// Its findings, with the thresholds of the settings for every destination, else its own.
AuditedModel audited_model(const inference::Package& package, const conf::Settings& settings);

Opinion opinion_of(const inference::ImageResult& result);

/// "archive pacs, 20250101 to 20251231; models ...": two audits with the same words are one.
std::string words_of_models(const std::vector<AuditedModel>& models);

struct AuditWork {
    AuditLedger& ledger;
    AuditSource& source;
    const AuditModels& models;
    const conf::Settings& settings;
    std::size_t sample;  ///< so many studies or files
    std::string what;    ///< AuditPlan::what
};

/// Plans where there is no plan, and does what is not done. Throws what a later run may find
/// mended: the archive does not answer, the disk is full. All that was done is kept.
void carry_out(const AuditWork& work);

/// What the ledger holds, ready to be shown.
Audit audit_of(const AuditLedger& ledger, const std::vector<AuditedModel>& models);

}  // namespace bucky
