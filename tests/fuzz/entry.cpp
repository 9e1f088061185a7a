// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>

#include "conf/base/error.h"
#include "tests/fuzz/target.h"

/// DCMTK asks for as many bytes as an element claims to have, 4 GB if need be, and takes no for an
/// answer (new (nothrow)); nobody writes to them. Whoever takes no "no" and asks for so many has
/// found something. Leaks of DCMTK's are known (docs/security.md).
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "max_allocation_size_mb=64:allocator_may_return_null=1:detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool quiet = [] {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        return true;
    }();
    (void)quiet;
    try {
        bucky::fuzz::try_input({data, size});
    } catch (const bucky::Error& answer) {
        if (answer.fault() == bucky::Fault::bug) __builtin_trap();
    }
    return 0;
}
