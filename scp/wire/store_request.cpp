// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/store_request.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <vector>

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <dcmtk/dcmnet/dul.h>

#include "conf/base/error.h"
#include "scp/wire/check.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kCommandBytesMax = 1024;

/// The command set, implicit VR little endian (PS3.7 6.3.1, 9.3.1.1).
std::vector<char> command_set(DIC_US message_id, const Part10Header& header) {
    DcmDataset command;
    const auto put = [](const OFCondition& made) { check(made, "make a C-STORE-RQ"); };
    put(command.putAndInsertUint32(DCM_CommandGroupLength, 0));
    put(command.putAndInsertString(DCM_AffectedSOPClassUID, header.sop_class.c_str()));
    put(command.putAndInsertUint16(DCM_CommandField, DIMSE_C_STORE_RQ));
    put(command.putAndInsertUint16(DCM_MessageID, message_id));
    put(command.putAndInsertUint16(DCM_Priority, DIMSE_PRIORITY_MEDIUM));
    put(command.putAndInsertUint16(DCM_CommandDataSetType, DIMSE_DATASET_PRESENT));
    put(command.putAndInsertString(DCM_AffectedSOPInstanceUID, header.sop_instance.c_str()));

    std::vector<char> bytes(kCommandBytesMax);
    DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    DcmWriteCache cache;
    command.transferInit();
    put(command.write(stream, EXS_LittleEndianImplicit, EET_ExplicitLength, &cache, EGL_withGL,
                      EPD_withoutPadding));
    command.transferEnd();
    bytes.resize(static_cast<std::size_t>(stream.tell()));
    return bytes;
}

void send_pdv(T_ASC_Association& assoc, T_ASC_PresentationContextID context, DUL_DATAPDV type,
              std::span<char> bytes, bool last) {
    DUL_PDV pdv{};
    pdv.fragmentLength = bytes.size();
    pdv.presentationContextID = context;
    pdv.pdvType = type;
    pdv.lastPDV = last;
    pdv.data = bytes.data();
    DUL_PDVLIST list{};
    list.count = 1;
    list.pdv = &pdv;
    check(DUL_WritePDVs(&assoc.DULassociation, &list), "send");
}

}  // namespace

void send_store_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                        DIC_US message_id, const Part10Header& header,
                        const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(header.dataset_at));
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());

    auto command = command_set(message_id, header);
    send_pdv(assoc, context, DUL_COMMANDPDV, command, true);

    std::vector<char> fragment(assoc.sendPDVLength);
    std::uint64_t left = header.file_bytes - header.dataset_at;
    while (left > 0) {
        const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left, fragment.size()));
        if (!in.read(fragment.data(), static_cast<std::streamsize>(bytes))) {
            throw Error(Fault::unavailable, "cannot read {} to its end", file.string());
        }
        left -= bytes;
        send_pdv(assoc, context, DUL_DATASETPDV, std::span{fragment}.first(bytes), left == 0);
    }
}

}  // namespace bucky::scp
