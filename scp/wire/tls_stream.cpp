// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/tls_stream.h"

#include <algorithm>
#include <cerrno>
#include <functional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include "conf/base/error.h"
#include "scp/wire/tls_words.h"

namespace bucky::scp {
namespace {

/// The socket for OpenSSL's BIO: never blocks, never raises SIGPIPE.
struct Socket {
    Waiting waiting;
    std::vector<std::uint8_t> first;
    std::size_t served = 0;
};

Socket& socket_of(BIO* bio) {
    return *static_cast<Socket*>(BIO_get_data(bio));
}

int read_socket(BIO* bio, char* to, int wanted) {
    auto& socket = socket_of(bio);
    BIO_clear_retry_flags(bio);
    if (socket.served < socket.first.size()) {
        const auto bytes =
            std::min(static_cast<std::size_t>(wanted), socket.first.size() - socket.served);
        std::copy_n(socket.first.begin() + static_cast<std::ptrdiff_t>(socket.served), bytes, to);
        socket.served += bytes;
        return static_cast<int>(bytes);
    }
    const ssize_t got =
        ::recv(socket.waiting.fd, to, static_cast<std::size_t>(wanted), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    return static_cast<int>(got);
}

int write_socket(BIO* bio, const char* from, int bytes) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(socket_of(bio).waiting.fd, from, static_cast<std::size_t>(bytes),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

long control_socket(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct FreeMethod {
    void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};

const BIO_METHOD* socket_method() {
    static const auto made = [] {
        std::unique_ptr<BIO_METHOD, FreeMethod> method{
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket of ours")};
        BIO_meth_set_read(method.get(), read_socket);
        BIO_meth_set_write(method.get(), write_socket);
        BIO_meth_set_ctrl(method.get(), control_socket);
        return method;
    }();
    return made.get();
}

bool is_address(const std::string& name) {
    in6_addr parsed{};
    return ::inet_pton(AF_INET, name.c_str(), &parsed) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), &parsed) == 1;
}

bool is_end(unsigned long error) {
    return error == 0 || (ERR_GET_LIB(error) == ERR_LIB_SSL &&
                          ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

/// The peer's own certificate and the faulty one, of a chain that failed verification.
struct KeptChain {
    Certificate own, bad;
};

Certificate share(X509* certificate) {
    if (certificate == nullptr || X509_up_ref(certificate) != 1) return nullptr;
    return Certificate{certificate};
}

/// OpenSSL frees certificates that fail verification, but our messages need them.
int keep_the_bad_one(int good, X509_STORE_CTX* checked) {
    if (good == 1) return good;
    const auto* tls = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(checked, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& kept = *static_cast<KeptChain*>(SSL_get_app_data(tls));
    kept.own = share(X509_STORE_CTX_get0_cert(checked));
    kept.bad = share(X509_STORE_CTX_get_current_cert(checked));
    return good;
}

struct FreeTls {
    void operator()(SSL* tls) const noexcept { SSL_free(tls); }
};

}  // namespace

struct TlsStream::Impl {
    Impl(std::shared_ptr<const TlsContext> of, const Waiting& at, std::vector<std::uint8_t> first)
        : context(std::move(of)), socket{at, std::move(first), 0} {}

    std::shared_ptr<const TlsContext> context;
    Socket socket;
    std::unique_ptr<SSL, FreeTls> tls;
    KeptChain bad;
    TlsRole role = TlsRole::listens;
    std::string wanted_name;
    std::shared_ptr<std::string> trouble = std::make_shared<std::string>();
    bool broken = false;  ///< OpenSSL permits no further call, not even close_notify

    int run(const std::function<int()>& step, Deadline deadline);
    void shake_hands(int (*step)(SSL*), Deadline deadline);
    int fail(int system_error);
    int give_up(int error);
};

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, const Waiting& socket,
                     std::vector<std::uint8_t> first)
    : impl_(std::make_unique<Impl>(std::move(context), socket, std::move(first))) {
    impl_->tls.reset(SSL_new(impl_->context->handle()));
    BIO* bio = BIO_new(socket_method());
    if (!impl_->tls || bio == nullptr) {
        BIO_free(bio);
        throw Error(Fault::exhausted, "no memory is left for TLS");
    }
    BIO_set_data(bio, &impl_->socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(impl_->tls.get(), bio, bio);
    SSL_set_app_data(impl_->tls.get(), &impl_->bad);
    SSL_set_verify(impl_->tls.get(), SSL_get_verify_mode(impl_->tls.get()), keep_the_bad_one);
}

TlsStream::~TlsStream() = default;

void TlsStream::move_to(int fd) {
    impl_->socket.waiting.fd = fd;
}

int TlsStream::Impl::give_up(int error) {
    errno = error;
    return -1;
}

/// A connection that ends without close_notify counts as closed (0), not as an error, because DICOM
/// has its own release and abort (PS3.8).
int TlsStream::Impl::fail(int system_error) {
    broken = true;
    const auto error = ERR_peek_error();
    if (error == 0 && system_error != 0) return give_up(system_error);
    if (SSL_is_init_finished(tls.get()) == 1 && is_end(error)) return 0;
    *trouble = words_for_failed_tls(*tls, role, {bad.own.get(), bad.bad.get()}, wanted_name,
                                    context->section());
    return give_up(EPROTO);
}

/// Repeats an OpenSSL call until it is done, has failed, or the deadline has passed.
int TlsStream::Impl::run(const std::function<int()>& step, Deadline deadline) {
    if (broken) return give_up(EPROTO);
    trouble->clear();
    while (true) {
        ERR_clear_error();
        errno = 0;
        const int done = step();
        if (done > 0) return done;
        const int system_error = errno;
        switch (SSL_get_error(tls.get(), done)) {
            case SSL_ERROR_WANT_READ:
                if (!wait_for(socket.waiting, POLLIN, deadline)) return -1;
                break;
            case SSL_ERROR_WANT_WRITE:
                if (!wait_for(socket.waiting, POLLOUT, deadline)) return -1;
                break;
            case SSL_ERROR_ZERO_RETURN: return 0;
            default: return fail(system_error);
        }
    }
}

void TlsStream::Impl::shake_hands(int (*step)(SSL*), Deadline deadline) {
    if (run([&] { return step(tls.get()); }, deadline) > 0) return;
    if (!trouble->empty()) throw Error(Fault::unavailable, "{}", *trouble);
    switch (errno) {
        case ETIMEDOUT:
            throw Error(Fault::unavailable, "it did not finish the TLS handshake in time{}",
                        role == TlsRole::calls ? ": is this its plain port?" : "");
        case ECANCELED: throw Error(Fault::unavailable, "the node is stopping");
        default:
            throw Error(Fault::unavailable, "{}",
                        role == TlsRole::calls
                            ? "it closed the connection during the TLS handshake: is this its "
                              "plain port?"
                            : "it closed the connection during the TLS handshake");
    }
}

void TlsStream::accept(Deadline deadline) {
    impl_->role = TlsRole::listens;
    impl_->shake_hands(SSL_accept, deadline);
}

void TlsStream::connect(const std::string& name, Deadline deadline) {
    impl_->role = TlsRole::calls;
    impl_->wanted_name = name;
    SSL* tls = impl_->tls.get();
    X509_VERIFY_PARAM* rules = SSL_get0_param(tls);
    // DCMTK checks that a certificate is valid, not whom it was issued to.
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool address = is_address(name);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str())
                            : X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size());
    if (set != 1 || (!address && SSL_set_tlsext_host_name(tls, name.c_str()) != 1)) {
        throw Error(Fault::unavailable, "{} is no name that a certificate can bear", name);
    }
    impl_->shake_hands(SSL_connect, deadline);
}

ssize_t TlsStream::read_some(void* to, std::size_t at_most, Deadline deadline) {
    const int wanted = static_cast<int>(std::min<std::size_t>(at_most, 1U << 30U));
    return impl_->run([&] { return SSL_read(impl_->tls.get(), to, wanted); }, deadline);
}

ssize_t TlsStream::write_some(const void* from, std::size_t bytes, Deadline deadline) {
    const int wanted = static_cast<int>(std::min<std::size_t>(bytes, 1U << 30U));
    return impl_->run([&] { return SSL_write(impl_->tls.get(), from, wanted); }, deadline);
}

bool TlsStream::readable_now() {
    if (impl_->broken) return true;
    char one = 0;
    ERR_clear_error();
    errno = 0;
    const int there = SSL_peek(impl_->tls.get(), &one, 1);
    if (there > 0) return true;
    const int system_error = errno;
    switch (SSL_get_error(impl_->tls.get(), there)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return false;
        case SSL_ERROR_ZERO_RETURN: return true;
        default: (void)impl_->fail(system_error); return true;
    }
}

void TlsStream::close_notify() noexcept {
    if (impl_->broken || !SSL_is_init_finished(impl_->tls.get())) return;
    (void)SSL_shutdown(impl_->tls.get());
}

std::optional<PeerCertificate> TlsStream::peer_certificate() const {
    const X509* shown = SSL_get0_peer_certificate(impl_->tls.get());
    if (shown == nullptr) return std::nullopt;
    return PeerCertificate{subject_of(*shown), common_name_of(*shown), names_in(*shown),
                           fingerprint_of(*shown)};
}

std::string TlsStream::description() const {
    return fmt::format("{} {}", SSL_get_version(impl_->tls.get()),
                       SSL_get_cipher_name(impl_->tls.get()));
}

std::shared_ptr<const std::string> TlsStream::trouble() const noexcept {
    return impl_->trouble;
}

}  // namespace bucky::scp
