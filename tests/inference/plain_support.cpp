// SPDX-License-Identifier: Apache-2.0
// The part of support.h that needs no DCMTK, because tests/torch_alone is built without it.
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/inference/support.h"

namespace bucky::test {

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

Error error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {  // the result of this function
        return error;
    }
    FAIL("no Error was thrown");
    return {Fault::bug, "not reached"};
}

}  // namespace bucky::test
