// SPDX-License-Identifier: Apache-2.0
// libFuzzer: a stranger's file before its pixels are looked at. The parser is DCMTK's, behind the
// bounds of inference/pixels/dicom_file.
#include <sys/mman.h>
#include <unistd.h>

#include "inference/pixels/header.h"
#include "tests/fuzz/target.h"

namespace bucky::fuzz {

void try_input(std::span<const std::uint8_t> input) {
    static const int file = ::memfd_create("dataset", 0);
    static const std::string name = "/proc/self/fd/" + std::to_string(file);
    (void)::ftruncate(file, 0);
    (void)::pwrite(file, input.data(), input.size(), 0);
    (void)inference::read_header(name);
}

}  // namespace bucky::fuzz
