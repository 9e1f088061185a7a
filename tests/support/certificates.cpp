// SPDX-License-Identifier: Apache-2.0
#include "tests/support/certificates.h"

#include <fstream>
#include <stdexcept>

#include "tests/support/process.h"

namespace bucky::test {
namespace {

constexpr auto kAuthorityConfig = R"([ca]
default_ca = this
[this]
database = index.txt
new_certs_dir = .
rand_serial = yes
crlnumber = crlnumber
private_key = ca.key
certificate = ca.pem
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
[any]
organizationName = optional
commonName = supplied
)";

std::string run_openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const auto done = run(arguments);
    if (done.status != 0) throw std::runtime_error("openssl failed:\n" + done.output);
    return done.output;
}

}  // namespace

/// In the folder, so that the config's relative paths hold.
void Authority::openssl(std::vector<std::string> arguments) {
    std::string line = "cd '" + dir_.path().string() + "' && exec openssl";
    for (const auto& argument : arguments) line += " '" + argument + "'";
    const auto done = run({"sh", "-c", line});
    if (done.status != 0) throw std::runtime_error("openssl failed:\n" + done.output);
}

Authority::Authority(const std::string& name) {
    std::ofstream{dir_ / "index.txt"};
    std::ofstream{dir_ / "crlnumber"} << "01\n";
    std::ofstream{dir_ / "ca.cnf"} << kAuthorityConfig;
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=" + name});
}

Identity Authority::issue(const std::string& name, const Wish& wish) {
    const Identity made{dir_ / (name + ".pem"), dir_ / (name + ".key")};
    openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", made.key.string(), "-out", name + ".csr", "-subj", "/O=Hospital/CN=" + name,
             "-addext", "subjectAltName=" + wish.names});
    std::vector<std::string> sign{"ca",     "-batch",      "-config", "ca.cnf",
                                  "-in",    name + ".csr", "-out",    made.certificate.string(),
                                  "-notext"};
    if (wish.expired) {
        sign.insert(sign.end(), {"-startdate", "20200101000000Z", "-enddate", "20210101000000Z"});
    }
    openssl(sign);
    return made;
}

void Authority::revoke(const Identity& identity) {
    openssl({"ca", "-batch", "-config", "ca.cnf", "-revoke", identity.certificate.string()});
}

std::filesystem::path Authority::revocation_list() {
    openssl({"ca", "-batch", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem"});
    return dir_ / "crl.pem";
}

Identity Authority::self_signed(const std::string& name) {
    const Identity made{dir_ / (name + ".pem"), dir_ / (name + ".key")};
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", made.key.string(), "-out", made.certificate.string(), "-days", "30",
             "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"});
    return made;
}

std::string Authority::sha256(const Identity& identity) {
    const auto said = run_openssl(
        {"x509", "-in", identity.certificate.string(), "-noout", "-fingerprint", "-sha256"});
    const auto at = said.find('=');
    return said.substr(at + 1, said.find_first_of("\r\n", at) - at - 1);
}

}  // namespace bucky::test
