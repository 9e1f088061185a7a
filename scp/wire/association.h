// SPDX-License-Identifier: Apache-2.0
// Association: an association that we request, from the TCP connection to its release. It owns all
// DCMTK objects for it. The constructor opens it; the destructor aborts it unless it was released.
// Used by one thread.
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
#include "conf/base/scratch_file.h"
#include "conf/dicom/commitment.h"
#include "scp/wire/part10.h"
#include "scp/wire/target.h"

struct T_ASC_Association;  // DCMTK's

namespace bucky::scp {

struct CommitmentRequest;

/// A presentation context to propose.
struct Offer {
    std::string sop_class;
    std::vector<std::string> transfer_syntaxes;
    bool as_scp = false;  ///< we are the class's SCP, not its SCU (PS3.7 D.3.3.4)
    bool operator==(const Offer&) const = default;
};

/// A proposed context and the peer's answer to it.
struct Context {
    std::uint8_t id = 0;
    std::string sop_class;
    std::string transfer_syntax;  ///< accepted; empty when refused
    std::string refusal;          ///< the reason in words; empty when accepted
};

class Association {
public:
    /// Throws unavailable when the peer does not answer or lacks a resource, unsupported when it
    /// rejects us for good; the words say what was wrong and which setting to change.
    Association(const Target& target, const AeTitle& calling, std::span<const Offer> offers);
    Association(const Association&) = delete;
    Association& operator=(const Association&) = delete;
    ~Association();

    void release() noexcept;

    /// Whether the peer has closed the association or sent an unexpected message: it is not usable
    /// then.
    bool is_dead() const;

    struct Answer {
        std::uint16_t status = 0;
        std::string comment;     ///< the peer's (0000,0902), if any
        bool kept_text = false;  ///< the text does not fit in the requested character set
    };

    /// All calls below throw unavailable when the association breaks; it is not usable then.
    Answer echo();

    /// C-STORE of a file's dataset, byte for byte, in `context`.
    Answer store(const std::filesystem::path& file, const Part10Header& header,
                 const Context& context);

    /// C-STORE of a file's dataset, rewritten in the transfer syntax of `context`, with its text in
    /// this Specific Character Set (a defined term; empty: unchanged). Text that does not fit in it
    /// stays unchanged. Throws unsupported when the dataset cannot be rewritten.
    Answer store_rewritten(const std::filesystem::path& file, const Part10Header& header,
                           const Context& context, const std::string& character_set = {});

    /// N-ACTION: requests commitment to these objects (PS3.4 J.3.2), in the only context, which
    /// must be accepted.
    Answer ask_commitment(const CommitmentRequest& request);

    /// Waits up to `at_most` for the peer's N-EVENT-REPORT. It is answered with success once `note`
    /// has accepted it. Returns whether `note` has.
    bool hear_commitment(std::chrono::milliseconds at_most, ScratchFiles& files,
                         const std::function<bool(const CommitmentAnswer&)>& note);

    /// N-EVENT-REPORT: the result of the peer's request (PS3.4 J.3.3), in the only context.
    Answer report_commitment(const CommitmentAnswer& answer);

    const std::vector<Context>& contexts() const noexcept;
    std::uint32_t max_pdu_bytes() const noexcept;  ///< largest that the peer accepts; 0: no limit
    std::string implementation_class() const;
    std::string implementation_version() const;
    std::string security() const;  ///< of TLS, with the certificate; empty: no TLS

    const Target& target() const noexcept;
    /// For services whose messages stand in a file of their own (query.h), inside scp/wire.
    T_ASC_Association& handle() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
