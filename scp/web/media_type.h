// SPDX-License-Identifier: Apache-2.0
// The words of a request to store by DICOMweb (PS3.18 8.7, 10.5): its address, its media type, and
// the form that its sender wants the answer in. Lenient: what real clients send is read. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scp/wire/associate_request.h"

namespace bucky::scp {

/// multipart/related; type="application/dicom"; boundary=x, with or without the quotes, which
/// RFC 2045 5.1 demands of a type with a slash.
struct MediaType {
    std::string type;                               ///< lower case
    std::map<std::string, std::string> parameters;  ///< names in lower case

    std::string parameter(const std::string& name) const;
};
MediaType parse_media_type(std::string_view text);

/// Where a request stores (PS3.18 10.5.1): at /dicom-web/studies under the node's own AE title, at
/// /aets/TITLE/rs/studies under that one; both may go on with a Study Instance UID.
struct StoreTarget {
    std::string title;  ///< AE title; empty: the node's own
    std::string study;  ///< of the instances; empty: any
};
/// Nothing when nothing can be stored there.
std::optional<StoreTarget> parse_store_target(std::string_view target);

/// Whether an Accept header prefers DICOM XML (PS3.18 F) to JSON, the default.
bool wants_xml(std::string_view accept);

/// The token of "Bearer TOKEN" (RFC 6750 2.1); empty: none.
std::string_view bearer_token(std::string_view authorization);

/// Looks at the first bytes of a connection, as peek() does: whole when the header of a request
/// over HTTP/1.1 is there.
Peek peek_request(std::span<const std::uint8_t> so_far);
inline constexpr std::size_t kRequestHeadBytesMax = 16U << 10U;

}  // namespace bucky::scp
