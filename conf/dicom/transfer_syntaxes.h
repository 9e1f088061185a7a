// SPDX-License-Identifier: Apache-2.0
// The transfer syntaxes that Bucky knows: UID, name, and what holds the pixels. One row each:
// negotiation (scp/wire/contexts), the decoder (inference/pixels), the senders (scp/deliver) and
// the phantoms read this table. A syntax without a row is not accepted, decoded or sent.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace bucky {

/// What decodes the pixels. JPEG-LS shares its markers with JPEG, and its way through the decoder;
/// HTJ2K shares both with JPEG 2000.
enum class PixelCoding { native, rle, jpeg, jpeg_2000 };

struct TransferSyntax {
    std::string_view uid;
    std::string_view name;  ///< PS3.6 Table A-1
    PixelCoding coding;
    bool lossy = false;  ///< the syntax loses, or may lose, detail

    /// The pixels are not compressed: the data set can be rewritten in another native syntax.
    constexpr bool is_native() const { return coding == PixelCoding::native; }
};

namespace transfer_syntax {
inline constexpr std::string_view kImplicitLittleEndian = "1.2.840.10008.1.2";
inline constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";
inline constexpr std::string_view kDeflatedLittleEndian = "1.2.840.10008.1.2.1.99";
inline constexpr std::string_view kExplicitBigEndian = "1.2.840.10008.1.2.2";
inline constexpr std::string_view kJpegBaseline = "1.2.840.10008.1.2.4.50";
inline constexpr std::string_view kJpegExtended = "1.2.840.10008.1.2.4.51";
inline constexpr std::string_view kJpegLossless = "1.2.840.10008.1.2.4.57";
inline constexpr std::string_view kJpegLosslessSv1 = "1.2.840.10008.1.2.4.70";
inline constexpr std::string_view kJpegLsLossless = "1.2.840.10008.1.2.4.80";
inline constexpr std::string_view kJpegLsNearLossless = "1.2.840.10008.1.2.4.81";
inline constexpr std::string_view kJpeg2000Lossless = "1.2.840.10008.1.2.4.90";
inline constexpr std::string_view kJpeg2000 = "1.2.840.10008.1.2.4.91";
inline constexpr std::string_view kHtj2kLossless = "1.2.840.10008.1.2.4.201";
inline constexpr std::string_view kHtj2kRpclLossless = "1.2.840.10008.1.2.4.202";
inline constexpr std::string_view kHtj2k = "1.2.840.10008.1.2.4.203";
inline constexpr std::string_view kRle = "1.2.840.10008.1.2.5";
}  // namespace transfer_syntax

// Video (MPEG) is missing on purpose: a video is no radiograph, and its stream may exceed
// scp.max_instance_mb. DCMTK 3.6.7 does not know HTJ2K: scp/wire/true_syntaxes.h.
inline constexpr std::array kTransferSyntaxes{
    TransferSyntax{transfer_syntax::kImplicitLittleEndian, "Implicit VR Little Endian",
                   PixelCoding::native},
    TransferSyntax{transfer_syntax::kExplicitLittleEndian, "Explicit VR Little Endian",
                   PixelCoding::native},
    TransferSyntax{transfer_syntax::kDeflatedLittleEndian, "Deflated Explicit VR Little Endian",
                   PixelCoding::native},
    TransferSyntax{transfer_syntax::kExplicitBigEndian, "Explicit VR Big Endian (retired)",
                   PixelCoding::native},
    TransferSyntax{transfer_syntax::kJpegBaseline, "JPEG Baseline (Process 1)", PixelCoding::jpeg,
                   true},
    TransferSyntax{transfer_syntax::kJpegExtended, "JPEG Extended (Process 2 and 4)",
                   PixelCoding::jpeg, true},
    TransferSyntax{transfer_syntax::kJpegLossless, "JPEG Lossless (Process 14)", PixelCoding::jpeg},
    TransferSyntax{transfer_syntax::kJpegLosslessSv1,
                   "JPEG Lossless (Process 14, Selection Value 1)", PixelCoding::jpeg},
    TransferSyntax{transfer_syntax::kJpegLsLossless, "JPEG-LS Lossless", PixelCoding::jpeg},
    TransferSyntax{transfer_syntax::kJpegLsNearLossless, "JPEG-LS Near-Lossless", PixelCoding::jpeg,
                   true},
    TransferSyntax{transfer_syntax::kJpeg2000Lossless, "JPEG 2000 (Lossless Only)",
                   PixelCoding::jpeg_2000},
    TransferSyntax{transfer_syntax::kJpeg2000, "JPEG 2000", PixelCoding::jpeg_2000, true},
    TransferSyntax{transfer_syntax::kHtj2kLossless, "High-Throughput JPEG 2000 (Lossless Only)",
                   PixelCoding::jpeg_2000},
    TransferSyntax{transfer_syntax::kHtj2kRpclLossless,
                   "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)",
                   PixelCoding::jpeg_2000},
    TransferSyntax{transfer_syntax::kHtj2k, "High-Throughput JPEG 2000", PixelCoding::jpeg_2000,
                   true},
    TransferSyntax{transfer_syntax::kRle, "RLE Lossless", PixelCoding::rle},
};

/// The row of this UID, or nullptr when there is none.
constexpr const TransferSyntax* find_transfer_syntax(std::string_view uid) {
    const auto found = std::ranges::find(kTransferSyntaxes, uid, &TransferSyntax::uid);
    return found == kTransferSyntaxes.end() ? nullptr : &*found;
}

}  // namespace bucky
