// SPDX-License-Identifier: Apache-2.0
#include "conf/aliases.h"

namespace bucky::conf {

std::vector<ExamAlias> aliases_for(const Settings& settings, std::string_view calling_ae) {
    std::vector<ExamAlias> found;
    const auto add = [&](std::string_view ae_title) {
        for (const auto& alias : settings.aliases) {
            if (alias.ae_title != ae_title) continue;
            found.push_back({alias.attribute, alias.word, alias.means});
        }
    };
    if (!calling_ae.empty()) add(calling_ae);
    add("");
    return found;
}

}  // namespace bucky::conf
