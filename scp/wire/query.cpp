// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/query.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/dul.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/scratch_file.h"
#include "scp/wire/check.h"
#include "scp/wire/connection.h"
#include "scp/wire/dataset_tags.h"
#include "scp/wire/dataset_walk.h"
#include "scp/wire/receive_dataset.h"
#include "scp/wire/rejection.h"

namespace bucky::scp {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::uint16_t kPending = 0xFF00, kPendingWithWarning = 0xFF01;  // PS3.4 Table C.4-1

/// The bytes of one answer. Nobody reads it by a path.
class Bytes final : public ScratchFile {
public:
    void write(std::span<const std::uint8_t> bytes) override {
        held_.insert(held_.end(), bytes.begin(), bytes.end());
    }
    void flush() override {}
    const std::filesystem::path& path() const noexcept override { return path_; }
    const std::vector<std::uint8_t>& held() const noexcept { return held_; }

private:
    std::vector<std::uint8_t> held_;
    std::filesystem::path path_;
};

const Context& context_for(const Association& association, std::string_view sop_class,
                           std::string_view service) {
    const auto& contexts = association.contexts();
    const auto found = std::ranges::find(contexts, sop_class, &Context::sop_class);
    if (found != contexts.end() && !found->transfer_syntax.empty()) return *found;
    throw Error(Fault::unsupported,
                "{} takes associations but no {} (study root): {}; permit it there",
                who(association.target()), service,
                found == contexts.end() ? "not proposed" : found->refusal);
}

std::unique_ptr<DcmDataset> dataset_of(const Identifier& keys) {
    auto dataset = std::make_unique<DcmDataset>();
    for (const auto& [number, value] : keys) {
        const DcmTagKey key{static_cast<Uint16>(number >> 16U), static_cast<Uint16>(number)};
        check(dataset->putAndInsertString(DcmTag{key}, value.c_str()), "write a query");
    }
    return dataset;
}

void send(Association& association, const Context& context, T_DIMSE_Message& message,
          const Identifier& keys) {
    const auto dataset = dataset_of(keys);
    check(DIMSE_sendMessageUsingMemoryData(&association.handle(), context.id, &message, nullptr,
                                           dataset.get(), nullptr, nullptr),
          "ask " + who(association.target()));
}

void copy_uid(DIC_UI& to, std::string_view uid) {
    OFStandard::strlcpy(to, std::string{uid}.c_str(), sizeof(DIC_UI));
}

[[noreturn]] void throw_late(const Association& association) {
    throw Error(Fault::unavailable, "{} did not answer in time: its own log may say why",
                who(association.target()));
}

Connection& connection_of(Association& association) {
    auto* found = DUL_getTransportConnection(association.handle().DULassociation);
    if (found == nullptr) {
        throw Error(Fault::unavailable, "{} has closed", who(association.target()));
    }
    return static_cast<Connection&>(*found);
}

/// Reads the next message. Its data set, if it has one, is still to be read.
T_DIMSE_Message next_message(Association& association, T_DIMSE_Command expected,
                             std::chrono::seconds wait, std::string& comment) {
    auto& assoc = association.handle();
    connection_of(association).begin_message();
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    DcmDataset* raw = nullptr;
    const OFCondition received = DIMSE_receiveCommand(
        &assoc, DIMSE_NONBLOCKING, static_cast<int>(wait.count()), &context, &message, &raw);
    const std::unique_ptr<DcmDataset> detail{raw};
    if (received == DIMSE_NODATAAVAILABLE) throw_late(association);
    if (received != EC_Normal) {
        throw Error(Fault::unavailable,  // Orthanc aborts where others answer with a status
                    "{} broke off: {}. Is this node's AE title registered there, with its address "
                    "and the right to query?",
                    who(association.target()), words_of(received));
    }
    if (message.CommandField != expected) {
        throw Error(Fault::unavailable, "{} answered something that was not asked",
                    who(association.target()));
    }
    if (detail) {
        OFString text;
        (void)detail->findAndGetOFStringArray(DCM_ErrorComment, text);
        comment = text.substr(0, limits::kWordsMax);
    }
    return message;
}

/// An archive may send for minutes before it answers.
void await_answer(Association& association, Steady::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
    const auto waited = connection_of(association).wait_readable(std::max(left, 0ms));
    if (waited != Connection::Waited::readable) throw_late(association);
}

/// The data set behind an answer: the values of the tags in `keys`.
Identifier read_answer(Association& association, const Context& context, const Identifier& keys,
                       std::chrono::seconds wait) {
    Bytes bytes;
    IncomingDataset stream(&bytes, limits::kFindAnswerBytesMax);
    T_ASC_PresentationContextID came_in = 0;
    const OFCondition received =
        receive_dataset(association.handle(), static_cast<int>(wait.count()), came_in, stream);
    if (received.bad()) {
        throw Error(Fault::unavailable, "{} broke off an answer: {}", who(association.target()),
                    words_of(received));
    }
    if (stream.failure() || came_in != context.id) {
        throw Error(Fault::unavailable, "{} sent an answer of {} bytes; a match has some hundred",
                    who(association.target()), stream.taken());
    }
    Identifier answer;
    DcmInputBufferStream in;
    in.setBuffer(bytes.held().data(), static_cast<offile_off_t>(bytes.held().size()));
    in.setEos();
    const auto wanted = [&](std::uint32_t tag) {
        return keys.contains(tag) ? &answer[tag] : nullptr;
    };
    (void)DatasetWalk{in, context.transfer_syntax, wanted}.run();
    return answer;
}

/// Ends a query that has more answers than we want. An archive may not know C-CANCEL: then the
/// association ends with its owner.
void cancel(Association& association, const Context& context, DIC_US message_id) {
    (void)DIMSE_sendCancelRequest(&association.handle(), context.id, message_id);
}

Fault fault_of_find(std::uint16_t status) {  // PS3.4 Table C.4-1
    const bool may_pass = (status & 0xFF00U) == 0xA700U || status == 0xFE00U || status == 0x0110U;
    return may_pass ? Fault::unavailable : Fault::unsupported;
}

/// What C-FIND-RQ and C-MOVE-RQ have in common; returns the message ID. Images of today come first.
template <typename Request>
DIC_US fill(Request& request, Association& association, std::string_view sop_class) {
    request.MessageID = association.handle().nextMsgID++;
    copy_uid(request.AffectedSOPClassUID, sop_class);
    request.Priority = DIMSE_PRIORITY_LOW;
    request.DataSetType = DIMSE_DATASET_PRESENT;
    return request.MessageID;
}

}  // namespace

bool find(Association& association, const Identifier& keys, const FindLimits& limits,
          const std::function<void(const Identifier&)>& visit) {
    const auto& context = context_for(association, kFindClass, "C-FIND");
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_C_FIND_RQ;
    auto& request = message.msg.CFindRQ;
    const DIC_US message_id = fill(request, association, kFindClass);
    send(association, context, message, keys);
    const auto deadline = Steady::now() + limits.all;
    for (std::size_t answers = 0;;) {
        if (Steady::now() >= deadline) throw_late(association);
        std::string comment;
        const auto said =
            next_message(association, DIMSE_C_FIND_RSP, limits.wait, comment).msg.CFindRSP;
        if (said.MessageIDBeingRespondedTo != message_id) {
            throw Error(Fault::unavailable, "{} answered another query", who(association.target()));
        }
        if (said.DimseStatus != kPending && said.DimseStatus != kPendingWithWarning) {
            if (said.DimseStatus == 0) return true;
            throw Error(fault_of_find(said.DimseStatus), "{} refuses the query: {:04X}{}{}",
                        who(association.target()), said.DimseStatus, comment.empty() ? "" : ": ",
                        comment);
        }
        if (said.DataSetType == DIMSE_DATASET_NULL) continue;
        const auto answer = read_answer(association, context, keys, limits.wait);
        if (++answers > limits.answers) {
            cancel(association, context, message_id);
            return false;
        }
        visit(answer);
    }
}

MoveOutcome move(Association& association, const Identifier& keys, const AeTitle& destination,
                 std::chrono::seconds at_most) {
    const auto& context = context_for(association, kMoveClass, "C-MOVE");
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_C_MOVE_RQ;
    auto& request = message.msg.CMoveRQ;
    const DIC_US message_id = fill(request, association, kMoveClass);
    OFStandard::strlcpy(request.MoveDestination, destination.str().c_str(), sizeof(DIC_AE));
    send(association, context, message, keys);
    const auto deadline = Steady::now() + at_most;
    const auto wait = association.target().response_timeout;
    while (true) {
        await_answer(association, deadline);
        MoveOutcome outcome;
        const auto said =
            next_message(association, DIMSE_C_MOVE_RSP, wait, outcome.comment).msg.CMoveRSP;
        if (said.MessageIDBeingRespondedTo != message_id) {
            throw Error(Fault::unavailable, "{} answered another request",
                        who(association.target()));
        }
        if (said.DataSetType != DIMSE_DATASET_NULL) {  // the list of what failed: counted below
            IncomingDataset discarded(nullptr, 0);
            T_ASC_PresentationContextID came_in = 0;
            check(receive_dataset(association.handle(), static_cast<int>(wait.count()), came_in,
                                  discarded),
                  "read the answer of " + who(association.target()));
        }
        if (said.DimseStatus == kPending) continue;
        outcome.status = said.DimseStatus;
        const auto number = [&](unsigned flag, DIC_US value) -> unsigned {
            return (said.opts & flag) != 0 ? value : 0U;
        };
        outcome.completed =
            number(O_MOVE_NUMBEROFCOMPLETEDSUBOPERATIONS, said.NumberOfCompletedSubOperations);
        outcome.failed =
            number(O_MOVE_NUMBEROFFAILEDSUBOPERATIONS, said.NumberOfFailedSubOperations);
        outcome.warned =
            number(O_MOVE_NUMBEROFWARNINGSUBOPERATIONS, said.NumberOfWarningSubOperations);
        return outcome;
    }
}

std::string words_for_move_status(std::uint16_t status) {
    std::string_view words = "a status of the archive's own";
    if (status == 0) {
        words = "success";
    } else if (status == 0xA701) {
        words = "out of resources: it cannot count the images; try again later";
    } else if (status == 0xA702) {
        words = "out of resources: it cannot send; does it reach this node's host and port?";
    } else if (status == 0xA801) {
        words = "move destination unknown: register this node's AE title, host and port there";
    } else if (status == 0xB000) {
        words = "some images could not be sent";
    } else if (status == 0xFE00) {
        words = "cancelled";
    } else if ((status & 0xFF00U) == 0xA900U) {
        words = "the request does not match the SOP class";
    } else if ((status & 0xF000U) == 0xC000U) {
        words = "unable to process; its own log may say why";
    }
    return fmt::format("{:04X} ({})", status, words);
}

}  // namespace bucky::scp
