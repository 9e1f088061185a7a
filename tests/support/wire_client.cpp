// SPDX-License-Identifier: Apache-2.0
#include "tests/support/wire_client.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bucky::test {
namespace {

constexpr std::uint32_t kOurPduBytes = 131072;
constexpr std::uint8_t kContext = 1;
constexpr auto kCommitment = "1.2.840.10008.1.20.1";
constexpr auto kCommitmentInstance = "1.2.840.10008.1.20.1.1";
constexpr std::uint8_t kCommand = 1, kLast = 2;  // message control header, PS3.8 E.2

void put(Bytes& to, std::string_view text) {
    to.insert(to.end(), text.begin(), text.end());
}

void put_big(Bytes& to, std::uint32_t value, int bytes) {
    for (int at = bytes - 1; at >= 0; --at) {
        to.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
    }
}

void put_little(Bytes& to, std::uint32_t value, int bytes) {
    for (int at = 0; at < bytes; ++at) to.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
}

std::uint32_t big(std::span<const std::uint8_t> from, std::size_t at, int bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8U | from[at + static_cast<std::size_t>(i)];
    return value;
}

Bytes item(std::uint8_t type, const Bytes& body) {
    Bytes whole{type, 0};
    put_big(whole, static_cast<std::uint32_t>(body.size()), 2);
    whole.insert(whole.end(), body.begin(), body.end());
    return whole;
}

Bytes item(std::uint8_t type, std::string_view body) {
    return item(type, Bytes(body.begin(), body.end()));
}

void append(Bytes& to, const Bytes& more) {
    to.insert(to.end(), more.begin(), more.end());
}

std::string padded(std::string text) {
    text.resize(16, ' ');
    return text;
}

/// Appends a command element in Implicit VR Little Endian (PS3.7 6.3.1).
void put_element(Bytes& to, std::uint16_t element, std::uint32_t value, int bytes) {
    put_little(to, 0, 2);
    put_little(to, element, 2);
    put_little(to, static_cast<std::uint32_t>(bytes), 4);
    put_little(to, value, bytes);
}

void put_element(Bytes& to, std::uint16_t element, std::string uid) {
    if (uid.size() % 2 != 0) uid.push_back('\0');
    put_little(to, 0, 2);
    put_little(to, element, 2);
    put_little(to, static_cast<std::uint32_t>(uid.size()), 4);
    put(to, uid);
}

Bytes with_group_length(const Bytes& elements) {
    Bytes command;
    put_element(command, 0x0000, static_cast<std::uint32_t>(elements.size()), 4);
    append(command, elements);
    return command;
}

/// The value of a command element; nullopt when it is not there.
std::optional<Bytes> value_in(const Bytes& command, int wanted) {
    for (std::size_t at = 0; at + 8 <= command.size();) {
        const auto element = command[at + 2] | command[at + 3] << 8;
        const auto length = command[at + 4] | command[at + 5] << 8;  // 16 bits are enough
        const auto value = command.begin() + static_cast<long>(at) + 8;
        if (element == wanted) return Bytes(value, value + length);
        at += 8 + static_cast<std::size_t>(length);
    }
    return std::nullopt;
}

}  // namespace

WireClient::WireClient(int port, const std::string& from)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (!from.empty()) {
        ::inet_pton(AF_INET, from.c_str(), &address.sin_addr);
        (void)::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd_);
        throw std::runtime_error("nobody listens on port " + std::to_string(port));
    }
}

ClientTls::ClientTls(const std::string& certificate, const std::string& key)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    if (SSL_CTX_use_certificate_chain_file(handle(), certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(handle(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error(certificate + " is no certificate, or " + key + " not its key");
    }
}

WireClient::WireClient(int port, const ClientTls& tls) : WireClient(port) {
    tls_.reset(SSL_new(tls.handle()), SSL_free);
    if (SSL_set_fd(tls_.get(), fd_) != 1 || SSL_connect(tls_.get()) != 1) {
        throw std::runtime_error("no TLS with port " + std::to_string(port));
    }
}

WireClient::~WireClient() {
    ::close(fd_);
}

void WireClient::wait_at_most(std::chrono::seconds silence) {
    const timeval time{silence.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

std::string WireClient::security() const {
    if (!tls_) return "none";
    return std::string{SSL_get_version(tls_.get())} + ' ' + SSL_get_cipher_name(tls_.get());
}

void WireClient::send(std::span<const std::uint8_t> bytes) {
    if (tls_ && !bytes.empty()) {
        (void)SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
        return;  // completely or not at all: the socket blocks
    }
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the peer has closed: the next receive reports it
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
}

void WireClient::send(std::string_view text) {
    send(Bytes(text.begin(), text.end()));
}

bool WireClient::closed_within(std::chrono::milliseconds at_most) {
    const auto give_up = std::chrono::steady_clock::now() + at_most;
    std::array<std::uint8_t, 4096> said{};
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            give_up - std::chrono::steady_clock::now());
        pollfd readable{fd_, POLLIN, 0};
        if (left.count() <= 0) return false;
        if (::poll(&readable, 1, static_cast<int>(left.count())) != 1) return false;
        if (::recv(fd_, said.data(), said.size(), 0) <= 0) return true;
    }
}

Bytes WireClient::associate_request(const Proposal& proposal) {
    Bytes context{kContext, 0, 0, 0};
    append(context, item(0x30, proposal.sop_class));
    append(context, item(0x40, proposal.transfer_syntax));
    Bytes most;
    put_big(most, kOurPduBytes, 4);
    Bytes user = item(0x51, most);
    append(user, item(0x52, "2.25.1"));

    Bytes body;
    put_big(body, 0x00010000, 4);  // protocol version 1, reserved
    put(body, padded(proposal.called));
    put(body, padded(proposal.calling));
    body.resize(body.size() + 32);
    append(body, item(0x10, "1.2.840.10008.3.1.1.1"));
    append(body, item(0x20, context));
    append(body, item(0x50, user));

    Bytes request{1, 0};
    put_big(request, static_cast<std::uint32_t>(body.size()), 4);
    append(request, body);
    return request;
}

int WireClient::associate(const Proposal& proposal) {
    sop_class_ = proposal.sop_class;
    send(associate_request(proposal));
    const auto answer = receive();
    if (!answer) return 0;
    if (answer->type != 2) return answer->type;
    for (std::size_t at = 68; at + 4 <= answer->body.size();) {  // items of the A-ASSOCIATE-AC
        const auto length = big(answer->body, at + 2, 2);
        if (answer->body[at] == 0x21 && answer->body[at + 6] != 0) return 3;
        if (answer->body[at] == 0x50 && answer->body[at + 4] == 0x51) {
            const auto most = big(answer->body, at + 8, 4);
            peer_pdu_bytes_ = most == 0 ? kOurPduBytes : std::min(most, kOurPduBytes);
        }
        at += 4 + length;
    }
    return 2;
}

bool WireClient::read_all(std::span<std::uint8_t> to) {
    if (!tls_) {
        return ::recv(fd_, to.data(), to.size(), MSG_WAITALL) == static_cast<ssize_t>(to.size());
    }
    while (!to.empty()) {
        const int got = SSL_read(tls_.get(), to.data(), static_cast<int>(to.size()));
        if (got <= 0) return false;
        to = to.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

std::optional<WireClient::Pdu> WireClient::receive() {
    std::array<std::uint8_t, 6> head{};
    if (!read_all(head)) return std::nullopt;
    Pdu pdu{head[0], Bytes(big(head, 2, 4))};
    if (!read_all(pdu.body)) return std::nullopt;
    return pdu;
}

int WireClient::next_pdu(std::chrono::milliseconds at_most) {
    pollfd readable{fd_, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(at_most.count())) != 1) return 0;
    const auto pdu = receive();
    return pdu ? pdu->type : 0;
}

void WireClient::send_command(const Bytes& command) {
    Bytes pdu{4, 0};
    put_big(pdu, static_cast<std::uint32_t>(command.size() + 6), 4);
    put_big(pdu, static_cast<std::uint32_t>(command.size() + 2), 4);
    pdu.push_back(kContext);
    pdu.push_back(kCommand | kLast);
    append(pdu, command);
    send(pdu);
}

void WireClient::send_dataset(std::span<const std::uint8_t> dataset,
                              const std::function<void()>& midway) {
    const auto fragment_most = std::min<std::size_t>(peer_pdu_bytes_ - 6, fragment_bytes_max_);
    do {
        auto fragment = dataset.first(std::min(fragment_most, dataset.size()));
        dataset = dataset.subspan(fragment.size());
        if (dataset.empty() && midway) midway();
        Bytes head{4, 0};
        put_big(head, static_cast<std::uint32_t>(fragment.size() + 6), 4);
        put_big(head, static_cast<std::uint32_t>(fragment.size() + 2), 4);
        head.push_back(kContext);
        head.push_back(dataset.empty() ? kLast : 0);
        if (tls_) {
            append(head, Bytes(fragment.begin(), fragment.end()));
            send(head);
            continue;
        }
        std::array<iovec, 2> parts{
            iovec{head.data(), head.size()},
            iovec{const_cast<std::uint8_t*>(fragment.data()), fragment.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
        if (sent < static_cast<ssize_t>(head.size())) return;
        send(fragment.subspan(static_cast<std::size_t>(sent) - head.size()));
    } while (!dataset.empty());
}

std::optional<int> WireClient::response_status() {
    Bytes command;
    for (;;) {
        const auto pdu = receive();
        if (!pdu || pdu->type != 4) return std::nullopt;
        for (std::size_t at = 0; at + 6 <= pdu->body.size();) {
            const auto length = big(pdu->body, at, 4);
            const auto control = pdu->body[at + 5];
            command.insert(command.end(), pdu->body.begin() + static_cast<long>(at) + 6,
                           pdu->body.begin() + static_cast<long>(at) + 4 + length);
            if ((control & kLast) != 0) {
                const auto status = value_in(command, 0x0900);
                const auto comment = value_in(command, 0x0902).value_or(Bytes{});
                comment_.assign(comment.begin(), comment.end());
                if (!status || status->size() < 2) return std::nullopt;
                return status->at(0) | status->at(1) << 8;
            }
            at += 4 + length;
        }
    }
}

std::optional<int> WireClient::store(const std::string& sop_instance,
                                     std::span<const std::uint8_t> dataset,
                                     const std::function<void()>& midway) {
    Bytes elements;  // C-STORE-RQ, PS3.7 9.3.1.1
    put_element(elements, 0x0002, sop_class_);
    put_element(elements, 0x0100, 0x0001, 2);
    put_element(elements, 0x0110, ++message_, 2);
    put_element(elements, 0x0700, 0, 2);
    put_element(elements, 0x0800, 0x0001, 2);  // a data set follows
    put_element(elements, 0x1000, sop_instance);
    send_command(with_group_length(elements));
    send_dataset(dataset, midway);
    last_byte_sent_ = std::chrono::steady_clock::now();
    return response_status();
}

std::optional<int> WireClient::ask_commitment(std::span<const std::uint8_t> dataset) {
    Bytes elements;  // N-ACTION-RQ, PS3.7 10.3.4.1
    put_element(elements, 0x0003, std::string{kCommitment});
    put_element(elements, 0x0100, 0x0130, 2);
    put_element(elements, 0x0110, ++message_, 2);
    put_element(elements, 0x0800, 0x0001, 2);  // a data set follows
    put_element(elements, 0x1001, std::string{kCommitmentInstance});
    put_element(elements, 0x1008, 1, 2);  // request storage commitment
    send_command(with_group_length(elements));
    send_dataset(dataset, {});
    return response_status();
}

std::optional<int> WireClient::echo() {
    Bytes elements;  // C-ECHO-RQ, PS3.7 9.3.5.1
    put_element(elements, 0x0002, std::string{kVerification});
    put_element(elements, 0x0100, 0x0030, 2);
    put_element(elements, 0x0110, ++message_, 2);
    put_element(elements, 0x0800, 0x0101, 2);  // no data set
    send_command(with_group_length(elements));
    return response_status();
}

void WireClient::release() {
    send(Bytes{5, 0, 0, 0, 0, 4, 0, 0, 0, 0});
    (void)receive();
}

Bytes dataset_of(const std::string& part10) {
    std::ifstream file{part10, std::ios::binary};
    const Bytes all{std::istreambuf_iterator<char>{file}, {}};
    // preamble 128, "DICM" 4, then (0002,0000) UL 4: the length of the rest (PS3.10 7.1)
    if (all.size() < 144) throw std::runtime_error(part10 + " is not a Part 10 file");
    const std::uint32_t meta = all[140] | static_cast<std::uint32_t>(all[141]) << 8U |
                               static_cast<std::uint32_t>(all[142]) << 16U;
    return Bytes(all.begin() + 144 + meta, all.end());
}

}  // namespace bucky::test
