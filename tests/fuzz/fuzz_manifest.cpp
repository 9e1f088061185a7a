// SPDX-License-Identifier: Apache-2.0
// libFuzzer: the manifest of a model, or of the gate, beside weights of a few bytes.
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "inference/package/package.h"
#include "tests/fuzz/target.h"
#include "tests/support/temp_dir.h"

namespace bucky::fuzz {

void try_input(std::span<const std::uint8_t> input) {
    static const test::TempDir folder;
    static const int manifest = [] {
        std::ofstream(folder / "weights.ts") << "weights";
        return ::open((folder / "model.toml").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }();
    (void)::ftruncate(manifest, 0);
    (void)::pwrite(manifest, input.data(), input.size(), 0);
    const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
    if (text.find("[gate]") != std::string_view::npos) {
        (void)inference::read_gate_package(folder.path());
    } else {
        (void)inference::read_package(folder.path());
    }
}

}  // namespace bucky::fuzz
