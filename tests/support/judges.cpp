// SPDX-License-Identifier: Apache-2.0
#include "tests/support/judges.h"

#include <sstream>

#include "tests/support/process.h"

namespace bucky::test {
namespace {

std::vector<std::string> lines_with(const std::string& output, const std::string& word) {
    std::vector<std::string> found;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        if (line.find(word) != std::string::npos) found.push_back(line);
    }
    return found;
}

}  // namespace

std::vector<std::string> dciodvfy_errors(const std::filesystem::path& file) {
    const auto said = run({"dciodvfy", file.string()});
    auto errors = lines_with(said.output, "Error");
    if (said.output.empty()) errors.push_back("dciodvfy said nothing about " + file.string());
    return errors;
}

std::vector<std::string> pixelmed_sr_errors(const std::filesystem::path& file) {
    // Java's limits on XPath are too low for the templates of PS3.16 (JAXP0801003). Without its
    // second compiler, a run of a few seconds is twice as fast.
    const auto said = run({"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                           "-Djdk.xml.xpathExprOpLimit=0", "-Djdk.xml.xpathTotalOpLimit=0",
                           "-Djdk.xml.xpathExprGrpLimit=0", "-cp", "/usr/share/java/pixelmed.jar",
                           "com.pixelmed.validate.DicomSRValidator", file.string()});
    auto errors = lines_with(said.output, "Error");
    for (auto& line : lines_with(said.output, "Exception")) errors.push_back(std::move(line));
    if (said.output.find("IOD") == std::string::npos) {
        errors.push_back("DicomSRValidator did not look at it: " + said.output);
    }
    return errors;
}

std::string dsrdump(const std::filesystem::path& file) {
    const auto said = run({"dsrdump", "+U8", file.string()});
    return said.status == 0 ? said.output : "";
}

std::string attribute(const std::filesystem::path& file, const std::string& tag) {
    const auto said = run({"dcmdump", "-q", "-Un", "+U8", "+L", "-s", "+P", tag, file.string()});
    const auto open = said.output.find_first_of("[=");
    if (said.status != 0 || open == std::string::npos) return "";
    const char closing = said.output[open] == '[' ? ']' : ' ';
    return said.output.substr(open + 1, said.output.find(closing, open) - open - 1);
}

}  // namespace bucky::test
