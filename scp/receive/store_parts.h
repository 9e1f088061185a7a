// SPDX-License-Identifier: Apache-2.0
// StoreParts makes arrivals of the parts of a request to store by DICOMweb: each goes into the
// spool byte for byte as it comes, and is durable when it ends. A part that is no DICOM file fails
// alone. Used by the session's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scp/receive/arrivals.h"
#include "scp/web/multipart_reader.h"
#include "scp/web/store_answer.h"

namespace bucky::scp {

class StoreParts final : public MultipartParts {
public:
    /// `study`: that all instances must be of; empty: any.
    StoreParts(Arrivals& arrivals, std::string study)
        : arrivals_(arrivals), study_(std::move(study)) {}

    void part_begins(std::string_view type) override;
    void part_bytes(std::string_view bytes) override;
    void part_ends() override;

    /// The body ends here, perhaps within a part: that one was not stored.
    void cut_off();

    /// What became of each, for the answer.
    const std::vector<StoredPart>& parts() const noexcept { return parts_; }

private:
    void look(bool is_all);
    void begin(const Error* failure);
    void end();

    Arrivals& arrivals_;
    const std::string study_;
    std::string held_;  ///< until the data set begins
    std::optional<Arrival> arrival_;
    std::optional<IncomingDataset> dataset_;  ///< from then on
    bool is_open_ = false;
    std::vector<StoredPart> parts_;
};

}  // namespace bucky::scp
