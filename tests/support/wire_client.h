// SPDX-License-Identifier: Apache-2.0
// WireClient: DICOM's upper layer written byte by byte (PS3.8), so that a test can say what no
// toolkit would: half a PDU, another protocol, a dataset that is none. Also the fastest sender that
// a benchmark can have: it hands the kernel slices of one buffer.
//
// One association, one presentation context, blocking. Use from one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr auto kVerification = "1.2.840.10008.1.1";
inline constexpr auto kDxForPresentation = "1.2.840.10008.5.1.4.1.1.1.1";
inline constexpr auto kExplicitLittleEndian = "1.2.840.10008.1.2.1";
inline constexpr auto kImplicitLittleEndian = "1.2.840.10008.1.2";

/// What is proposed: one SOP class in one transfer syntax.
struct Proposal {
    std::string sop_class = kVerification;
    std::string transfer_syntax = kImplicitLittleEndian;
    std::string called = "BUCKY";
    std::string calling = "XRAY1";
};

class WireClient {
public:
    explicit WireClient(int port);  ///< connected, nothing said
    WireClient(const WireClient&) = delete;
    WireClient& operator=(const WireClient&) = delete;
    ~WireClient();

    void send(std::span<const std::uint8_t> bytes);
    void send(std::string_view text);

    /// The peer closes the connection, within this time. Whatever it says before is read over.
    bool closed_within(std::chrono::milliseconds at_most);

    /// What the peer said to the proposal, as PDU type (PS3.8 9.3): 2 accept, 3 reject, 7 abort, 0
    /// nothing. A context that was not accepted counts as 3.
    int associate(const Proposal& proposal);

    /// C-STORE of these bytes; the DIMSE status, or nothing when the association went away.
    /// `midway` is called when all but the last part of the data set is on its way.
    std::optional<int> store(const std::string& sop_instance, std::span<const std::uint8_t> dataset,
                             const std::function<void()>& midway = {});
    std::optional<int> echo();

    /// When the last byte of the last dataset was handed to the kernel.
    std::chrono::steady_clock::time_point last_byte_sent() const { return last_byte_sent_; }
    void release();

    /// The A-ASSOCIATE-RQ as it would be sent.
    static Bytes associate_request(const Proposal& proposal);

private:
    struct Pdu {
        int type = 0;
        Bytes body;
    };
    std::optional<Pdu> receive();
    void send_command(const Bytes& command);
    void send_dataset(std::span<const std::uint8_t> dataset, const std::function<void()>& midway);
    std::optional<int> response_status();

    int fd_;
    std::string sop_class_;
    std::uint32_t peer_pdu_bytes_ = 16384;
    std::uint16_t message_ = 0;
    std::chrono::steady_clock::time_point last_byte_sent_;
};

/// A Part 10 file without its preamble and file meta information.
Bytes dataset_of(const std::string& part10);

}  // namespace bucky::test
