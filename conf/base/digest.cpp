// SPDX-License-Identifier: Apache-2.0
#include "conf/base/digest.h"

#include <fstream>
#include <memory>
#include <vector>

#include <openssl/evp.h>

#include "conf/base/error.h"

namespace bucky {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

void must(bool worked) {
    if (!worked) throw Error(Fault::bug, "OpenSSL cannot compute SHA-256");
}

}  // namespace

/// OpenSSL's digest context.
struct Sha256Stream::Context {
    std::unique_ptr<EVP_MD_CTX, FreeContext> evp{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) {
    EVP_MD_CTX* evp = context_->evp.get();
    must(evp != nullptr && EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::add(std::string_view bytes) {
    must(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
    Sha256 hash{};
    must(EVP_DigestFinal_ex(context_->evp.get(), hash.data(), nullptr) == 1);
    return hash;
}

Sha256 sha256(std::string_view bytes) {
    Sha256Stream hasher;
    hasher.add(bytes);
    return hasher.finish();
}

std::string sha256_of_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());
    Sha256Stream hasher;
    std::vector<char> buffer(1U << 20U);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
        hasher.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
    }
    return hex(hasher.finish());
}

std::string hex(const Sha256& hash) {
    std::string text;
    for (const auto byte : hash) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace bucky
