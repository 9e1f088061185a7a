// SPDX-License-Identifier: Apache-2.0
// Writes a phantom as a DICOM file (CR, or DX for presentation) as different modalities do: with
// any common transfer syntax, bit depth, photometric interpretation and window.
//
// The same phantom and options give the same bytes. UIDs come from the seed unless given, so a
// phantom sent twice is the same instance. Threads: any; codecs are registered once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/phantom/draw.h"

namespace bucky::phantom {

enum class ImageClass { cr, dx };

enum class TransferSyntax {
    implicit_little,
    explicit_little,
    explicit_big,
    deflated,
    rle,
    jpeg_baseline,        // 8 bits, lossy
    jpeg_extended,        // 8 or 12 bits, lossy
    jpeg_lossless,        // process 14
    jpeg_lossless_first,  // process 14, selection value 1
    jpeg_ls_lossless,
    jpeg_ls_near,  // lossy by at most 2 grey levels
    jpeg_2000_lossless,
    jpeg_2000,  // lossy
    htj2k_lossless,
    htj2k_rpcl_lossless,
    htj2k,  // lossy
};

struct TransferSyntaxName {
    TransferSyntax syntax;
    std::string_view name;  // as on the command line
    std::string_view uid;
    int most_bits;  // largest Bits Stored of the encoding; jpeg_extended: exactly 8 or 12
    bool lossy;
};

/// Every transfer syntax that write_dicom() can write.
const std::vector<TransferSyntaxName>& transfer_syntaxes();

/// The row of a syntax.
const TransferSyntaxName& describe(TransferSyntax syntax);

struct Window {
    double centre = 0;
    double width = 1;
};

struct DicomOptions {
    ImageClass image_class = ImageClass::dx;
    TransferSyntax syntax = TransferSyntax::explicit_little;
    int bits_stored = 12;  // 8 .. 16
    bool monochrome1 = false;
    bool with_window = true;       // a window in the header; the full range unless given
    std::optional<Window> window;  // in units after the rescale
    double rescale_slope = 1;      // DX for presentation allows only 1
    double rescale_intercept = 0;  // and only 0

    std::string study_uid;  // empty: derived from the seed
    std::string series_uid;
    std::string sop_instance_uid;
    int instance_number = 1;

    std::string patient_name;          // UTF-8; empty: "Phantom^Seed <seed>"
    std::string patient_id;            // empty: "PHANTOM-<seed>"
    std::string patient_age = "045Y";  // empty: none
    // PA, AP, LL; empty: none. Only the header changes: "LL" is a frontal picture that claims to be
    // a lateral, which the node must refuse.
    std::string view_position = "PA";
    std::string body_part = "CHEST";  // empty: none
    std::string accession_number;
    std::string study_date = "20260102", study_time = "101500";
    std::string station_name;  // empty: none
};

struct Written {
    std::string study_uid;
    std::string series_uid;
    std::string sop_instance_uid;
};

/// The UIDs that write_dicom() gives to such a file.
Written identify(const Phantom& phantom, const DicomOptions& options);

/// Writes one file.
///   in   phantom: display values 0..1; options: see above
///   out  a DICOM Part 10 file; its UIDs
///   err  bad_input when the bits do not fit the transfer syntax or the class forbids the rescale;
///        unavailable when the file cannot be written
///   src  PS3.3 A.2 (CR), A.26 (DX); C.7.6.3, C.8.11.3 (DX Image)
Written write_dicom(const Phantom& phantom, const DicomOptions& options,
                    const std::filesystem::path& path);

/// Writes an 8-bit grey PGM for viewing; `outlines` draws the lesions' outlines in white.
void write_pgm(const Phantom& phantom, const std::filesystem::path& path, bool outlines = false);

}  // namespace bucky::phantom
