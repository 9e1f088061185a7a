// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <catch2/catch.hpp>

#include "scp/wire/contexts.h"
#include "scp/wire/status.h"

using namespace bucky;
using namespace bucky::scp;

TEST_CASE("each storage class of the table is a storage class of the standard, once", "[scp]") {
    std::set<std::string_view> seen;
    for (const auto& row : storage_classes()) {
        INFO(row.uid);
        CHECK(seen.insert(row.uid).second);
        CHECK(find_storage_class(row.uid) == &row);
        // DCMTK's own table checks our UIDs independently.
        CHECK(dcmIsaStorageSOPClassUID(std::string{row.uid}.c_str(), ESSC_All));
        CHECK(dcmIsImageStorageSOPClassUID(std::string{row.uid}.c_str()));
    }
}

TEST_CASE(
    "chest radiographs and classes that may contain them are analysed, other images only kept",
    "[scp]") {
    CHECK(find_storage_class(UID_ComputedRadiographyImageStorage)->analysed);
    CHECK(find_storage_class(UID_DigitalXRayImageStorageForPresentation)->analysed);
    CHECK(find_storage_class(UID_SecondaryCaptureImageStorage)->analysed);
    CHECK_FALSE(find_storage_class(UID_DigitalXRayImageStorageForProcessing)->analysed);
    CHECK_FALSE(find_storage_class(UID_CTImageStorage)->analysed);
}

TEST_CASE("documents, presentation states, segmentations and raw data are not accepted", "[scp]") {
    for (const auto* uid :
         {UID_Comprehensive3DSRStorage, UID_KeyObjectSelectionDocumentStorage,
          UID_GrayscaleSoftcopyPresentationStateStorage, UID_SegmentationStorage,
          UID_EncapsulatedPDFStorage, UID_RawDataStorage, UID_VerificationSOPClass}) {
        INFO(uid);
        CHECK(find_storage_class(uid) == nullptr);
    }
}

TEST_CASE("each transfer syntax of the table is there once, and as DCMTK knows it", "[scp]") {
    std::set<std::string_view> seen, unknown;
    for (const auto& row : transfer_syntaxes()) {
        INFO(row.uid);
        CHECK(seen.insert(row.uid).second);
        const DcmXfer known(std::string{row.uid}.c_str());
        if (known.getXfer() == EXS_Unknown) {
            unknown.insert(row.uid);
        } else {
            CHECK(known.isEncapsulated() != row.is_native());
        }
    }
    // scp/wire/true_syntaxes.h is for these.
    using namespace transfer_syntax;
    CHECK(unknown == std::set<std::string_view>{kHtj2kLossless, kHtj2kRpclLossless, kHtj2k});
    CHECK(find_transfer_syntax(UID_MPEG2MainProfileAtMainLevelTransferSyntax) == nullptr);
}

TEST_CASE("a fault becomes the DIMSE status that tells the sender what to do", "[scp]") {
    CHECK(dimse_status(Fault::bad_input) == 0xC000);
    CHECK(dimse_status(Fault::unsupported) == 0x0122);
    CHECK(dimse_status(Fault::unavailable) == 0xA700);
    CHECK(dimse_status(Fault::exhausted) == 0xA700);
    CHECK(dimse_status(Fault::corrupt) == 0xA900);
    CHECK(dimse_status(Fault::bug) == 0x0110);
}

TEST_CASE("every status a peer may answer has a meaning: delivered, later, or refused", "[scp]") {
    for (const auto delivered : std::initializer_list<std::uint16_t>{
             0x0000, 0xB000, 0xB006, 0xB007, 0xB123, 0x0001, 0x0107, 0x0116}) {
        INFO(delivered);
        CHECK(meaning_of_store_status(delivered) == SendVerdict::delivered);
    }
    CHECK(meaning_of_store_status(0x0111) == SendVerdict::already_there);
    CHECK(meaning_of_store_status(0x0122) == SendVerdict::class_not_accepted);
    for (const auto later : std::initializer_list<std::uint16_t>{0xA700, 0xA7FF, 0x0110, 0x0213}) {
        INFO(later);
        CHECK(meaning_of_store_status(later) == SendVerdict::try_later);
    }
    for (const auto refused :
         std::initializer_list<std::uint16_t>{0xA900, 0xA901, 0xA800, 0xC000, 0xC123, 0x0124,
                                              0x0117, 0x0211, 0xFE00, 0xFF00, 0xD000, 0x5555}) {
        INFO(refused);
        CHECK(meaning_of_store_status(refused) == SendVerdict::refused);
    }
    for (unsigned status = 0; status <= 0xFFFF; ++status) {  // every status has a row
        (void)meaning_of_store_status(static_cast<std::uint16_t>(status));
    }
    CHECK(words_for_store_status(0xA700) == "A700 (refused: out of resources)");
}
