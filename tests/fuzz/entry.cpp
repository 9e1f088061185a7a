// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>

#include "conf/base/error.h"
#include "tests/fuzz/target.h"

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
