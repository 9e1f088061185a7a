// SPDX-License-Identifier: Apache-2.0
// A decoder in a separate process gives the same images, and a crash costs only the image that it
// was asked about.
#include "tools/bucky/sandbox/decoder_pool.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "inference/pixels/decode.h"
#include "scp/wire/unique_fd.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/stamp.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/sandbox/protocol.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::test;

namespace {

const std::vector<std::string> kOwn{bucky_program().string(), "decode-worker"};

/// For the other tests of this program too, which make Nodes and run commands.
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

std::vector<int> children_of(int pid) {
    const auto id = std::to_string(pid);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    std::vector<int> children;
    for (int child = 0; file >> child;) children.push_back(child);
    return children;
}

/// It exists and is no zombie.
/// As in proc_pid_stat(5): "S" sleeps, "Z" has ended; empty when there is no such process.
std::string state_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string id, name, state;
    file >> id >> name >> state;
    return state;
}

bool is_running(int pid) {
    const auto state = state_of(pid);
    return !state.empty() && state != "Z";
}

/// Whether a worker has a child that waits for its file: it has set up what ends it by then.
bool has_ready_child(int worker) {
    const auto children = children_of(worker);
    return children.size() == 1 && state_of(children.front()) == "S";
}

/// 400,000 sequences, each nested in the previous one.
std::filesystem::path nested_in(const TempDir& dir) {
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    std::ifstream in{file, std::ios::binary};
    std::string bytes(132 + 12, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::uint32_t meta_bytes = 0;
    std::memcpy(&meta_bytes, bytes.data() + 140, sizeof meta_bytes);
    std::string meta(meta_bytes, '\0');
    in.read(meta.data(), static_cast<std::streamsize>(meta.size()));
    const std::string level{
        "\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff"
        "\xfe\xff\x00\xe0\xff\xff\xff\xff",
        20};
    std::string all = bytes + meta;
    for (int i = 0; i < 400'000; ++i) all += level;
    std::ofstream{dir / "nested.dcm", std::ios::binary} << all;
    return dir / "nested.dcm";
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

TEST_CASE("a decode worker tells what a result copies of an image", "[tools][decoder]") {
    const TempDir dir;
    DecoderPool workers(1, kOwn);
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    const auto requested = dicom_sr::read_source(file);
    CHECK(pack(workers.source(file)) == pack(requested));
    CHECK(workers.source(file).study == requested.study);
    std::filesystem::resize_file(file, 2001);  // truncated at an odd number of bytes
    CHECK(pack(workers.source(file)) == pack(dicom_sr::read_source(file)));
}

TEST_CASE("a decode worker finds the text that this process would, in every file's own process",
          "[tools][decoder][privacy]") {
    const TempDir dir;
    DecoderPool workers(1, kOwn);
    auto drawn = phantom::draw(phantom::random_recipe(3, 400, 400));
    stamp(drawn, {.text = "HONG^GILDONG", .column = 12, .row = 12});
    for (const auto* name : {"first.dcm", "second.dcm"}) {  // the second meets loaded data
        const auto file = dir / name;
        phantom::write_dicom(drawn, {}, file);
        const auto found = workers.text(file, inference::Greys::display);
        CHECK_FALSE(found.lines.empty());
        CHECK(pack(found) == pack(inference::in_process().text(file, inference::Greys::display)));
    }
}

TEST_CASE("a decoder that dies of an image's text is the image's fault, one that is killed is not",
          "[tools][decoder][privacy]") {
    const TempDir dir;
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    const auto search = [&](const char* script) {
        DecoderPool workers(1, shell(script));
        (void)workers.text(file, inference::Greys::display);
    };
    CHECK_THROWS_AS(search("head -c1 <&3 >/dev/null; kill -SEGV $$"), inference::DecoderDied);
    CHECK_THROWS_AS(search("ulimit -S -t 1; head -c1 <&3 >/dev/null; while :; do :; done"),
                    inference::DecoderDied);
    CHECK_THROWS_AS(search("head -c1 <&3 >/dev/null; exit 3"), inference::DecoderFailed);
}

TEST_CASE("each file meets a process that has seen no other, and leaves it no pixel",
          "[tools][decoder][containment]") {
    const TempDir dir, other;
    DecoderPool workers(1, kOwn);
    const auto first = image_in(dir, phantom::TransferSyntax::explicit_little);
    const auto second = image_in(other, phantom::TransferSyntax::explicit_little);
    const auto worker = workers.pids().at(0);
    const auto memory = "/proc/" + std::to_string(worker) + "/fd/" + std::to_string(kWorkerMemory);
    (void)workers.header(first);
    const auto opener = children_of(worker);
    REQUIRE(opener.size() == 1);
    (void)workers.image(first);
    CHECK(children_of(worker) == opener);
    CHECK(std::filesystem::file_size(memory) > 200 * 180 * 2);
    (void)workers.header(second);
    CHECK(workers.pids().at(0) == worker);
    CHECK(children_of(worker) != opener);
    std::ifstream in{memory, std::ios::binary};
    const std::string left{std::istreambuf_iterator<char>{in}, {}};
    constexpr std::size_t kHeaderBytesMax = 10'000;
    CHECK(left.find_first_not_of('\0', std::min(left.size(), kHeaderBytesMax)) ==
          std::string::npos);
}

TEST_CASE("a file that has taken another one's name is another file", "[tools][decoder]") {
    const TempDir dir, other;
    DecoderPool workers(1, kOwn);
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    const auto first = workers.image(file).frame.patterns;
    const auto second = image_in(other, phantom::TransferSyntax::rle);
    std::filesystem::rename(second, file);
    const auto header = workers.header(file);
    CHECK(header.transfer_syntax == "1.2.840.10008.1.2.5");
    CHECK(workers.image(file).frame.patterns == first);
}

TEST_CASE("sequences nested without end cost a decode worker nothing but the file",
          "[tools][decoder]") {
    const TempDir dir;
    DecoderPool workers(1, kOwn);
    const auto file = nested_in(dir);
    CHECK_THROWS_AS(workers.header(file), Error);
    CHECK_THROWS_AS(workers.source(file), Error);
    CHECK(workers.image(image_in(dir, phantom::TransferSyntax::explicit_little)).frame.rows == 200);
}

TEST_CASE("a decoder that is stopped ends with who asks, and when all are to end",
          "[tools][decoder]") {
    const TempDir dir;
    std::optional<DecoderPool> workers(std::in_place, 2, kOwn);
    (void)workers->header(image_in(dir, phantom::TransferSyntax::explicit_little));
    std::vector<int> all = workers->pids();
    for (const int worker : workers->pids()) {
        REQUIRE(poll_until([&] { return has_ready_child(worker); }, 60s));
        REQUIRE(::kill(worker, SIGSTOP) == 0);
        siginfo_t stopped{};  // from here on it changes its child for no other
        REQUIRE(::waitid(P_PID, static_cast<id_t>(worker), &stopped, WSTOPPED | WNOWAIT) == 0);
        for (const int child : children_of(worker)) {
            (void)::kill(child, SIGSTOP);  // may have been ended just before
            all.push_back(child);
        }
    }
    SECTION("in order") {
        workers.reset();
    }
    SECTION("in a hurry") {
        workers->kill_all();
    }
    for (const int one : all) {
        INFO(one);
        CHECK(poll_until([&] { return !is_running(one); }, 60s));
    }
}

TEST_CASE("LUTs, padding and a shutter come through a decode worker's memory", "[tools][decoder]") {
    inference::Image image;
    image.frame = {.rows = 2, .columns = 3, .bits_stored = 12, .is_signed = true, .patterns = {}};
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
    CHECK(workers.header(file).rows == 200);  // a header reserves no memory
    const auto patterns = first->frame.patterns;
    first.reset();
    CHECK(second.get().frame.patterns == patterns);
}

TEST_CASE("a decoder works whichever numbers its descriptors had in the node", "[tools][decoder]") {
    const TempDir dir;
    const auto file = image_in(dir, phantom::TransferSyntax::explicit_little);
    for (int memory = 5; memory < 15; ++memory) {  // the descriptor that its memory gets here
        INFO(memory);
        std::vector<scp::UniqueFd> taken;
        while (taken.empty() || taken.back().get() < 20) {
            taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        }
        std::vector<int> to_free{memory - 2, memory - 1, memory};
        std::erase_if(taken, [&](const auto& one) {
            return std::ranges::find(to_free, one.get()) != to_free.end();
        });
        DecoderPool workers(1, kOwn);
        CHECK(workers.image(file).frame.rows == 200);
    }
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
