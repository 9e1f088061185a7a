// SPDX-License-Identifier: Apache-2.0
#include "tests/support/orthanc.h"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "tests/support/http.h"
#include "tests/support/poll.h"
#include "tools/fake_pacs/port.h"

namespace bucky::test {

using nlohmann::json;

Orthanc::Orthanc(Plugins plugins, const std::optional<OrthancTls>& tls) {
    auto names = json::array();
    if (plugins == Plugins::dicom_web) {
        names.push_back("/usr/share/orthanc/plugins/libOrthancDicomWeb.so");
    }
    for (int tries = 0; tries < 5; ++tries) {  // another process may take a port before Orthanc
        http_port_ = fake::free_port();
        dicom_port_ = fake::free_port();
        json config{{"Name", "test"},
                    {"StorageDirectory", (dir_ / "storage").string()},
                    {"IndexDirectory", (dir_ / "storage").string()},
                    {"HttpPort", http_port_},
                    {"DicomPort", dicom_port_},
                    {"DicomAet", "ORTHANC"},
                    {"DicomCheckCalledAet", false},
                    {"DicomAlwaysAllowStore", true},
                    {"RemoteAccessAllowed", false},
                    {"AuthenticationEnabled", false},
                    {"OverwriteInstances", true},
                    // otherwise Orthanc 1.10 answers QIDO in Latin-1
                    {"DefaultEncoding", "Utf8"},
                    {"Plugins", names}};
        if (tls) {
            config["DicomTlsEnabled"] = true;
            config["DicomTlsRemoteCertificateRequired"] = true;
            config["DicomTlsCertificate"] = tls->certificate.string();
            config["DicomTlsPrivateKey"] = tls->key.string();
            config["DicomTlsTrustedCertificates"] = tls->trusted.string();
        }
        std::ofstream{dir_ / "orthanc.json"} << config.dump(2);
        try {
            start();
            return;
        } catch (const std::runtime_error&) {  // tried again with other ports
            if (tries == 4) throw;
        }
    }
}

void Orthanc::start() {
    process_.emplace(std::vector<std::string>{"Orthanc", (dir_ / "orthanc.json").string()});
    if (!process_->wait_for_line("Orthanc has started", 30s)) {
        throw std::runtime_error("Orthanc did not start:\n" + process_->output());
    }
}

void Orthanc::stop() {
    process_->signal(SIGTERM);
    (void)process_->wait(20s);
}

Destination Orthanc::destination() const {
    return {"pacs", "ORTHANC", dicom_port_, ""};
}

std::string Orthanc::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(http_port_) + path;
}

std::vector<Held> Orthanc::instances(const std::string& study) {
    const json query{
        {"Level", "Instance"}, {"Expand", true}, {"Query", {{"StudyInstanceUID", study}}}};
    const auto found = json::parse(http_post(url("/tools/find"), query.dump()), nullptr, false);
    std::vector<Held> held;
    if (found.is_discarded()) return held;
    for (const auto& instance : found) {
        const std::string id = instance.at("ID");
        const auto uid = [&](const std::string& tag) {  // without padding
            const auto value = http_get(url("/instances/" + id + "/content/" + tag));
            return value.substr(0, value.find_first_not_of("0123456789."));
        };
        held.push_back({.id = id,
                        .sop_class = uid("0008-0016"),
                        .sop_instance = instance.at("MainDicomTags").at("SOPInstanceUID"),
                        .study = study,
                        .series = uid("0020-000e")});
    }
    return held;
}

std::vector<Held> Orthanc::instances(const std::string& study, const std::string& sop_class) {
    auto held = instances(study);
    std::erase_if(held, [&](const Held& one) { return one.sop_class != sop_class; });
    return held;
}

Orthanc::Results Orthanc::wait_for_results(const std::string& study, std::size_t overlays,
                                           std::chrono::milliseconds at_most) {
    Results results;
    (void)poll_until(
        [&] {
            results = {instances(study, kComprehensive3dSr), instances(study, kSecondaryCapture)};
            return !results.reports.empty() && results.overlays.size() >= overlays;
        },
        at_most);
    return results;
}

std::string Orthanc::shown(const Held& held, const std::string& keyword) {
    const auto tags =
        json::parse(http_get(url("/instances/" + held.id + "/simplified-tags")), nullptr, false);
    return tags.is_object() ? tags.value(keyword, std::string{}) : std::string{};
}

bool Orthanc::echo() {
    return run({"curl", "--silent", "--fail", "--data", "{}", url("/modalities/node/echo")})
               .status == 0;
}

void Orthanc::knows(const std::string& ae_title, int port, bool tls) {
    const json modality{
        {"AET", ae_title}, {"Host", "127.0.0.1"}, {"Port", port}, {"UseDicomTls", tls}};
    const auto put = run({"curl", "--silent", "--fail", "--request", "PUT", "--data",
                          modality.dump(), url("/modalities/node")});
    if (put.status != 0) throw std::runtime_error("Orthanc does not take the modality");
}

void Orthanc::keeps(const std::filesystem::path& file) {
    const auto kept = run(
        {"curl", "--silent", "--fail", "--data-binary", "@" + file.string(), url("/instances")});
    if (kept.status != 0) throw std::runtime_error("Orthanc does not take " + file.string());
}

bool Orthanc::push(const std::vector<std::filesystem::path>& files) {
    json ids = json::array();
    for (const auto& file : files) {
        const auto kept = run({"curl", "--silent", "--fail", "--data-binary", "@" + file.string(),
                               url("/instances")});
        ids.push_back(json::parse(kept.output).at("ID"));
    }
    const auto sent =
        run({"curl", "--silent", "--fail", "--data", ids.dump(), url("/modalities/node/store")});
    const auto said = json::parse(sent.output, nullptr, false);
    return sent.status == 0 && said.is_object() && said.value("FailedInstancesCount", 1) == 0;
}

std::string Orthanc::send_and_demand(const std::filesystem::path& file,
                                     const std::string& sop_class,
                                     const std::string& sop_instance) {
    const auto kept = run(
        {"curl", "--silent", "--fail", "--data-binary", "@" + file.string(), url("/instances")});
    const auto id = json::parse(kept.output).at("ID").get<std::string>();
    if (http_post(url("/modalities/node/store"), id).empty()) {
        throw std::runtime_error("Orthanc could not send " + sop_instance);
    }
    return demand(sop_class, sop_instance);
}

std::string Orthanc::demand(const std::string& sop_class, const std::string& sop_instance) {
    const json wanted{{"DicomInstances", json::array({json::array({sop_class, sop_instance})})}};
    const auto asked =
        json::parse(http_post(url("/modalities/node/storage-commitment"), wanted.dump()));
    return asked.at("ID");
}

std::string Orthanc::commitment(const std::string& transaction) {
    const auto said =
        json::parse(http_get(url("/storage-commitment/" + transaction)), nullptr, false);
    return said.is_discarded() ? "" : said.value("Status", "");
}

std::filesystem::path Orthanc::file(const Held& held) {
    const auto path = dir_ / (held.id + ".dcm");
    const auto got = run({"curl", "--silent", "--fail", "--output", path.string(),
                          url("/instances/" + held.id + "/file")});
    if (got.status != 0) throw std::runtime_error("Orthanc does not give back " + held.id);
    return path;
}

std::string Orthanc::dicom_web(const std::string& query) {
    const auto got = run({"curl", "--silent", "--header", "Accept: application/dicom+json",
                          url("/dicom-web/" + query)});
    return got.output;
}

}  // namespace bucky::test
