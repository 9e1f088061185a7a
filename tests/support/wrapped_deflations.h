// SPDX-License-Identifier: Apache-2.0
// A data set deflated as PS3.5 A.5 says, and as other software does it: behind a header of zlib or
// gzip, and with bytes behind its end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace bucky::test {

struct WrappedDeflation {
    std::string_view what;
    std::string bytes;
};

/// `window_bits`: negative without a header, 16 more for one of gzip (zlib.h, deflateInit2).
inline std::string deflate_all(const std::string& bytes, int window_bits, int level,
                               gz_header* named = nullptr) {
    z_stream stream{};
    (void)deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    if (named != nullptr) (void)deflateSetHeader(&stream, named);
    std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    (void)deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    (void)deflateEnd(&stream);
    return out;
}

inline std::vector<WrappedDeflation> wrapped_deflations(const std::string& bytes) {
    constexpr int kRaw = -MAX_WBITS, kZlib = MAX_WBITS, kGzip = MAX_WBITS + 16;
    std::string name = "image.dcm", comment = "of a gateway", extra("AB\x02\0cd", 6);
    gz_header told{};
    told.name = reinterpret_cast<Bytef*>(name.data());
    told.comment = reinterpret_cast<Bytef*>(comment.data());
    told.extra = reinterpret_cast<Bytef*>(extra.data());
    told.extra_len = static_cast<uInt>(extra.size());
    told.hcrc = 1;
    const std::string raw = deflate_all(bytes, kRaw, 6);
    return {
        {"as the standard has it", raw},
        {"stored, not compressed", deflate_all(bytes, kRaw, 0)},
        {"with trailing bytes", raw + std::string(10, 'x')},
        {"with one trailing zero", raw + std::string(1, '\0')},
        {"zlib, fast", deflate_all(bytes, kZlib, 1)},
        {"zlib", deflate_all(bytes, kZlib, 6)},
        {"zlib, best", deflate_all(bytes, kZlib, 9)},
        {"zlib with a small window", deflate_all(bytes, 9, 9)},
        {"zlib, stored", deflate_all(bytes, kZlib, 0)},
        {"zlib with trailing bytes", deflate_all(bytes, kZlib, 6) + std::string(10, 'x')},
        {"gzip", deflate_all(bytes, kGzip, 6)},
        {"gzip with name, comment, extra field and checksum", deflate_all(bytes, kGzip, 6, &told)},
    };
}

}  // namespace bucky::test
