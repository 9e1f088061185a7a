// SPDX-License-Identifier: Apache-2.0
// A decoder in a process of its own: the same images, and whatever becomes of the process costs the
// one image that it was asked for.
#include "tools/bucky/sandbox/decoder_pool.h"

#include <csignal>
#include <future>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>

#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "inference/pixels/decode.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/sandbox/protocol.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::test;

namespace {

const std::vector<std::string> kOwn{bucky_program().string(), "decode-worker"};

/// Also for the other tests of this program, which make Nodes and run commands.
const bool kNamed = ::setenv("BUCKY_DECODER", bucky_program().c_str(), 1) == 0;

std::vector<std::string> shell(const char* script) {
    return {"/bin/sh", "-c", script};
}

std::filesystem::path image_in(const TempDir& dir, phantom::TransferSyntax syntax) {
    phantom::DicomOptions options;
    options.syntax = syntax;
    options.monochrome1 = true;
    phantom::write_dicom(phantom::draw(phantom::random_recipe(3, 200, 180)), options,
                         dir / "image.dcm");
    return dir / "image.dcm";
}

Fault fault_of_image(inference::Decoder& decoder, const std::filesystem::path& file) {
    try {
        (void)decoder.image(file);
    } catch (const Error& error) {
        INFO(error.what());
        CHECK(std::string(error.what()).size() > 10);
        return error.fault();
    }
    FAIL("it was decoded");
    return Fault::bug;
}

}  // namespace

TEST_CASE("a decode worker gives the image and the header that this process would",
          "[tools][decoder]") {
    const TempDir dir;
    DecoderPool workers(1, kOwn);
    for (const auto syntax :
         {phantom::TransferSyntax::explicit_little, phantom::TransferSyntax::jpeg_2000_lossless}) {
        const auto file = image_in(dir, syntax);
        const auto requested = inference::decode(file);
        const auto image = workers.image(file);
        CHECK(image.frame.patterns == requested.frame.patterns);
        CHECK(pack(image) == pack(requested));
        CHECK(pack(workers.header(file)) == pack(inference::read_header(file)));
    }
}

TEST_CASE("LUTs, padding and a shutter come through a decode worker's memory", "[tools][decoder]") {
    inference::Image image;
    image.frame = {2, 3, 12, true, {}};
    image.grey.modality_lut = inference::LookupTable{-5, 12, {1, 2, 4095}};
    image.grey.voi_lut = inference::LookupTable{7, 8, {255, 0}};
    image.grey.window = inference::Window{40, 400, inference::Window::Function::sigmoid};
    image.grey.padding = inference::Padding{-2000, -1990};
    image.grey.slope = -1.5;
    image.grey.inverse = true;
    image.pixel_ratio = 1.25;
    const auto again = unpack_image(pack(image));
    CHECK(pack(again) == pack(image));
    CHECK(again.grey.modality_lut->entries == std::vector<std::uint16_t>{1, 2, 4095});
    CHECK(again.grey.padding->low == -2000);
    CHECK_THROWS_AS(unpack_image(pack(image).substr(0, 40)), Error);
    CHECK_THROWS_AS(unpack_image(pack(image) + "x"), Error);
}

TEST_CASE("an error in a decode worker is that error here", "[tools][decoder]") {
    const TempDir dir;
    DecoderPool workers(1, kOwn);
    CHECK(fault_of_image(workers, dir / "absent.dcm") == Fault::unavailable);
    std::filesystem::create_directories(dir / "folder");
    CHECK(fault_of_image(workers, dir / "folder") == Fault::bad_input);
    const auto file = image_in(dir, phantom::TransferSyntax::rle);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    CHECK(fault_of_image(workers, file) == Fault::bad_input);
    CHECK(workers.header(file).rows == 200);
}

TEST_CASE("a decoder that crashes costs its image, and the next has a new one",
          "[tools][decoder]") {
    const TempDir dir;
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    SECTION("while it is idle: nobody notices") {
        DecoderPool workers(1, kOwn);
        const auto before = workers.image(file).frame.patterns;
        const auto pid = workers.pids().at(0);
        REQUIRE(::kill(pid, SIGSEGV) == 0);
        CHECK(workers.image(file).frame.patterns == before);
        CHECK(workers.pids().at(0) != pid);
    }
    SECTION("on this image, each time") {
        DecoderPool workers(1, shell("head -c1 <&3 >/dev/null; kill -SEGV $$"));
        for (int i = 0; i < 2; ++i) {
            try {
                (void)workers.image(file);
                FAIL("it was decoded");
            } catch (const inference::DecoderDied& died) {
                CHECK_THAT(died.what(), Catch::Contains("Segmentation fault"));
            }
        }
    }
    SECTION("killed from outside: a later try may do") {
        DecoderPool workers(1, shell("head -c1 <&3 >/dev/null; kill -KILL $$"));
        CHECK(fault_of_image(workers, file) == Fault::exhausted);
    }
    SECTION("it leaves without a word") {
        DecoderPool workers(1, shell("head -c1 <&3 >/dev/null; exit 3"));
        CHECK(fault_of_image(workers, file) == Fault::unavailable);
    }
}

TEST_CASE("an image waits until others have left it room in memory, however many would decode it",
          "[tools][decoder]") {
    const TempDir dir;
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    constexpr auto kOne = std::uint64_t{200} * 180 * limits::kDecodedBytesAPixel;
    DecoderPool workers(2, kOwn, 2 * kOne - 1);
    const auto waited = [] {
        return metrics::text().find("bucky_limit_reached_total{limit=\"decoded_bytes\"} 1") !=
               std::string::npos;
    };
    std::optional first = workers.image(file);
    CHECK_FALSE(waited());
    auto second = std::async(std::launch::async, [&] { return workers.image(file); });
    REQUIRE(poll_until(waited, 60s));
    CHECK(second.wait_for(0s) == std::future_status::timeout);
    CHECK(workers.header(file).rows == 200);  // takes no room
    const auto patterns = first->frame.patterns;
    first.reset();
    CHECK(second.get().frame.patterns == patterns);
}

TEST_CASE("a decoder that burns the processor is ended, and the image is to blame",
          "[tools][decoder]") {
    const TempDir dir;
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    DecoderPool workers(1, shell("ulimit -S -t 1; head -c1 <&3 >/dev/null; while :; do :; done"));
    try {
        (void)workers.image(file);
        FAIL("it was decoded");
    } catch (const inference::DecoderDied& died) {
        CHECK_THAT(died.what(), Catch::Contains("processor time"));
    }
}

TEST_CASE("a decoder that cannot be started is said at once", "[tools][decoder]") {
    CHECK_THROWS_AS(DecoderPool(1, {"/nowhere/bucky", "decode-worker"}), Error);
}

TEST_CASE("more questions than decoders wait for their turn", "[tools][decoder]") {
    const TempDir dir;
    const auto file = image_in(dir, phantom::TransferSyntax::jpeg_ls_lossless);
    const auto requested = inference::decode(file).frame.patterns;
    DecoderPool workers(2, kOwn);
    std::vector<std::jthread> askers;
    std::vector<int> right(4);
    for (std::size_t i = 0; i < right.size(); ++i) {
        askers.emplace_back([&, i] {
            for (int n = 0; n < 5; ++n) right[i] += workers.image(file).frame.patterns == requested;
        });
    }
    askers.clear();
    CHECK(right == std::vector<int>{5, 5, 5, 5});
}
