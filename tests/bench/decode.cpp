// SPDX-License-Identifier: Apache-2.0
// From a file to the input of a model: header, decode, prepare, for a radiograph of 2500 x 2048
// with 16 bits in each transfer syntax; on one core, in this process and in a decoder process,
// beside DCMTK's dcm2pnm in the same run. Figures are milliseconds of processor time, the median of
// the runs; of the clock where another process does the work.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

#include "inference/pixels/decode.h"
#include "inference/pixels/header.h"
#include "inference/run/prepare.h"
#include "tests/bench/machine.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/phantom/write.h"

namespace {

using namespace bucky;

constexpr int kRuns = 9;

double processor_ms() {
    timespec now{};
    (void)::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double children_ms() {
    rusage used{};
    (void)::getrusage(RUSAGE_CHILDREN, &used);
    const auto ms = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
    };
    return ms(used.ru_utime) + ms(used.ru_stime);
}

double clock_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

double median_ms(const std::function<double()>& meter, const std::function<void()>& work) {
    std::vector<double> took;
    for (int i = 0; i < kRuns; ++i) {
        const double before = meter();
        work();
        took.push_back(meter() - before);
    }
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
}

/// DCMTK has one program for each family of codecs, and none for JPEG 2000.
std::string dcmtk_program(std::string_view syntax_name) {
    if (syntax_name.starts_with("jpeg-ls")) return "dcml2pnm";
    return syntax_name.starts_with("jpeg") ? "dcmj2pnm" : "dcm2pnm";
}

inference::InputSpec chest_input() {
    inference::InputSpec spec;
    spec.width = spec.height = 256;
    return spec;
}

}  // namespace

int main() {
    const test::TempDir dir;
    const auto drawn = phantom::draw(phantom::random_recipe(7, 2500, 2048));
    const auto spec = chest_input();
    DecoderPool workers(1, {test::bucky_program().string(), "decode-worker"});
    std::printf(
        "Header to model input (256 x 256) of 2500 x 2048 pixels, 16 bits (12 or 8 where the "
        "syntax "
        "holds no more): ms.\n%s\n\n"
        "| transfer syntax | MB | header, decode, prepare (processor) | the decode alone | through "
        "a decoder process of its own (clock) | dcm2pnm, dcmj2pnm or dcml2pnm to a file "
        "(processor) "
        "|\n|---|---|---|---|---|---|\n",
        bench::machine_line().c_str());
    for (const auto& syntax : phantom::transfer_syntaxes()) {
        phantom::DicomOptions options;
        options.syntax = syntax.syntax;
        options.bits_stored = syntax.most_bits;
        const auto file = dir / "image.dcm";
        phantom::write_dicom(drawn, options, file);
        const std::array both{file, dir / "other.dcm"};  // each needs a decoder process of its own
        std::filesystem::copy_file(file, both[1],
                                   std::filesystem::copy_options::overwrite_existing);
        std::size_t turn = 0;
        const double whole = median_ms(processor_ms, [&] {
            (void)inference::read_header(file);
            (void)inference::prepare(inference::decode(file), spec);
        });
        const double decode = median_ms(processor_ms, [&] { (void)inference::decode(file); });
        const double worker = median_ms(clock_ms, [&] {
            const auto& next = both[turn++ % both.size()];
            (void)workers.header(next);
            (void)inference::prepare(workers.image(next), spec);
        });
        bool is_read = true;
        const double dcm2pnm = median_ms(children_ms, [&] {
            const auto said = test::run({dcmtk_program(syntax.name), "+Wi", "1", file.string(),
                                         (dir / "image.pnm").string()});
            is_read = is_read && said.status == 0;
        });
        std::printf("| %s | %.1f | %.0f | %.0f | %.0f | %s |\n", std::string(syntax.name).c_str(),
                    static_cast<double>(std::filesystem::file_size(file)) / 1e6, whole, decode,
                    worker, is_read ? std::to_string(static_cast<int>(dcm2pnm)).c_str() : "cannot");
        std::fflush(stdout);
    }
    return 0;
}
