// SPDX-License-Identifier: Apache-2.0
#include "inference/examine/site_words.h"

namespace bucky::inference {

Header explained(Header header, const std::vector<ExamAlias>& aliases) {
    using enum ExamAttribute;
    header.body_part = bucky::explained(header.body_part, body_part, aliases);
    header.view_position = bucky::explained(header.view_position, view, aliases);
    header.modality = bucky::explained(header.modality, modality, aliases);
    return header;
}

}  // namespace bucky::inference
