// SPDX-License-Identifier: Apache-2.0
#include "tests/support/open_model.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/support/places.h"

namespace bucky::test {
namespace {

namespace fs = std::filesystem;

/// The line that begins so is replaced.
void set_line(std::string& text, const std::string& begins, const std::string& line) {
    const auto at = text.find('\n' + begins);
    if (at == std::string::npos) throw std::runtime_error("no line " + begins);
    const auto end = text.find('\n', at + 1);
    text.replace(at + 1, end - at - 1, line);
}

}  // namespace

fs::path write_open_model(const fs::path& folder) {
    fs::create_directories(folder);
    fs::copy(phantom_model(), folder);
    std::ifstream in{phantom_model() / "model.toml"};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    set_line(text, "name = ", std::string{"name = \""} + kOpenModel + '"');
    set_line(text, "purpose = ", "purpose = \"research\"");
    set_line(text, "equipment = ", "");
    std::ofstream{folder / "model.toml"} << text;
    return folder;
}

}  // namespace bucky::test
