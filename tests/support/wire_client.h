// SPDX-License-Identifier: Apache-2.0
// WireClient: DICOM's upper layer, written byte by byte (PS3.8), so that a test can send what no
// toolkit sends: half a PDU, another protocol, an invalid dataset. It is also the fastest sender
// for a benchmark: it gives the kernel slices of one buffer.
//
// One association, one presentation context, blocking. Use from one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace bucky::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr auto kVerification = "1.2.840.10008.1.1";
inline constexpr auto kDxForPresentation = "1.2.840.10008.5.1.4.1.1.1.1";
inline constexpr auto kExplicitLittleEndian = "1.2.840.10008.1.2.1";
inline constexpr auto kImplicitLittleEndian = "1.2.840.10008.1.2";

/// A proposed presentation context: one SOP class in one transfer syntax.
struct Proposal {
    std::string sop_class = kVerification;
    std::string transfer_syntax = kImplicitLittleEndian;
    std::string called = "BUCKY";
    std::string calling = "XRAY1";
};

/// TLS of a client (1.2 or 1.3, as the peer prefers): it presents this certificate and accepts any
/// peer.
class ClientTls {
public:
    ClientTls(const std::string& certificate, const std::string& key);  ///< PEM files
    ssl_ctx_st* handle() const noexcept { return context_.get(); }

private:
    std::shared_ptr<ssl_ctx_st> context_;
};

class WireClient {
public:
    /// Connects and sends nothing; from another loopback address such as 127.0.0.2, if one is
    /// given.
    explicit WireClient(int port, const std::string& from = {});
    WireClient(int port, const ClientTls& tls);
    WireClient(const WireClient&) = delete;
    WireClient& operator=(const WireClient&) = delete;
    ~WireClient();

    /// Sends data sets in fragments of at most so many bytes, even or not.
    void cut_datasets_at(std::size_t bytes) { fragment_bytes_max_ = bytes; }

    /// After this time without sending or receiving, the peer counts as gone.
    void wait_at_most(std::chrono::seconds silence);

    void send(std::span<const std::uint8_t> bytes);
    void send(std::string_view text);

    /// Whether the peer closes the connection within this time. Anything it sends before is
    /// ignored.
    bool closed_within(std::chrono::milliseconds at_most);

    /// The peer's answer to the proposal as PDU type (PS3.8 9.3): 2 accept, 3 reject, 7 abort, 0
    /// none. If the context was not accepted: 3.
    int associate(const Proposal& proposal);

    /// C-STORE of these bytes. Returns the DIMSE status; nullopt when the association was lost.
    /// `midway` is called when all but the last part of the data set has been sent.
    std::optional<int> store(const std::string& sop_instance, std::span<const std::uint8_t> dataset,
                             const std::function<void()>& midway = {});
    std::optional<int> echo();

    /// N-ACTION for storage commitment (PS3.4 Annex J), on an association for that class.
    std::optional<int> ask_commitment(std::span<const std::uint8_t> dataset);

    /// Error Comment (0000,0902) of the last response; empty if it had none.
    const std::string& comment() const { return comment_; }

    /// The next PDU type; 0: the peer closes the connection, or sends nothing within this time.
    int next_pdu(std::chrono::milliseconds at_most);

    std::string security() const;  ///< such as "TLSv1.3 TLS_AES_256_GCM_SHA384"

    /// The time at which the last byte of the last dataset was handed to the kernel.
    std::chrono::steady_clock::time_point last_byte_sent() const { return last_byte_sent_; }
    void release();

    /// The A-ASSOCIATE-RQ that would be sent.
    static Bytes associate_request(const Proposal& proposal);

private:
    struct Pdu {
        int type = 0;
        Bytes body;
    };
    std::optional<Pdu> receive();
    bool read_all(std::span<std::uint8_t> to);
    void send_command(const Bytes& command);
    void send_dataset(std::span<const std::uint8_t> dataset, const std::function<void()>& midway);
    std::optional<int> response_status();

    int fd_;
    std::shared_ptr<ssl_st> tls_;  ///< nullptr: no TLS
    std::string sop_class_, comment_;
    std::uint32_t peer_pdu_bytes_ = 16384;
    std::size_t fragment_bytes_max_ = SIZE_MAX;
    std::uint16_t message_ = 0;
    std::chrono::steady_clock::time_point last_byte_sent_;
};

/// A Part 10 file without its preamble and file meta information.
Bytes dataset_of(const std::string& part10);

}  // namespace bucky::test
