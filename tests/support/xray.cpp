// SPDX-License-Identifier: Apache-2.0
#include "tests/support/xray.h"

#include "tools/phantom/recipe.h"

namespace bucky::test {

Xray write_xray(const std::filesystem::path& dir, const XrayOptions& options) {
    const auto drawn = phantom::draw(
        phantom::random_recipe(options.seed, options.rows, options.columns, options.lesions));
    Xray xray{
        .file = {}, .uids = phantom::identify(drawn, options.dicom), .lesions = drawn.lesions};
    xray.file = dir / (xray.uids.sop_instance_uid + ".dcm");
    phantom::write_dicom(drawn, options.dicom, xray.file);
    return xray;
}

double overlap(const phantom::Lesion& planted, const inference::Region& found, int rows,
               int columns) {
    phantom::Lesion outline;
    for (const auto& point : found.outline) outline.outline.push_back({point.column, point.row});
    const auto there = phantom::mask_of(planted, rows, columns);
    const auto said = phantom::mask_of(outline, rows, columns);
    std::size_t both = 0, either = 0;
    for (std::size_t at = 0; at < there.size(); ++at) {
        both += there[at] != 0 && said[at] != 0;
        either += there[at] != 0 || said[at] != 0;
    }
    return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

}  // namespace bucky::test
