// SPDX-License-Identifier: Apache-2.0
// Sender delivers DICOM files to one peer over one association. It opens the association when there
// is something to send, keeps it open, and opens it again when a file needs a presentation context
// that was not proposed.
//
// A file is sent byte for byte in its own transfer syntax. It is rewritten without loss only if its
// pixels are not compressed and the peer does not accept its syntax, accepts a preferred one, or is
// to get another character set. The peer has the object once the outcome is `sent`. A Sender is
// used by one thread; start_wire() must have run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "conf/base/ids.h"
#include "scp/wire/target.h"

namespace bucky::scp {

struct SendOutcome {
    enum class Kind {
        sent,     ///< the peer has it; `words` holds a warning status or "had it already"
        retry,    ///< not now: the peer lacks a resource, or the association broke
        refused,  ///< the same object will be refused again
    };
    Kind kind = Kind::retry;
    std::uint16_t status = 0;  ///< of the C-STORE-RSP; 0: none came
    std::string words;         ///< the peer's words or ours; empty on plain success
    bool rewritten = false;    ///< not sent byte for byte as the file is
};

class Sender {
public:
    Sender(Target target, AeTitle calling);
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    ~Sender();

    /// Announces a file to send: a context for it is proposed when the association is opened next.
    /// Files that are announced together share one association. Throws bad_input when it is no
    /// DICOM file, unavailable when it cannot be read.
    void announce(const std::filesystem::path& file);

    /// Also proposes this class, in the default transfer syntaxes, whenever an association is
    /// opened, to learn whether the peer accepts it.
    void propose(std::string_view sop_class);

    /// Files of this class are sent in this transfer syntax where the peer accepts it.
    void prefer(std::string_view sop_class, std::string_view transfer_syntax);

    /// Text is sent in this Specific Character Set (a defined term of PS3.3 C.12.1.1.2). The
    /// outcome's words say when an object's text cannot be encoded in it.
    void write_text_in(std::string character_set);

    /// Whether the peer accepts objects of this class on the open association; nothing: not
    /// proposed.
    std::optional<bool> takes(std::string_view sop_class) const;

    /// Ensures that an association is open that offers a context for `file`. Throws as announce()
    /// does, and unavailable or unsupported when no association can be opened.
    void connect_for(const std::filesystem::path& file);

    /// connect_for(), then C-STORE. Failures after connect_for() are outcomes, not exceptions.
    SendOutcome send(const std::filesystem::path& file);

    bool connected() const;
    void release() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
