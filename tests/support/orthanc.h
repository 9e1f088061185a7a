// SPDX-License-Identifier: Apache-2.0
// Orthanc: Debian's PACS as it is shipped, on loopback, with a storage folder of this test's own.
// What a test says about results it says about what this PACS holds.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

/// An instance as the PACS holds it.
struct Held {
    std::string id;  ///< of Orthanc's REST API
    std::string sop_class, sop_instance, study, series;
};

inline constexpr auto kComprehensive3dSr = "1.2.840.10008.5.1.4.1.1.88.34";
inline constexpr auto kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";

/// With it, Orthanc speaks TLS only, in both roles, with those that show one of `trusted`'s.
struct OrthancTls {
    std::filesystem::path certificate, key, trusted;
};

class Orthanc {
public:
    enum class Plugins { none, dicom_web };
    explicit Orthanc(Plugins plugins = Plugins::none,
                     const std::optional<OrthancTls>& tls = std::nullopt);

    int dicom_port() const noexcept { return dicom_port_; }
    Destination destination() const;  ///< for a node's config

    void stop();   ///< SIGTERM: stores what it has and is gone
    void start();  ///< again, on the same ports and data

    std::vector<Held> instances(const std::string& study);
    std::vector<Held> instances(const std::string& study, const std::string& sop_class);

    /// The study's SR and overlays, once there are this many of each; what there is when the time
    /// has passed.
    struct Results {
        std::vector<Held> reports, overlays;
    };
    Results wait_for_results(const std::string& study, std::size_t overlays,
                             std::chrono::milliseconds at_most = std::chrono::seconds(60));

    /// A text attribute by its keyword, as the PACS decodes it for people: UTF-8.
    std::string shown(const Held& held, const std::string& keyword);

    /// Makes a node known to it, as an admin would: for reports, and as somebody to send to.
    void knows(const std::string& ae_title, int port, bool tls = false);

    /// Whether the node it knows answers its C-ECHO.
    bool echo();

    /// It keeps a file, sends it to the node it knows, and demands storage commitment for it. The
    /// Transaction UID.
    std::string send_and_demand(const std::filesystem::path& file, const std::string& sop_class,
                                const std::string& sop_instance);

    /// It demands storage commitment of the node for this instance. The Transaction UID.
    std::string demand(const std::string& sop_class, const std::string& sop_instance);

    /// "Pending", "Success", "Failure" or what else it says of a transaction.
    std::string commitment(const std::string& transaction);

    /// The instance's bytes as the PACS gives them back, in a file of the test's folder.
    std::filesystem::path file(const Held& held);

    std::string dicom_web(const std::string& query);  ///< QIDO-RS, "studies?...": JSON

private:
    std::string url(const std::string& path) const;

    TempDir dir_;
    int http_port_ = 0;
    int dicom_port_ = 0;
    std::optional<Process> process_;
};

}  // namespace bucky::test
