// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/source.h"

#include "tools/bucky/shared/files.h"

namespace bucky {

AuditIds FolderSource::ids() {
    AuditIds made;
    for (const auto& file : files_of({folder_})) {
        made.ids.push_back(file.lexically_relative(folder_).string());
    }
    return made;
}

Brought FolderSource::bring(const std::string& id) {
    const auto file = folder_ / id;
    if (!std::filesystem::exists(file)) return {.files = {}, .left_out = "the file is gone"};
    return {.files = {file}};
}

}  // namespace bucky
