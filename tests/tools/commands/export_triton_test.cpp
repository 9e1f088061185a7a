// SPDX-License-Identifier: Apache-2.0
// The model repository of NVIDIA Triton: its files, and its model.py without Triton. tests/engines
// asks the real one.
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/process.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/commands/triton_repository.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

Said exported(const fs::path& repository, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"model", "export-triton", phantom_model().string(), "--to",
                                   repository.string()};
    words.insert(words.end(), more.begin(), more.end());
    return bucky_command(words);
}

bool has(const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a package becomes a repository of Triton: TorchScript, and names, types and shapes",
          "[tools][triton]") {
    const TempDir dir;
    const auto said = exported(dir / "served");
    INFO(said.text);
    REQUIRE(said.status == 0);
    const auto folder = dir / "served" / "cxr-phantom";
    const auto config = read_text(folder / "config.pbtxt");
    has(config,
        "name: \"cxr-phantom\"\nbackend: \"pytorch\"\nplatform: \"pytorch_libtorch\"\n"
        "max_batch_size: 8\n");
    // The pytorch backend reads a tensor's place from its name.
    has(config, "{ name: \"image__0\" data_type: TYPE_FP32 dims: [ 1, 256, 256 ] }");
    has(config, "{ name: \"scores__0\" data_type: TYPE_FP32 dims: [ 4 ] }");
    has(config, "{ name: \"heatmaps__1\" data_type: TYPE_FP32 dims: [ 4, 128, 128 ] }");
    has(config, "dynamic_batching {");
    const auto package = inference::read_package(phantom_model());
    has(config, "key: \"sha256\" value { string_value: \"" + package.identity.sha256 + "\" }");
    CHECK(read_text(folder / "1" / "model.pt") == read_text(package.weights));
    CHECK_FALSE(fs::exists(folder / "1" / "model.py"));

    CHECK_THROWS_WITH(exported(dir / "served"), Catch::Contains("is there already"));
    // Whoever watches the folder never sees a half model.
    CHECK(std::distance(fs::directory_iterator{dir / "served"}, {}) == 1);
}

TEST_CASE("the python form answers the golden input of its package, in the declared shapes",
          "[tools][triton]") {
    const TempDir dir;
    REQUIRE(exported(dir / "served", {"--python", "--batch-max", "4"}).status == 0);
    const auto folder = dir / "served" / "cxr-phantom";
    has(read_text(folder / "config.pbtxt"), "backend: \"python\"\nmax_batch_size: 4\n");
    const auto ran = run({"/usr/bin/python3", "-B",
                          (source_dir() / "tests" / "support" / "triton_model.py").string(),
                          folder.string(), phantom_model().string()});
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    has(ran.output, "scores as declared\nheatmaps as declared\n");
    const auto at = ran.output.find("off by ");
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(ran.output.substr(at + 7)) <= 0.001);
}

TEST_CASE("a model whose name is no folder's, or whose weights are not here, is not exported",
          "[tools][triton]") {
    const TempDir dir;
    TritonModel model;
    model.package.identity.name = "../elsewhere";
    CHECK_THROWS_AS(write_triton_model(model, dir / "served"), Error);
    CHECK_FALSE(fs::exists(dir / "elsewhere"));

    fs::copy(phantom_model(), dir / "package");
    auto manifest = read_text(dir / "package" / "model.toml");
    const std::string here = "weights = \"weights.ts\"\nsha256";
    manifest.replace(manifest.find(here), here.size(), "weights_sha256");
    write_file(dir / "package" / "model.toml", std::string_view{manifest});
    fs::remove(dir / "package" / "weights.ts");
    CHECK_THROWS_WITH(bucky_command({"model", "export-triton", (dir / "package").string(), "--to",
                                     (dir / "served").string()}),
                      Catch::Contains("its weights are not here"));
    CHECK_FALSE(fs::exists(dir / "served"));
}
