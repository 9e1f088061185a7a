// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/words.h"

namespace bucky::dicom_sr {
namespace {

constexpr CodeWord kReasons[] = {
    {"OWN_RESULT", "이 소프트웨어의 결과이며 영상이 아님"},
    {"DEMONSTRATION", "컴퓨터로 만든 영상만 받는 시연용 모델"},
    {"EQUIPMENT", "모델이 받지 않는 장비의 영상"},
    {"SOP_CLASS", "모델이 받지 않는 SOP 클래스"},
    {"FOR_PROCESSING", "표시용이 아닌 처리용 영상"},
    {"MODALITY", "모델이 받지 않는 장비 종류"},
    {"SPECIES", "사람이 아닌 대상"},
    {"SECONDARY", "다른 영상으로 만든 그림"},
    {"BURNED_IN", "픽셀에 주석이 새겨진 영상"},
    {"BODY_PART", "모델이 받지 않는 촬영 부위"},
    {"VIEW", "모델이 받지 않는 촬영 방향"},
    {"NO_ORIENTATION", "환자 방향 정보 없음"},
    {"MIRRORED", "헤더에 따르면 좌우가 뒤집힌 영상"},
    {"ROTATED", "헤더에 따르면 회전된 영상"},
    {"NOT_FRONTAL", "헤더에 따르면 정면 영상이 아님"},
    {"AGE", "모델이 받지 않는 나이"},
    {"AGE_CONFLICT", "나이와 생년월일이 서로 맞지 않음"},
    {"NO_PIXELS", "픽셀 데이터 없음"},
    {"TOO_SMALL", "모델에 필요한 크기보다 작은 영상"},
    {"TOO_LARGE", "디코딩할 수 있는 크기보다 큰 영상"},
    {"NOT_DECODABLE", "디코딩할 수 없는 영상"},
    {"NO_END_MARKER", "압축 영상에 종료 표시가 없음"},
    {"DECODER_DIED", "이 영상에서 디코딩 프로그램이 중단됨"},
    {"COLOUR", "흑백이 아닌 영상"},
    {"SYNTAX", "디코딩하지 않는 전송 구문"},
    {"NO_CONTRAST", "분석할 수 있는 대조도가 없는 영상임"},
    {"VIEW_REPLACED", "영상 헤더의 기본 윈도우를 사용하지 않음"},
    {"BITS_CORRECTED", "저장된 값이 영상 헤더와 모순됨"},
    {"NOT_CHEST", "정면 흉부 영상으로 보이지 않음"},
    {"LOOKS_ROTATED", "흉부가 바로 서 있지 않은 것으로 보임"},
    {"LOOKS_INVERTED", "흑백이 반전된 것으로 보임"},
    {"LOOKS_MIRRORED", "좌우가 뒤집힌 것으로 보임"},
    {"MISLABELLED", "표시와 달리 뒤집혀 보이지 않음"},
    {"GATE_FAILED", "픽셀을 검사할 수 없음"},
    {"MODEL_FAILED", "모델이 쓸 수 있는 답을 주지 않음"},
    {"NO_MODEL", "설정된 모델 없음"},
    {"TEXT_IN_PIXELS", "픽셀에 글자가 있어 외부 서비스로 보내지 않음"},
    {"TEXT_UNSEARCHED", "픽셀의 글자를 확인하지 못해 외부 서비스로 보내지 않음"},
};

}  // namespace

const WordTable kKoreanWords{
    .words =
        {
            .assists = "AI 판독 보조 결과이며 진단이 아닙니다. 의사의 확인이 필요합니다.",
            .assists_short = "",
            .research_short = "연구용",
            .demonstration = "시연용입니다. 어떤 환자에게도 쓸 수 없습니다.",
            .research = "연구용입니다. 진단에 쓸 수 없습니다.",
            .result = "AI 판독 보조 결과",
            .no_finding = "기준값 이상의 소견 미검출",
            .findings = "소견",
            .not_analysed = "분석 제외",
            .failed = "분석 실패",
            .some_not_analysed = "분석 제외",
            .some_failed = "분석 실패",
            .models_failed = "실패한 모델",
            .no_reason = "사유가 기록되지 않음",
            .finding = "소견",
            .place = "위치",
            .score = "점수",
            .threshold = "기준값",
            .answer = "판정",
            .present = "검출",
            .suspected = "의심",
            .absent = "미검출",
            .undetermined = "판정 보류",
            .undecided = "판정 보류",
            .not_detected = "미검출",
            .nothing_else = "그 외 소견은 분석하지 않았습니다.",
            .left = "좌측",
            .right = "우측",
            .both = "양측",
            .zone = "{} {}폐야",
            .zone_of_no_side = "{}폐야",
            .heights = {"상", "중", "하"},
            .not_located = "위치 미상",
            .model = "모델",
            .intended_use = "사용 목적",
            .analysed_at = "분석 시각",
            .looked_at = "확인 시각",
            .weights = "가중치",
            .warning = "주의",
            .text_guessed =
                "선언된 문자 집합과 다름; 바이트에 따라 해석하였고 원본 바이트를 보존함",
            .text_lost = "디코딩할 수 없어 생략함; 원본 바이트를 보존함; 받은 값",
            .text_illegal = "DICOM이 허용하지 않는 값이므로 생략함; 원본 바이트를 보존함; 받은 값",
            .score_means = "점수는 0에서 1 사이이며 확률이 아닙니다.",
            .heat = "AI 활성도(히트맵)",
            .summary = "AI 판독 보조 결과: 검사 요약",
            .of_images = "영상 {1}개 중 {0}개: {2}",
            .image = "영상",
            .series = "시리즈",
            .more_in_report = "개 영상은 보고서 참조",
            .earlier_result = "이전 결과",
            .other_patients =
                "이 검사에는 두 명 이상의 환자 영상이 있습니다. 이 보고서는 해당 환자의 "
                "영상만 다룹니다.",
            .has_copies =
                "이 보고서의 영상과 UID는 같으나 내용이 다른 영상이 수신되었습니다. 그 영상은 "
                "분석하지 않았습니다.",
            .listed_elsewhere = "다른 보고서에 실린 검사 영상 수",
            .withdrawn =
                "이 보고서가 대체하는 보고서는 잘못된 환자 신원으로 등록되었습니다. 그 소견과 "
                "함께 보낸 그림을 철회합니다.",
            .withdrawn_short = "AI 결과 철회: 환자 신원 오류",
            .unlisted = "분석에서 제외되어 목록에 없는 검사 영상 수",
        },
    .reasons = kReasons};

}  // namespace bucky::dicom_sr
