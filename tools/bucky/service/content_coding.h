// SPDX-License-Identifier: Apache-2.0
// Content-Encoding of requests (RFC 9110 8.4). Pure. Only content_coding.cpp knows libdeflate.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bucky::service {

/// in   a whole body; "identity", "deflate" (zlib format; the bare one, too), "gzip" or ""
/// out  its content, at most `bytes_max`. Memory never exceeds that, whatever the body unpacks to.
/// err  unsupported for another coding; bad_input when the bytes are damaged or the content is
///      longer
std::string decode_content(std::string body, std::string_view coding, std::size_t bytes_max);

bool is_known_coding(std::string_view coding);

}  // namespace bucky::service
