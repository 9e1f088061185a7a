// SPDX-License-Identifier: Apache-2.0
// Sender delivers DICOM files to one destination. Couriers and `bucky send` know this interface;
// each transport has an implementation of it (dimse_sender.h), and make_sender.h chooses one.
//
// A file is sent byte for byte in its own transfer syntax. It is rewritten without loss only if its
// pixels are not compressed, or RLE, and the destination does not accept its syntax, accepts a
// preferred one, or is to get another character set. The connection is opened when there is
// something to send, and kept until release(). Used by one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "conf/dicom/send_verdict.h"

namespace bucky::scp {

struct SendOutcome {
    SendVerdict verdict = SendVerdict::try_later;
    std::string status{};    ///< as the transport writes it, "A700"; empty: no answer came
    std::string words{};     ///< the destination's or ours; empty on plain success
    bool rewritten = false;  ///< not sent byte for byte as the file is
};

class Sender {
public:
    Sender() = default;
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    virtual ~Sender() = default;

    /// Checks a file that is to be sent, and prepares the next connection for it, so that files
    /// that are announced together share one. Throws bad_input when it is no DICOM file,
    /// unavailable when it cannot be read.
    virtual void announce(const std::filesystem::path& file) = 0;

    /// Also asks, whenever a connection is opened, whether the destination accepts this class. A
    /// transport that does not negotiate classes ignores it.
    virtual void propose(std::string_view sop_class) = 0;

    /// Files of this class are sent in this transfer syntax where the destination accepts it.
    virtual void prefer(std::string_view sop_class, std::string_view transfer_syntax) = 0;

    /// Text is sent in this Specific Character Set (a defined term of PS3.3 C.12.1.1.2). The
    /// outcome's words say when an object's text cannot be encoded in it.
    virtual void write_text_in(std::string character_set) = 0;

    /// Whether the destination accepts objects of this class on the open connection; nothing: it
    /// has not said so.
    virtual std::optional<bool> takes(std::string_view sop_class) const = 0;

    /// Ensures that a connection is open on which `file` can be sent. Throws as announce() does,
    /// and unavailable or unsupported when no connection can be opened: then no object can be sent.
    virtual void connect(const std::filesystem::path& file) = 0;

    /// connect(), then sends the file. A failure after connect() is an outcome of this file, not an
    /// exception, and closes the connection if part of the file may have been sent.
    virtual SendOutcome send(const std::filesystem::path& file) = 0;

    virtual bool connected() const = 0;

    /// Closes the connection in the transport's polite way, if one is open.
    virtual void release() noexcept = 0;
};

}  // namespace bucky::scp
