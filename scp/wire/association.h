// SPDX-License-Identifier: Apache-2.0
// Association: one that we have requested, from the TCP connection to its release; it owns all that
// DCMTK needs for it. Opened by the constructor, aborted by the destructor unless released before.
// One thread uses it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "conf/base/ids.h"
#include "scp/wire/part10.h"
#include "scp/wire/target.h"
#include "storage/commitments.h"

namespace bucky::storage {
class Spool;
}

namespace bucky::scp {

struct CommitmentRequest;

/// A presentation context to propose.
struct Offer {
    std::string sop_class;
    std::vector<std::string> transfer_syntaxes;
    bool as_scp = false;  ///< we are to be the class's SCP, not its SCU (PS3.7 D.3.3.4)
    bool operator==(const Offer&) const = default;
};

/// A proposed context and what the peer made of it.
struct Context {
    std::uint8_t id = 0;
    std::string sop_class;
    std::string transfer_syntax;  ///< accepted; empty when it was refused
    std::string refusal;          ///< in words; empty when it was accepted
};

class Association {
public:
    /// Throws unavailable when nobody answers or the peer is short of something, unsupported when
    /// it rejects us for good; the words say what was wrong and where to put it right.
    Association(const Target& target, const AeTitle& calling, std::span<const Offer> offers);
    Association(const Association&) = delete;
    Association& operator=(const Association&) = delete;
    ~Association();

    void release() noexcept;

    /// Whether the peer has closed it, or wants something of us (which is never right): not usable.
    bool is_dead() const;

    struct Answer {
        std::uint16_t status = 0;
        std::string comment;     ///< the peer's (0000,0902), if any
        bool kept_text = false;  ///< its text does not fit in the character set that was asked for
    };

    /// All below throw unavailable when the association breaks; it is of no use then.
    Answer echo();

    /// C-STORE of a file's dataset as it lies there, not a byte changed, in `context`.
    Answer store(const std::filesystem::path& file, const Part10Header& header,
                 const Context& context);

    /// C-STORE of a file's dataset, rewritten in the transfer syntax of `context`, and its text in
    /// this Specific Character Set (a defined term; empty: as it is). Text that does not fit goes
    /// as it is. Throws unsupported when it cannot be rewritten.
    Answer store_rewritten(const std::filesystem::path& file, const Part10Header& header,
                           const Context& context, const std::string& character_set = {});

    /// N-ACTION: keep these objects (PS3.4 J.3.2). In the only context, which was accepted.
    Answer ask_commitment(const CommitmentRequest& request);

    /// The peer's N-EVENT-REPORT on what was asked, if it comes within `at_most`. It is answered
    /// with success once `note` has taken it. Whether `note` has.
    bool hear_commitment(std::chrono::milliseconds at_most, storage::Spool& spool,
                         const std::function<bool(const storage::CommitmentAnswer&)>& note);

    /// N-EVENT-REPORT: what became of the peer's request (PS3.4 J.3.3). In the only context.
    Answer report_commitment(const storage::CommitmentAnswer& answer);

    const std::vector<Context>& contexts() const noexcept;
    std::uint32_t max_pdu_bytes() const noexcept;  ///< what the peer takes; 0: no limit
    std::string implementation_class() const;
    std::string implementation_version() const;
    std::string security() const;  ///< of TLS, and whose certificate; empty: there is none

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
