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

/// Runs in the folder, because the paths in openssl's config are relative.
void Authority::openssl(std::vector<std::string> arguments) {
    std::string line = "cd '" + dir_.path().string() + "' && exec openssl";
    for (const auto& argument : arguments) line += " '" + argument + "'";
    const auto done = run({"sh", "-c", line});
    if (done.status != 0) throw std::runtime_error("openssl failed:\n" + done.output);
}

void Authority::prepare() {
    std::ofstream{dir_ / "index.txt"};
    std::ofstream{dir_ / "crlnumber"} << "01\n";
    std::ofstream{dir_ / "ca.cnf"} << kAuthorityConfig;
}

Authority::Authority(const std::string& name) {
    prepare();
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=" + name});
}

Authority::Authority(const std::string& name, Authority& above) : is_root_(false) {
    prepare();
    openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "ca.key", "-out", "ca.csr", "-subj", "/CN=" + name, "-addext",
             "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign,cRLSign"});
    above.sign(dir_ / "ca.csr", dir_ / "ca.pem", {});
}

void Authority::sign(const std::string& request, const std::filesystem::path& certificate,
                     const std::vector<std::string>& options) {
    std::vector<std::string> all{"ca",     "-batch", "-config", "ca.cnf",
                                 "-in",    request,  "-out",    certificate.string(),
                                 "-notext"};
    all.insert(all.end(), options.begin(), options.end());
    openssl(all);
}

Identity Authority::issue(const std::string& name, const Wish& wish) {
    const Identity made{dir_ / (name + ".pem"), dir_ / (name + ".key")};
    openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", made.key.string(), "-out", name + ".csr", "-subj", "/O=Hospital/CN=" + name,
             "-addext", "subjectAltName=" + wish.names});
    std::vector<std::string> options;
    if (wish.expired) {
        options = {"-startdate", "20200101000000Z", "-enddate", "20210101000000Z"};
    }
    sign(name + ".csr", made.certificate, options);
    if (!is_root_) {
        std::ofstream{made.certificate, std::ios::app} << std::ifstream{certificate()}.rdbuf();
    }
    return made;
}

void Authority::revoke_file(const std::filesystem::path& certificate) {
    openssl({"ca", "-batch", "-config", "ca.cnf", "-revoke", certificate.string()});
}

void Authority::revoke(const Identity& identity) {
    revoke_file(identity.certificate);
}

void Authority::revoke(const Authority& below) {
    revoke_file(below.certificate());
}

std::filesystem::path Authority::revocation_list() {
    openssl({"ca", "-batch", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem"});
    return dir_ / "crl.pem";
}

std::filesystem::path Authority::expired_revocation_list() {
    openssl({"ca", "-batch", "-config", "ca.cnf", "-gencrl", "-out", "old.pem", "-crl_lastupdate",
             "20200101000000Z", "-crl_nextupdate", "20210101000000Z"});
    return dir_ / "old.pem";
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
