// SPDX-License-Identifier: Apache-2.0
// Sender delivers DICOM files to one peer over one association, which it opens when there is
// something to send, keeps, and opens anew when a file needs a context that was not proposed.
//
// A file goes out byte for byte in its own transfer syntax; only where the peer does not take that
// one, or takes one that is preferred, or is to get another character set, and the pixels are not
// compressed, it is rewritten without loss. The peer has an object once the outcome says sent. One
// thread uses a Sender; start_wire() has run.
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
        sent,     ///< the peer has it; a warning status or "had it already" is told in `words`
        retry,    ///< not now: the peer is short of something, or the association broke
        refused,  ///< the same object will be refused again
    };
    Kind kind = Kind::retry;
    std::uint16_t status = 0;  ///< of the C-STORE-RSP; 0 when none came
    std::string words;         ///< the peer's, or ours about it; empty on plain success
    bool rewritten = false;    ///< not sent byte for byte as the file is
};

class Sender {
public:
    Sender(Target target, AeTitle calling);
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    ~Sender();

    /// This file will be sent: propose a context for it when the association is opened next. Many
    /// files announced first share one association. Throws bad_input when it is no DICOM file,
    /// unavailable when it cannot be read.
    void announce(const std::filesystem::path& file);

    /// Propose this class too, whenever an association is opened, in what every peer has: to know
    /// whether it is taken.
    void propose(std::string_view sop_class);

    /// Files of this class go out in this transfer syntax where the peer takes it.
    void prefer(std::string_view sop_class, std::string_view transfer_syntax);

    /// Text goes out in this Specific Character Set (a defined term of PS3.3 C.12.1.1.2), as far as
    /// an object's fits in it; the outcome's words say when it does not.
    void write_text_in(std::string character_set);

    /// Whether the open association takes objects of this class; nothing: it was not asked.
    std::optional<bool> takes(std::string_view sop_class) const;

    /// Has an association open that offers a context for `file`. Throws as announce() does, and
    /// unavailable or unsupported when no association can be had.
    void connect_for(const std::filesystem::path& file);

    /// connect_for(), then C-STORE. What goes wrong after that is an outcome, not an exception.
    SendOutcome send(const std::filesystem::path& file);

    bool connected() const;
    void release() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
