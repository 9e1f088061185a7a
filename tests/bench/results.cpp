// SPDX-License-Identifier: Apache-2.0
// All results of one image: processor milliseconds from the received file (2500 x 2048, 12 bits) to
// objects that verify has accepted. One thread.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "dicom_sr/common/object.h"
#include "inference/examine/examine.h"
#include "inference/examine/shelf.h"
#include "inference/pixels/display.h"
#include "tests/bench/machine.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"
#include "tools/bucky/pipeline/results.h"

namespace {

using namespace bucky;

double processor_ms() {
    std::timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <typename Work>
double median_ms(Work work) {
    std::vector<double> took;
    for (int i = 0; i < 15; ++i) {
        const double started = processor_ms();
        work();
        took.push_back(processor_ms() - started);
    }
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
}

double results_ms(const std::vector<JudgedImage>& images, std::initializer_list<ResultKind> kinds) {
    return median_ms([&] {
        Requested requested;
        for (const auto kind : kinds) requested.variants.insert(best_of(kind));
        requested.report.software_version = "bench";
        (void)results_of(images, requested);
    });
}

}  // namespace

int main() {
    const test::TempDir dir;
    test::XrayOptions options{.seed = 7,
                              .lesions = {phantom::Finding::nodule, phantom::Finding::pneumonia}};
    options.rows = 2500;
    options.columns = 2048;
    JudgedImage image;
    image.file = test::write_xray(dir.path(), options).file;
    const inference::Shelf shelf{{std::string{BUCKY_SOURCE_DIR} + "/models/cxr-phantom"},
                                 {"cpu", 1}};
    image.image = {dicom_sr::read_source(image.file),
                   inference::examine(image.file, shelf, 1'795'444'205'123)};
    const std::vector images{image};
    std::printf("Processor ms of the result set of one image of 2500 x 2048.\n%s\n\n",
                bench::machine_line().c_str());
    std::printf("| objects | ms |\n|---|---|\n");
    const auto row = [](const char* name, double ms) { std::printf("| %s | %.1f |\n", name, ms); };
    row("decoding and windowing alone",
        median_ms([&] { (void)inference::render_for_display(image.file); }));
    row("SR", results_ms(images, {ResultKind::report}));
    row("picture at 2048", results_ms(images, {ResultKind::overlay}));
    row("presentation state", results_ms(images, {ResultKind::presentation}));
    row("SR, picture and presentation state",
        results_ms(images, {ResultKind::report, ResultKind::overlay, ResultKind::presentation}));
    row("segmentation", results_ms(images, {ResultKind::segmentation}));
    row("Chest CAD SR", results_ms(images, {ResultKind::chest_cad}));
    std::printf("\nEach row decodes what it needs, makes the objects and reads them back.\n");
    return 0;
}
