// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/content_coding.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include <libdeflate.h>

#include "conf/base/error.h"

namespace bucky::service {
namespace {

struct Free {
    void operator()(libdeflate_decompressor* one) const noexcept {
        libdeflate_free_decompressor(one);
    }
};

constexpr std::array<std::string_view, 5> kKnown{"", "identity", "deflate", "gzip", "x-gzip"};

std::string lower(std::string_view text) {
    std::string made{text};
    std::ranges::transform(made, made.begin(), [](unsigned char c) { return std::tolower(c); });
    return made;
}

using Unpack = libdeflate_result (*)(libdeflate_decompressor*, const void*, size_t, void*, size_t,
                                     size_t*);

/// One buffer of the largest allowed size: the system gives pages to what is written only.
libdeflate_result unpack(Unpack how, std::string_view from, std::size_t bytes_max,
                         std::string& to) {
    const std::unique_ptr<libdeflate_decompressor, Free> tool{libdeflate_alloc_decompressor()};
    const std::unique_ptr<char[]> room{new char[bytes_max]};
    if (tool == nullptr) throw Error(Fault::exhausted, "no memory is left to unpack a request");
    std::size_t bytes = 0;
    const auto made = how(tool.get(), from.data(), from.size(), room.get(), bytes_max, &bytes);
    if (made == LIBDEFLATE_SUCCESS) to.assign(room.get(), bytes);
    return made;
}

}  // namespace

bool is_known_coding(std::string_view coding) {
    return std::ranges::find(kKnown, lower(coding)) != kKnown.end();
}

std::string decode_content(std::string body, std::string_view coding, std::size_t bytes_max) {
    const auto name = lower(coding);
    if (!is_known_coding(name)) {
        throw Error(Fault::unsupported, "Content-Encoding may be identity, deflate or gzip");
    }
    if (name.empty() || name == "identity") return body;
    std::string content;
    auto made = unpack(name == "deflate" ? libdeflate_zlib_decompress : libdeflate_gzip_decompress,
                       body, bytes_max, content);
    if (made == LIBDEFLATE_BAD_DATA && name == "deflate") {  // RFC 9110 8.4.1.2 knows these callers
        made = unpack(libdeflate_deflate_decompress, body, bytes_max, content);
    }
    switch (made) {
        case LIBDEFLATE_SUCCESS: return content;
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            throw Error(Fault::bad_input, "the body unpacks to more than {} bytes", bytes_max);
        case LIBDEFLATE_BAD_DATA:
        case LIBDEFLATE_SHORT_OUTPUT: break;
    }
    throw Error(Fault::bad_input, "the body is no sound {}", name);
}

}  // namespace bucky::service
