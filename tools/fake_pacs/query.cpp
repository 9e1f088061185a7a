// SPDX-License-Identifier: Apache-2.0
#include "tools/fake_pacs/query.h"

#include <memory>
#include <string>

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

namespace fake {
namespace {

constexpr int kForEverS = 3600;
constexpr std::size_t kHugeBytes = 1U << 20U;

std::unique_ptr<DcmDataset> receive_query(T_ASC_Association* assoc) {
    T_ASC_PresentationContextID context = 0;
    DcmDataset* raw = nullptr;
    const OFCondition got =
        DIMSE_receiveDataSetInMemory(assoc, DIMSE_BLOCKING, 0, &context, &raw, nullptr, nullptr);
    std::unique_ptr<DcmDataset> query{raw};
    return got.good() ? std::move(query) : nullptr;
}

std::unique_ptr<DcmDataset> match(DcmDataset& query, unsigned number, const Behaviour& behave) {
    auto made = std::make_unique<DcmDataset>(query);
    const auto set = [&](const DcmTagKey& tag, const std::string& value) {
        (void)made->putAndInsertString(DcmTag{tag}, value.c_str());
    };
    OFString day, modality;
    (void)query.findAndGetOFString(DCM_StudyDate, day);
    (void)query.findAndGetOFString(DCM_ModalitiesInStudy, modality);
    set(DCM_StudyDate, behave.find_wrong ? "19990101" : day.substr(0, 8).c_str());
    set(DCM_ModalitiesInStudy, behave.find_wrong ? "MR" : modality.c_str());
    set(DCM_StudyInstanceUID,
        fmt::format("1.2.826.0.1.3680043.9.7{}.{}", modality.length(), number));
    if (behave.find_huge) set(DCM_StudyDescription, std::string(kHugeBytes, 'x'));
    return made;
}

}  // namespace

bool answer_find(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
                 const T_DIMSE_C_FindRQ& request, const Behaviour& behave) {
    const auto query = receive_query(assoc);
    if (!query) return false;
    if (behave.find_never) {
        (void)ASC_dataWaiting(assoc, kForEverS);
        return false;
    }
    T_DIMSE_C_FindRSP response{};
    response.DimseStatus = STATUS_FIND_Pending_MatchesAreContinuing;
    response.DataSetType = DIMSE_DATASET_PRESENT;
    for (unsigned number = 1; number <= behave.find; ++number) {
        const auto one = match(*query, number, behave);
        if (DIMSE_sendFindResponse(assoc, context, &request, &response, one.get(), nullptr).bad()) {
            return false;
        }
    }
    response.DimseStatus = static_cast<DIC_US>(behave.find_status);
    response.DataSetType = DIMSE_DATASET_NULL;
    return DIMSE_sendFindResponse(assoc, context, &request, &response, nullptr, nullptr).good();
}

bool answer_move(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
                 const T_DIMSE_C_MoveRQ& request, const Behaviour& behave) {
    if (!receive_query(assoc)) return false;
    T_DIMSE_C_MoveRSP response{};
    response.DimseStatus = static_cast<DIC_US>(behave.move_status);
    response.DataSetType = DIMSE_DATASET_NULL;
    return DIMSE_sendMoveResponse(assoc, context, &request, &response, nullptr, nullptr).good();
}

}  // namespace fake
