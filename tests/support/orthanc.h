// SPDX-License-Identifier: Apache-2.0
// Orthanc: Debian's PACS on loopback, with a storage folder of the test. Tests of results check
// what this PACS has stored.
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

/// An instance in the PACS.
struct Held {
    std::string id;  ///< of Orthanc's REST API
    std::string sop_class, sop_instance, study, series;
};

inline constexpr auto kComprehensive3dSr = "1.2.840.10008.5.1.4.1.1.88.34";
inline constexpr auto kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";

/// With it, Orthanc uses only TLS, as SCP and SCU, and requires a certificate of `trusted`.
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

    void stop();   ///< SIGTERM; waits for the end
    void start();  ///< starts it again on the same ports and data

    std::vector<Held> instances(const std::string& study);
    std::vector<Held> instances(const std::string& study, const std::string& sop_class);

    /// The SR and overlays of the study, as soon as there are this many of each; those that exist
    /// when the time is over.
    struct Results {
        std::vector<Held> reports, overlays;
    };
    Results wait_for_results(const std::string& study, std::size_t overlays,
                             std::chrono::milliseconds at_most = std::chrono::seconds(60));

    /// A text attribute by its keyword, as the PACS decodes it: UTF-8.
    std::string shown(const Held& held, const std::string& keyword);

    /// Registers a node, as an admin does: it may send reports, and the PACS can send to it.
    void knows(const std::string& ae_title, int port, bool tls = false);

    /// Stores a file, as if a modality had sent it.
    void keeps(const std::filesystem::path& file);

    /// Whether the registered node answers C-ECHO.
    bool echo();

    /// Stores the files, and sends them all to the registered node in one job, as for a study.
    /// Returns whether the job ended well.
    bool push(const std::vector<std::filesystem::path>& files);

    /// Stores a file, sends it to the registered node and requests storage commitment for it.
    /// Returns the Transaction UID.
    std::string send_and_demand(const std::filesystem::path& file, const std::string& sop_class,
                                const std::string& sop_instance);

    /// Requests storage commitment of the node for this instance. Returns the Transaction UID.
    std::string demand(const std::string& sop_class, const std::string& sop_instance);

    /// The state of a transaction in the PACS: "Pending", "Success", "Failure" or another word.
    std::string commitment(const std::string& transaction);

    /// Downloads the instance from the PACS into a file in the test's folder.
    std::filesystem::path file(const Held& held);

    std::string dicom_web(const std::string& query);  ///< QIDO-RS, "studies?...": JSON

    std::string url(const std::string& path) const;  ///< of its HTTP server

private:
    TempDir dir_;
    int http_port_ = 0;
    int dicom_port_ = 0;
    std::optional<Process> process_;
};

}  // namespace bucky::test
