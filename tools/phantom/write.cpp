// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/write.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>

#include "conf/base/error.h"
#include "conf/base/ids.h"
#include "conf/dicom/transfer_syntaxes.h"
#include "tools/phantom/encapsulate.h"
#include "tools/phantom/header.h"
#include "tools/phantom/htj2k.h"
#include "tools/phantom/jpeg2000.h"
#include "tools/phantom/pixels.h"

namespace bucky::phantom {
namespace {

constexpr int kJpegQuality = 95;
constexpr Uint16 kNearDeviation = 2;
constexpr double kJpeg2000QualityDb = 50;

void register_codecs() {
    static std::once_flag once;
    std::call_once(once, [] {
        DcmRLEEncoderRegistration::registerCodecs();
        DcmRLEDecoderRegistration::registerCodecs();
        // pUsePixelValues = OFFalse: otherwise lossy JPEG stretches the grey values to the full
        // range, and the window of the header would show another picture.
        DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_default, OFFalse, 0, 0, 0, OFTrue,
                                              ESS_444, OFTrue, OFFalse, 0, 0, 0, 0, 0, 0, 0, 0,
                                              OFFalse);
        DJDecoderRegistration::registerCodecs();
        DJLSEncoderRegistration::registerCodecs();
        DJLSDecoderRegistration::registerCodecs();
    });
}

E_TransferSyntax dcmtk_syntax(TransferSyntax syntax) {
    switch (syntax) {
        case TransferSyntax::implicit_little: return EXS_LittleEndianImplicit;
        case TransferSyntax::explicit_little: return EXS_LittleEndianExplicit;
        case TransferSyntax::explicit_big: return EXS_BigEndianExplicit;
        case TransferSyntax::deflated: return EXS_DeflatedLittleEndianExplicit;
        case TransferSyntax::rle: return EXS_RLELossless;
        case TransferSyntax::jpeg_baseline: return EXS_JPEGProcess1;
        case TransferSyntax::jpeg_extended: return EXS_JPEGProcess2_4;
        case TransferSyntax::jpeg_lossless: return EXS_JPEGProcess14;
        case TransferSyntax::jpeg_lossless_first: return EXS_JPEGProcess14SV1;
        case TransferSyntax::jpeg_ls_lossless: return EXS_JPEGLSLossless;
        case TransferSyntax::jpeg_ls_near: return EXS_JPEGLSLossy;
        case TransferSyntax::jpeg_2000_lossless: return EXS_JPEG2000LosslessOnly;
        case TransferSyntax::jpeg_2000: return EXS_JPEG2000;
        case TransferSyntax::htj2k_lossless:
        case TransferSyntax::htj2k_rpcl_lossless:
        case TransferSyntax::htj2k: return EXS_Unknown;  // DCMTK 3.6.7 does not know them
    }
    __builtin_unreachable();
}

std::unique_ptr<DcmRepresentationParameter> parameter_of(TransferSyntax syntax) {
    switch (syntax) {
        case TransferSyntax::rle: return std::make_unique<DcmRLERepresentationParameter>();
        case TransferSyntax::jpeg_baseline:
        case TransferSyntax::jpeg_extended: return std::make_unique<DJ_RPLossy>(kJpegQuality);
        case TransferSyntax::jpeg_lossless:
        case TransferSyntax::jpeg_lossless_first: return std::make_unique<DJ_RPLossless>();
        case TransferSyntax::jpeg_ls_lossless:
            return std::make_unique<DJLSRepresentationParameter>();
        case TransferSyntax::jpeg_ls_near:
            return std::make_unique<DJLSRepresentationParameter>(kNearDeviation, OFFalse);
        case TransferSyntax::implicit_little:
        case TransferSyntax::explicit_little:
        case TransferSyntax::explicit_big:
        case TransferSyntax::deflated:
        case TransferSyntax::jpeg_2000_lossless:
        case TransferSyntax::jpeg_2000:
        case TransferSyntax::htj2k_lossless:
        case TransferSyntax::htj2k_rpcl_lossless:
        case TransferSyntax::htj2k: return nullptr;
    }
    __builtin_unreachable();
}

void refuse_impossible(const DicomOptions& options) {
    const TransferSyntaxName& syntax = describe(options.syntax);
    if (options.bits_stored < 8 || options.bits_stored > 16) {
        throw Error(Fault::bad_input, "bits stored are 8 to 16, not {}", options.bits_stored);
    }
    if (options.bits_stored > syntax.most_bits) {
        throw Error(Fault::bad_input, "{} holds at most {} bits, not {}", syntax.name,
                    syntax.most_bits, options.bits_stored);
    }
    if (options.syntax == TransferSyntax::jpeg_extended && options.bits_stored != 8 &&
        options.bits_stored != 12) {
        throw Error(Fault::bad_input, "jpeg-extended holds 8 or 12 bits, not {}",
                    options.bits_stored);
    }
    const bool rescaled = options.rescale_slope != 1 || options.rescale_intercept != 0;
    if (rescaled && options.image_class == ImageClass::dx) {
        throw Error(Fault::bad_input, "DX for presentation has rescale slope 1 and intercept 0");
    }
}

/// DCMTK has no codec for it, but stores the given offset table and fragment.
bool is_jpeg_2000(const TransferSyntaxName& syntax) {
    return find_transfer_syntax(syntax.uid)->coding == PixelCoding::jpeg_2000;
}

std::vector<std::uint8_t> codestream_of(TransferSyntax syntax, const Jpeg2000Picture& picture) {
    switch (syntax) {
        case TransferSyntax::htj2k_lossless:
        case TransferSyntax::htj2k: return encode_htj2k(picture, "CPRL");
        case TransferSyntax::htj2k_rpcl_lossless: return encode_htj2k(picture, "RPCL");
        default: return encode_jpeg2000(picture);
    }
}

void put_jpeg2000(const Phantom& phantom, const DicomOptions& options,
                  const std::vector<std::uint16_t>& stored, DcmDataset& dataset) {
    const bool lossy = describe(options.syntax).lossy;
    Jpeg2000Picture picture;
    picture.rows = static_cast<std::uint32_t>(phantom.recipe.rows);
    picture.columns = static_cast<std::uint32_t>(phantom.recipe.columns);
    picture.bits = static_cast<unsigned>(options.bits_stored);
    picture.values = stored;
    picture.quality_db = lossy ? kJpeg2000QualityDb : 0;
    put_compressed_frame(dataset, describe(options.syntax).uid,
                         codestream_of(options.syntax, picture));
}

void put_pixels(const Phantom& phantom, const DicomOptions& options, DcmDataset& dataset) {
    const std::vector<std::uint16_t> stored = stored_values(phantom, options);
    OFCondition put;
    if (is_jpeg_2000(describe(options.syntax))) {
        put_jpeg2000(phantom, options, stored, dataset);
    } else if (options.bits_stored > 8) {
        put = dataset.putAndInsertUint16Array(DCM_PixelData, stored.data(), stored.size());
    } else {
        std::vector<Uint8> bytes(stored.begin(), stored.end());
        if (bytes.size() % 2 != 0) bytes.push_back(0);
        put = dataset.putAndInsertUint8Array(DCM_PixelData, bytes.data(), bytes.size());
    }
    if (put.bad()) throw Error(Fault::bug, "phantom pixel data: {}", put.text());
}

/// DCMTK's encoders set a new UID and name the uncompressed image as the source. That image was
/// never stored, so the lossy file keeps its UID and refers to no other.
void say_lossy(const Written& ids, DcmDataset& dataset) {
    dataset.putAndInsertString(DCM_LossyImageCompression, "01");
    dataset.findAndDeleteElement(DCM_SourceImageSequence);
    dataset.putAndInsertString(DCM_SOPInstanceUID, ids.sop_instance_uid.c_str());
}

void encode(TransferSyntax syntax, DcmDataset& dataset) {
    const auto parameter = parameter_of(syntax);
    const OFCondition chosen = dataset.chooseRepresentation(dcmtk_syntax(syntax), parameter.get());
    if (chosen.bad() || !dataset.canWriteXfer(dcmtk_syntax(syntax))) {
        throw Error(Fault::unsupported, "phantom as {}: {}", describe(syntax).name, chosen.text());
    }
}

}  // namespace

const std::vector<TransferSyntaxName>& transfer_syntaxes() {
    using enum TransferSyntax;
    namespace uids = bucky::transfer_syntax;
    const auto named = [](TransferSyntax syntax, std::string_view name, std::string_view uid,
                          int most_bits) {
        return TransferSyntaxName{.syntax = syntax,
                                  .name = name,
                                  .uid = uid,
                                  .most_bits = most_bits,
                                  .lossy = find_transfer_syntax(uid)->lossy};
    };
    static const std::vector<TransferSyntaxName> kNames{
        named(implicit_little, "implicit-little", uids::kImplicitLittleEndian, 16),
        named(explicit_little, "explicit-little", uids::kExplicitLittleEndian, 16),
        named(explicit_big, "explicit-big", uids::kExplicitBigEndian, 16),
        named(deflated, "deflated", uids::kDeflatedLittleEndian, 16),
        named(rle, "rle", uids::kRle, 16),
        named(jpeg_baseline, "jpeg-baseline", uids::kJpegBaseline, 8),
        named(jpeg_extended, "jpeg-extended", uids::kJpegExtended, 12),
        named(jpeg_lossless, "jpeg-lossless", uids::kJpegLossless, 16),
        named(jpeg_lossless_first, "jpeg-lossless-sv1", uids::kJpegLosslessSv1, 16),
        named(jpeg_ls_lossless, "jpeg-ls", uids::kJpegLsLossless, 16),
        named(jpeg_ls_near, "jpeg-ls-near", uids::kJpegLsNearLossless, 16),
        named(jpeg_2000_lossless, "jpeg-2000-lossless", uids::kJpeg2000Lossless, 16),
        named(jpeg_2000, "jpeg-2000", uids::kJpeg2000, 16),
        named(htj2k_lossless, "htj2k-lossless", uids::kHtj2kLossless, 16),
        named(htj2k_rpcl_lossless, "htj2k-rpcl-lossless", uids::kHtj2kRpclLossless, 16),
        named(htj2k, "htj2k", uids::kHtj2k, 16),
    };
    return kNames;
}

const TransferSyntaxName& describe(TransferSyntax syntax) {
    const auto& names = transfer_syntaxes();
    return *std::find_if(names.begin(), names.end(),
                         [&](const TransferSyntaxName& row) { return row.syntax == syntax; });
}

Written write_dicom(const Phantom& phantom, const DicomOptions& options,
                    const std::filesystem::path& path) {
    refuse_impossible(options);
    register_codecs();
    const Written ids = identify(phantom, options);

    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    write_header(phantom, options, dataset);
    put_pixels(phantom, options, dataset);

    if (!is_jpeg_2000(describe(options.syntax))) encode(options.syntax, dataset);
    if (describe(options.syntax).lossy) say_lossy(ids, dataset);
    save(file, describe(options.syntax).uid, path);
    return ids;
}

}  // namespace bucky::phantom
