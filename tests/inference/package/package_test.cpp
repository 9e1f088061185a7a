// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <vector>

#include <catch2/catch.hpp>

#include "inference/package/package.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

/// The folder of a package with arbitrary bytes as weights: reading a manifest loads no model.
class PackageFolder {
public:
    PackageFolder() {
        write_bytes(dir_ / "weights.ts", "no model, only bytes");
        manifest = manifest_for(dir_ / "weights.ts");
    }

    void replace(const std::string& from, const std::string& to) {
        const auto at = manifest.find(from);
        REQUIRE(at != std::string::npos);
        manifest.replace(at, from.size(), to);
    }
    Package read() const {
        write_bytes(dir_ / "model.toml", manifest);
        return read_package(dir_.path());
    }
    void add_golden() {
        write_bytes(dir_ / "in.f32", std::string(64 * 64 * 4, '\0'));
        write_bytes(dir_ / "out.f32", "");
        manifest += "\n[[golden]]\ninput = \"in.f32\"\noutput = \"out.f32\"\n";
    }
    const std::filesystem::path& path() const { return dir_.path(); }
    std::string complaint() const {
        const Error error = error_of([&] { read(); });
        CHECK(error.fault() == Fault::bad_input);
        return error.what();
    }

    std::string manifest;

private:
    TempDir dir_;
};

/// "1500", "0.9942", "96.3": the numbers of a sentence.
std::vector<std::string> figures_of(const std::string& text) {
    std::vector<std::string> figures(1);
    for (const char c : text) {
        if (std::isdigit(static_cast<unsigned char>(c)) != 0 ||
            (c == '.' && !figures.back().empty()))
            figures.back() += c;
        else if (!figures.back().empty())
            figures.emplace_back();
    }
    std::erase(figures, "");
    return figures;
}

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

}  // namespace

TEST_CASE("a manifest states everything about a package", "[inference]") {
    PackageFolder folder;
    folder.replace("height = 64", R"(height = 48
channels = 3
range = [-1.0, 1.0]
mean = [0.1, 0.2, 0.3]
std = [1.0, 2.0, 4]
resample = "bilinear"
fit = "stretch")");
    folder.replace("min_age_years = 18", R"(min_age_years = 18
orientations = ["L\\F", "R\\F"]
secondary_images = true
burned_in_annotation = true)");
    const Package package = folder.read();
    CHECK(package.identity.name == "spots");
    CHECK(package.identity.version == "1.2.0");
    CHECK(package.identity.vendor == "Bucky's tests");
    CHECK(package.identity.sha256.size() == 64);
    CHECK(package.identity.intended_use == "For tests only");
    CHECK(package.licence == "Apache-2.0");
    CHECK(package.weights.is_absolute());
    CHECK(package.weights.filename() == "weights.ts");
    CHECK(package.input.width == 64);
    CHECK(package.input.height == 48);
    CHECK(package.input.channels == 3);
    CHECK(package.input.values == Values::display);
    CHECK(package.input.range_low == -1);
    CHECK(package.input.range_high == 1);
    CHECK(package.input.mean == std::vector<double>{0.1, 0.2, 0.3});
    CHECK(package.input.standard_deviation == std::vector<double>{1, 2, 4});
    CHECK(package.input.resample == Resample::bilinear);
    CHECK(package.input.fit == Fit::stretch);
    CHECK(package.accepts.modalities == std::vector<std::string>{"DX", "CR"});
    CHECK(package.accepts.views == std::vector<std::string>{"PA", "AP", ""});
    CHECK(package.accepts.orientations == std::vector<std::string>{"L\\F", "R\\F"});
    CHECK(package.accepts.secondary_images);
    CHECK(package.accepts.burned_in_annotation);
    CHECK(package.accepts.min_age_years == 18.0);
    CHECK_FALSE(package.accepts.max_age_years.has_value());
    CHECK(package.accepts.age_may_be_missing);
    CHECK(package.accepts.min_rows == 16);
    CHECK(package.has_heatmaps);
    REQUIRE(package.findings.size() == 2);
    CHECK(package.findings[0].key == "left_spot");
    CHECK(package.findings[0].name_ko == "점");
    CHECK(package.findings[0].code == Code{"left-1", "99BUCKY", "Spot, left"});
    CHECK(package.findings[0].threshold == 0.6);
    CHECK(package.findings[0].located);
}

TEST_CASE("a key that a manifest leaves out has its default", "[inference]") {
    const Package package = PackageFolder().read();
    CHECK(package.input.channels == 1);
    CHECK(package.input.range_low == 0);
    CHECK(package.input.range_high == 1);
    CHECK(package.input.mean == std::vector<double>{0});
    CHECK(package.input.standard_deviation == std::vector<double>{1});
    CHECK(package.input.resample == Resample::area);
    CHECK(package.input.fit == Fit::letterbox);
    CHECK(package.accepts.orientations == std::vector<std::string>{"L\\F", ""});
    CHECK_FALSE(package.accepts.secondary_images);
    CHECK_FALSE(package.accepts.burned_in_annotation);
}

TEST_CASE("each mistake in a manifest is named with its line and key", "[inference]") {
    PackageFolder folder;
    std::string wanted;
    std::size_t lines = 1;
    SECTION("an unknown key") {
        folder.replace("height = 64", "height = 64\nhieght = 3");
        wanted = "model.toml:13: input.hieght: is not a key here; allowed: width, height";
    }
    SECTION("an unknown section") {
        folder.replace("[output]", "[ouput]\nscores = true\n[output]");
        wanted = "ouput: is not a key here";
    }
    SECTION("a missing text") {
        folder.replace("vendor = \"Bucky's tests\"\n", "");
        wanted = "model.toml:1: model.vendor: is missing: must be text";
    }
    SECTION("a number in quotes") {
        folder.replace("width = 64", "width = \"64\"");
        wanted = "model.toml:11: input.width: must be a whole number from 1 to 4096";
    }
    SECTION("a threshold above 1") {
        folder.replace("threshold = 0.6", "threshold = 60");
        wanted = "finding[1].threshold: must be a number from 0 to 1";
    }
    SECTION("an invalid orientation") {
        folder.replace("min_age_years = 18", "orientations = [\"L/F\"]");
        wanted = "accepts.orientations: \"L/F\" is none: write \"L\\\\F\"";
    }
    SECTION("an invalid word") {
        folder.replace("height = 64", "height = 64\nfit = \"zoom\"");
        wanted = "input.fit: must be one of \"letterbox\", \"stretch\", \"crop\"";
    }
    SECTION("means for another number of channels") {
        folder.replace("height = 64", "height = 64\nmean = [1.0, 2.0]");
        wanted = "input.mean: must be a list of 1 numbers";
    }
    SECTION("a deviation of 0") {
        folder.replace("height = 64", "height = 64\nstd = [0.0]");
        wanted = "input.std: must not be 0";
    }
    SECTION("a text instead of a list") {
        folder.replace("views = [\"PA\", \"AP\", \"\"]", "views = \"PA\"");
        wanted = "accepts.views: must be a list of texts";
    }
    SECTION("the hash of other weights") {
        folder.replace("sha256 = \"", "sha256 = \"0000");
        wanted = "model.sha256: must be 64 lower-case hexadecimal digits";
    }
    SECTION("weights that are not there") {
        folder.replace("weights.ts", "wieghts.ts");
        wanted = "model.weights: there is no file";
    }
    SECTION("weights outside of the folder") {
        folder.replace("weights.ts", "../weights.ts");
        wanted = "model.weights: must be the name of a file in the package's own folder";
    }
    SECTION("a place without heatmaps") {
        folder.replace("heatmaps = true", "heatmaps = false");
        wanted = "finding[1].located: needs output.heatmaps = true";
        lines = 2;  // finding[2] has the same problem
    }
    SECTION("the same finding twice") {
        folder.replace("right_spot", "left_spot");
        wanted = "finding[2].key: \"left_spot\" is there twice";
    }
    SECTION("no findings") {
        folder.manifest.resize(folder.manifest.find("[[finding]]"));
        wanted = "finding: must be one or more [[finding]] tables";
    }
    SECTION("a code that no SR can hold") {
        folder.replace("value = \"left-1\"", "value = \"left-1-and-17-more\"");
        wanted = "finding[1].code.value: is longer than 16 characters";
    }
    SECTION("a text that is not TOML") {
        folder.replace("width = 64", "width 64");
        wanted = "model.toml:11: ";
    }
    SECTION("an age range with its limits exchanged") {
        folder.replace("min_age_years = 18", "min_age_years = 18\nmax_age_years = 3");
        wanted = "accepts.max_age_years: is below min_age_years";
    }
    SECTION("a range for modality values") {
        folder.replace("height = 64", "height = 64\nvalues = \"modality\"\nrange = [0.0, 1.0]");
        wanted = "input.range: has no meaning for values = \"modality\"";
    }
    CHECK_THAT(folder.complaint(), Catch::Contains(wanted));
    CHECK(lines_of(folder.complaint()) == lines);
}

TEST_CASE("weights that changed after the manifest was written are found", "[inference]") {
    const TempDir dir;
    write_bytes(dir / "weights.ts", "first");
    write_bytes(dir / "model.toml", manifest_for(dir / "weights.ts"));
    write_bytes(dir / "weights.ts", "second");
    const Error error = error_of([&] { read_package(dir.path()); });
    CHECK_THAT(error.what(),
               Catch::Contains("model.toml:8: model.sha256: weights.ts has the hash"));
}

TEST_CASE("thresholds of another version of the weights are refused", "[inference]") {
    PackageFolder folder;
    const auto at = folder.manifest.find("thresholds_for = \"") + 18;
    folder.manifest.replace(at, 4, "beef");
    CHECK_THAT(folder.complaint(), Catch::Contains("chosen for other weights"));
}

TEST_CASE("a finding may be undetermined from a score below its threshold", "[inference]") {
    PackageFolder folder;
    folder.replace("threshold = 0.6", "threshold = 0.6\nundetermined_from = 0.4");
    const auto package = folder.read();
    CHECK(package.findings.at(0).undetermined_from == 0.4);
    CHECK_FALSE(package.findings.at(1).undetermined_from);
    folder.replace("undetermined_from = 0.4", "undetermined_from = 0.6");
    CHECK_THAT(folder.complaint(), Catch::Contains("].undetermined_from: must be below threshold"));
}

TEST_CASE("all mistakes are reported at once", "[inference]") {
    PackageFolder folder;
    folder.replace("width = 64", "width = 0");
    folder.replace("name = \"spots\"", "name = 5");
    folder.replace("[output]", "[output]\nextra = 1");
    const std::string complaint = folder.complaint();
    CHECK(lines_of(complaint) == 3);
    CHECK_THAT(complaint, Catch::Contains("input.width"));
    CHECK_THAT(complaint, Catch::Contains("model.name: must be text in quotes"));
    CHECK_THAT(complaint, Catch::Contains("output.extra"));
}

TEST_CASE("a folder without a manifest is bad input", "[inference]") {
    const TempDir dir;
    CHECK(error_of([&] { read_package(dir.path()); }).fault() == Fault::bad_input);
    write_bytes(dir / "model.toml", "");
    CHECK(lines_of(error_of([&] { read_package(dir.path()); }).what()) == 5);  // five sections
}

TEST_CASE("a package may come without weights, if golden inputs can prove them elsewhere",
          "[inference][remote]") {
    PackageFolder folder;
    const std::string hash = folder.read().identity.sha256;
    folder.replace("weights = \"weights.ts\"\nsha256", "weights = \"other.ts\"\nweights_sha256");
    SECTION("without golden inputs") {
        CHECK_THAT(folder.complaint(), Catch::Contains("golden: is needed: without weights"));
    }
    SECTION("with them") {
        folder.add_golden();
        const auto package = folder.read();
        CHECK(package.weights.empty());
        CHECK(package.weights_name == "other.ts");
        CHECK(package.identity.sha256 == hash);
    }
    SECTION("whose weights have been fetched") {
        folder.replace("other.ts", "weights.ts");
        CHECK(folder.read().weights.filename() == "weights.ts");
    }
    SECTION("whose weights are others") {
        folder.replace("other.ts", "weights.ts");
        folder.replace(hash, std::string(64, '0'));
        CHECK_THAT(folder.complaint(), Catch::Contains("weights_sha256: weights.ts has the hash"));
    }
    SECTION("that names weights elsewhere") {
        folder.replace("other.ts", "../weights.ts");
        CHECK_THAT(folder.complaint(), Catch::Contains("in the package's own folder"));
    }
}

TEST_CASE("a package that does not say what it is for is research", "[inference]") {
    PackageFolder folder;
    const std::string use = "intended_use = \"For tests only\"";
    CHECK(folder.read().identity.purpose == Purpose::research);
    folder.replace(use, use + "\npurpose = \"clinical\"");
    CHECK(folder.read().identity.purpose == Purpose::clinical);
    CHECK(purpose_of(folder.path()) == Purpose::clinical);
    folder.replace("\"clinical\"", "\"diagnosis\"");
    CHECK_THAT(folder.complaint(),
               Catch::Contains("must be one of \"demonstration\", \"research\", \"clinical\""));
}

TEST_CASE("a demonstration without the marks of its own images is no package", "[inference]") {
    PackageFolder folder;
    const std::string use = "intended_use = \"For tests only\"";
    folder.replace(use, use + "\npurpose = \"demonstration\"");
    CHECK_THAT(folder.complaint(), Catch::Contains("accepts.equipment: is missing"));
    const auto with = [&](const std::string& row) {
        PackageFolder changed;
        changed.manifest = folder.manifest;
        changed.replace("[accepts]", "[accepts]\nequipment = [{ " + row + " }]");
        return changed.complaint();
    };
    CHECK_THAT(with("manufacturer = \"Maker\""),
               Catch::Contains("must have model_name and uid_root"));
    CHECK_THAT(with("model_name = \"Stand\""),
               Catch::Contains("must have model_name and uid_root"));
    CHECK_THAT(with("model_name = \"Stand\", uid_root = \"2.25.\""),
               Catch::Contains("uid_root: must be a UID without a dot"));
    CHECK_THAT(with("serial = \"7\""), Catch::Contains("serial: is not a key here") &&
                                           Catch::Contains("names no equipment"));
    folder.replace("[accepts]",
                   "[accepts]\nequipment = [{ model_name = \"Stand\", uid_root = \"2.25\" }]");
    CHECK(folder.read().accepts.demonstration);
}

TEST_CASE("what a shipped package says was measured stands in its card", "[inference]") {
    const auto models = std::filesystem::path(BUCKY_SOURCE_DIR) / "models";
    for (const auto& folder : std::filesystem::directory_iterator(models)) {
        const bool is_gate = folder.path().filename() == "cxr-gate";
        const Told told = is_gate ? read_gate_package(folder).told : read_package(folder).told;
        CAPTURE(folder.path(), told.measured);
        CHECK_FALSE(told.patients.empty());
        CHECK_FALSE(told.measured.empty());
        std::string card = bytes_of(folder.path() / "CARD.md");
        std::erase(card, ',');  // 1,500
        for (const auto& figure : figures_of(told.measured)) {
            CAPTURE(figure);
            CHECK_THAT(card, Catch::Contains(figure));
        }
    }
}

TEST_CASE("a manifest names the model and its tensors at a server", "[inference][remote]") {
    PackageFolder folder;
    const auto unnamed = folder.read().remote;
    CHECK(unnamed.model.empty());
    CHECK(unnamed.outputs.empty());
    folder.manifest += R"(
[remote]
model = "chest"
version = "3"
input = "INPUT__0"
outputs = ["OUTPUT__0", "OUTPUT__1"]
datatype = "FP16"
)";
    const auto remote = folder.read().remote;
    CHECK(remote.model == "chest");
    CHECK(remote.version == "3");
    CHECK(remote.input == "INPUT__0");
    CHECK(remote.outputs == std::vector<std::string>{"OUTPUT__0", "OUTPUT__1"});
    CHECK(remote.float16);
    folder.replace(", \"OUTPUT__1\"", "");
    folder.replace("FP16\"", "FP16\"\nbinary = false");
    CHECK_THAT(folder.complaint(), Catch::Contains("binary: must be true for FP16"));
    folder.replace("FP16", "INT8");
    CHECK_THAT(folder.complaint(), Catch::Contains("outputs: must be 2 names: scores, heatmaps") &&
                                       Catch::Contains("datatype"));
}
