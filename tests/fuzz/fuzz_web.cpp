// SPDX-License-Identifier: Apache-2.0
// libFuzzer: a body that comes to the port for DICOMweb. First byte: the size of the pieces that
// it comes in; whatever that is, the parts must be the same. Then the words of a header.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/error.h"
#include "scp/web/media_type.h"
#include "scp/web/multipart_reader.h"
#include "scp/web/part10_prefix.h"
#include "tests/fuzz/target.h"

namespace bucky::fuzz {
namespace {

struct Parts final : scp::MultipartParts {
    std::vector<std::string> all;
    std::size_t open = 0;
    void part_begins(std::string_view type) override {
        if (++open != 1) std::abort();
        (void)scp::parse_media_type(type);
        all.emplace_back();
    }
    void part_bytes(std::string_view bytes) override {
        if (open != 1) std::abort();
        all.back() += bytes;
    }
    void part_ends() override {
        if (open-- != 1) std::abort();
    }
};

std::vector<std::string> parts_of(std::string_view body, std::size_t piece) {
    Parts parts;
    scp::MultipartReader reader{"b", parts};
    try {
        for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
            reader.take(body.substr(0, piece));
        }
    } catch (const Error& error) {  // an answer
        if (error.fault() == Fault::bug) std::abort();
    }
    return parts.all;
}

}  // namespace

void try_input(std::span<const std::uint8_t> input) {
    if (input.empty()) return;
    const std::string_view body{reinterpret_cast<const char*>(input.data()) + 1, input.size() - 1};
    const auto whole = parts_of(body, body.size() + 1);
    if (parts_of(body, 1U + input[0] % 64U) != whole) std::abort();
    for (const auto& part : whole) {
        const auto prefix = scp::read_prefix(part, true);
        const bool is_whole = prefix.kind == scp::Part10Prefix::Kind::whole;
        if (prefix.kind == scp::Part10Prefix::Kind::more) std::abort();
        if (is_whole && prefix.dataset_at > part.size()) std::abort();
    }
    (void)scp::parse_store_target(body);
    (void)scp::parse_media_type(body).parameter("boundary");
    (void)scp::wants_xml(body);
    (void)scp::bearer_token(body);
    (void)scp::peek_request(input);
}

}  // namespace bucky::fuzz
