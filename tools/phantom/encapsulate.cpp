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
    const E_TransferSyntax syntax = DcmXfer(std::string(transfer_syntax).c_str()).getXfer();
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    pixels->putOriginalRepresentation(syntax, nullptr, sequence.release());
    if (dataset.insert(pixels.get(), OFTrue).bad()) {
        throw Error(Fault::bug, "pixel data were not taken");
    }
    (void)pixels.release();
}

}  // namespace bucky::phantom
