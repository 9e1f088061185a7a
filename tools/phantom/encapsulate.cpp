// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/encapsulate.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <memory>
#include <string>

#include "conf/base/error.h"

namespace bucky::phantom {
namespace {

E_TransferSyntax known_syntax(std::string_view uid) {
    return DcmXfer(std::string(uid).c_str()).getXfer();
}

/// Saves the file under a UID that DCMTK does not know.
OFCondition save_unknown(DcmFileFormat& file, std::string_view uid,
                         const std::filesystem::path& path) {
    const E_TransferSyntax syntax = dcmtk_syntax(uid);
    OFCondition saved = file.validateMetaInfo(syntax);
    DcmMetaInfo& meta = *file.getMetaInfo();
    if (saved.good()) {
        saved = meta.putAndInsertString(DCM_TransferSyntaxUID, std::string(uid).c_str());
    }
    if (saved.good()) {
        saved = meta.computeGroupLengthAndPadding(
            EGL_recalcGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength);
    }
    if (saved.bad()) return saved;
    return file.saveFile(path.c_str(), syntax, EET_UndefinedLength, EGL_recalcGL, EPD_noChange, 0,
                         0, EWM_dontUpdateMeta);
}

}  // namespace

E_TransferSyntax dcmtk_syntax(std::string_view uid) {
    const E_TransferSyntax known = known_syntax(uid);
    return known == EXS_Unknown ? EXS_JPEG2000LosslessOnly : known;
}

void put_compressed_frame(DcmItem& dataset, std::string_view transfer_syntax,
                          const std::vector<std::uint8_t>& frame) {
    auto sequence = std::make_unique<DcmPixelSequence>(DCM_PixelSequenceTag);
    sequence->insert(new DcmPixelItem(DCM_PixelItemTag));
    DcmOffsetList offsets;
    auto bytes = frame;  // DCMTK's parameter is not const
    if (sequence->storeCompressedFrame(offsets, bytes.data(), static_cast<Uint32>(bytes.size()), 0)
            .bad()) {
        throw Error(Fault::bug, "a compressed frame of {} bytes was not taken", frame.size());
    }
    const E_TransferSyntax syntax = dcmtk_syntax(transfer_syntax);
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    pixels->putOriginalRepresentation(syntax, nullptr, sequence.release());
    if (dataset.insert(pixels.get(), OFTrue).bad()) {
        throw Error(Fault::bug, "pixel data were not taken");
    }
    (void)pixels.release();
}

void save(DcmFileFormat& file, std::string_view transfer_syntax,
          const std::filesystem::path& path) {
    const E_TransferSyntax known = known_syntax(transfer_syntax);
    const OFCondition saved = known == EXS_Unknown ? save_unknown(file, transfer_syntax, path)
                                                   : file.saveFile(path.c_str(), known);
    if (saved.bad()) {
        throw Error(Fault::unavailable, "cannot write {}: {}", path.string(), saved.text());
    }
}

}  // namespace bucky::phantom
