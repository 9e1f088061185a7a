// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/echo.h"

#include "scp/wire/association.h"
#include "scp/wire/contexts.h"

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;

double ms_since(Steady::time_point start) {
    return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

}  // namespace

EchoReply echo(const Target& target, const AeTitle& calling) {
    const Offer offer{std::string{kVerificationClass},
                      {std::string{kImplicitLittleEndian}, std::string{kExplicitLittleEndian}}};
    EchoReply reply;
    const auto began = Steady::now();
    Association association(target, calling, {&offer, 1});
    reply.connect_ms = ms_since(began);
    const auto asked = Steady::now();
    reply.status = association.echo().status;
    reply.round_trip_ms = ms_since(asked);
    reply.max_pdu_bytes = association.max_pdu_bytes();
    reply.implementation_class = association.implementation_class();
    reply.implementation_version = association.implementation_version();
    reply.transfer_syntax = association.contexts().front().transfer_syntax;
    reply.security = association.security();
    association.release();
    return reply;
}

}  // namespace bucky::scp
