// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

/// The part after the scheme up to the path: a host, with a port or without one.
bool is_authority(std::string_view text) {
    const auto endpoint = parse_endpoint(text);
    if (endpoint) return endpoint->port > 0 && is_host(endpoint->host);
    return is_host(text) && text.find_first_of(":@") == std::string_view::npos;
}

bool is_url(std::string_view text, std::string_view scheme) {
    if (!text.starts_with(scheme) || text.find_first_of(" ?#@") != std::string_view::npos) {
        return false;
    }
    text.remove_prefix(scheme.size());
    return is_authority(text.substr(0, text.find('/')));
}

bool is_service(std::string_view text) {
    return is_url(text, "https://") || is_url(text, "http://");
}

constexpr Key<RemoteSettings> kKeys[] = {
    {"url", &RemoteSettings::url,
     Fits{is_empty_or<is_service>, "empty, or https://HOST[:PORT][/PATH]"}, "",
     "Base address of the service: v2/models/... is appended. http:// is accepted too, for a "
     "server on this machine. Empty: no service."},
    {"ca", &RemoteSettings::ca, kFileOrNone, "",
     "Certificate authorities (PEM) that may issue the certificate of the service. Empty: those "
     "the system trusts. This key and the next three are read again at each connection."},
    {"certificate", &RemoteSettings::certificate, kFileOrNone, "",
     "Client certificate of this site with its chain (PEM)."},
    {"key", &RemoteSettings::key, kFileOrNone, "",
     "Private key of that certificate (PEM). Empty: it is in the same file."},
    {"crl", &RemoteSettings::crl, kFileOrNone, "", "Certificate revocation lists (PEM)."},
    {"proxy", &RemoteSettings::proxy,
     Fits{is_empty_or<is_proxy>, "empty, or http://HOST:PORT or https://HOST:PORT"}, "",
     "Proxy that opens the connection to the service (CONNECT). Empty: none, whatever the "
     "environment says."},
    {"proxy_user", &RemoteSettings::proxy_user, Anything{}, "", "User name at the proxy."},
    {"proxy_password_file", &RemoteSettings::proxy_password_file,
     Fits{is_empty_or<is_secret_file>, "empty, a path that begins with /, or credential:NAME"}, "",
     "File with the password at the proxy. credential:NAME: the systemd credential of that name."},
    {"address", &RemoteSettings::address,
     Fits{is_empty_or<is_ip_address>, "empty, or an IP address"}, "",
     "Address of this machine to connect from. Empty: the system chooses."},
    {"connections", &RemoteSettings::connections, Range{1, 64}, "connections",
     "Images of one model that are sent at once, one a connection."},
    {"connect_timeout_s", &RemoteSettings::connect_timeout_s, Range{1, 300}, "s",
     "Time to connect, TLS and proxy included."},
    {"answer_timeout_s", &RemoteSettings::answer_timeout_s, Range{1, 3600}, "s",
     "Time from the first byte of an image sent to the whole answer. Then the connection is given "
     "up, and the image waits for the next."},
    {"compression", choice<&RemoteSettings::compression>, OneOf{kWordsOf<Compression>}, "",
     "Content-Encoding of what is sent. none: for servers that take no compressed requests."},
    {"prove_minutes", &RemoteSettings::prove_minutes, Range{1, 1440}, "minutes",
     "Time between two proofs of the weights (the golden inputs of the package, and the hash that "
     "the service names). Each new connection is proven as well."},
    {"unnamed_weights_ok", &RemoteSettings::unnamed_weights_ok, Anything{}, "",
     "true: also use a server that names no hash of its weights. Then only the golden inputs of "
     "the package prove them."},
    {"versions", choice<&RemoteSettings::versions>, OneOf{kWordsOf<PackageVersions>}, "",
     "What becomes of a newer version of a package that the service announces. pinned: it is named "
     "in `bucky status`, and a person changes inference.models. auto: the node gets the package "
     "without its weights, and works with it as soon as its golden inputs have passed; with the "
     "packages of the file again when pinned is set. A package that [[model]] names with a sha256 "
     "stays in any case."},
    {"heartbeat", &RemoteSettings::heartbeat, Anything{}, "",
     "true: tell the service each minute how this node is: versions, queues, counts of verdicts, "
     "troubles. Nothing of an image, a study or a patient."},
    {"text_in_pixels_ok", &RemoteSettings::text_in_pixels_ok, Anything{}, "",
     "Only where the contract with the service allows it. true: images leave without a search for "
     "text, so that names burnt into the pixels may leave, too. false: text outside the lungs is "
     "masked, and an image with text elsewhere is not analysed (privacy.text_in_pixels)."},
};

void check_device(const Settings& settings, Checker& checker) {
    if (!settings.remote.url.empty()) return;
    const auto complain = [&](const Place& at) {
        checker.complain(at, "device", R"("remote" needs a remote.url)");
    };
    if (settings.inference.device == "remote") complain({"inference"});
    for (std::size_t i = 0; i < settings.models.size(); ++i) {
        if (settings.models[i].device == "remote") complain({"model", i});
    }
}

void check(const Settings& settings, Checker& checker) {
    const auto& remote = settings.remote;
    const auto only_beside = [&](bool is_there, std::string_view what, std::string_view key,
                                 const std::string& value) {
        if (is_there || value.empty()) return;
        checker.complain({"remote"}, key, fmt::format("counts only beside {}", what));
    };
    const bool is_tls = remote.url.starts_with("https://");
    const auto https = R"(url = "https://...")";
    only_beside(is_tls, https, "ca", remote.ca.string());
    only_beside(is_tls, https, "certificate", remote.certificate.string());
    only_beside(is_tls, https, "crl", remote.crl.string());
    only_beside(!remote.certificate.empty(), "a certificate", "key", remote.key.string());
    only_beside(!remote.proxy.empty(), "a proxy", "proxy_user", remote.proxy_user);
    only_beside(!remote.proxy_user.empty(), "a proxy_user", "proxy_password_file",
                remote.proxy_password_file);
    check_device(settings, checker);
}

}  // namespace

Section<RemoteSettings> remote_section() {
    return {
        .name = "remote",
        .field = &Settings::remote,
        .keys = kKeys,
        .sentence =
            "A service that runs models: any server of the Open Inference Protocol (KServe v2). "
            "Only the prepared tensor, the model's name and hash and a random id are sent.",
        .in_example = false,
        .check = check};
}

}  // namespace bucky::conf
