// SPDX-License-Identifier: Apache-2.0
// What a service has beyond a site's packages: newer versions, and how a site gets one. The site
// takes the manifest, the card and the golden inputs; the weights stay at the service.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "inference/package/package.h"

namespace bucky {

/// A version that the service announces and this node does not have.
struct Offer {
    std::string model, ours, version;
    std::string why_not;  ///< a sentence's end
};

/// By their numbers, part by part: "1.10.0" is newer than "1.9"; letters count as text.
bool is_newer(std::string_view one, std::string_view other);

/// The newest version that the service announces for this package's model, if it is newer.
///   err  what HttpClient throws; corrupt when the metadata are none
std::optional<std::string> newer_version(const inference::Package& ours,
                                         const conf::RemoteSettings& settings);

/// The package of that version, in packages/NAME/VERSION. It is there whole and proven, or not:
/// the service names the hash of its manifest, and answers its golden inputs as it says.
///   err  NobodyAnswers; corrupt when it is another package, has another purpose, or fails its
///   proof
void take_package(const inference::Package& ours, const std::string& version,
                  const conf::RemoteSettings& settings, const std::filesystem::path& packages);

/// The answer to GET v2/models/M/versions/V/package, written into `folder`.
///   err  corrupt when it is none, or names a file that belongs elsewhere
void unpack_package(std::string_view answer, const std::filesystem::path& folder);

}  // namespace bucky
