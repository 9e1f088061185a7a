// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/wording.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/modules.h"

namespace bucky::dicom_sr {
namespace {

using inference::Answer;
using inference::Finding;
using inference::Purpose;
using inference::Side;
using inference::Verdict;

// LO has 64 characters (PS3.5 6.2), but dciodvfy and the databases of many PACS count bytes.
constexpr std::size_t kDescriptionMax = 64;

constexpr std::string_view kDemo = "DEMO ";  // in every language: lists are searched for it

constexpr Words kEnglish{
    .assists = "Assists. Not a reading.",
    .assists_short = "assists, no reading",
    .research_short = "research, no reading",
    .demonstration = "DEMONSTRATION. Not for any patient.",
    .research = "RESEARCH. Not for diagnosis.",
    .no_finding = "No finding above threshold",
    .findings = "Findings",
    .not_analysed = "Not analysed",
    .failed = "Analysis failed",
    .some_not_analysed = "skipped",
    .some_failed = "failed",
    .no_reason = "no reason was recorded",
    .finding = "Finding",
    .score = "Score",
    .threshold = "Threshold",
    .answer = "Answer",
    .present = "present",
    .absent = "absent",
    .undetermined = "undetermined",
    .undecided = "Undetermined",
    .left = "left",
    .right = "right",
    .both = "both sides",
    .not_located = "not located",
    .model = "Model",
    .intended_use = "Intended use",
    .analysed_at = "Analysed",
    .weights = "weights",
    .warning = "Warning",
    .text_guessed = "not in its declared character set; read by its bytes, which are kept",
    .text_lost = "cannot be decoded and is left out; its bytes are kept; as sent",
    .text_illegal = "not a value that DICOM allows and left out; its bytes are kept; as sent",
    .columns = "columns",
    .rows = "rows",
    .heat = "what speaks for a finding, by the model",
    .summary = "Bucky: summary of the study",
    .image = "image",
    .series = "series",
    .more_in_report = "more images: see the report",
    .earlier_result = "Earlier result",
    .other_patients =
        "The study holds images of more than one patient. This report is about the "
        "images of its own patient only.",
    .has_copies =
        "An image of this report has copies with the same SOP Instance UID and other content. "
        "They were not analysed.",
    .listed_elsewhere = "Images of the study that other reports of this series list",
    .withdrawn =
        "The report that this one supersedes was filed under a wrong patient identity. "
        "Its findings, and the pictures beside it, are withdrawn.",
    .withdrawn_short = "Bucky: withdrawn, wrong patient identity",
    .unlisted = "Images of the study that were not analysed and are not listed",
};

constexpr Words kKorean{
    .assists = "판독이 아닌 보조 결과입니다.",
    .assists_short = "보조, 판독 아님",
    .research_short = "연구용, 판독 아님",
    .demonstration = "시연용입니다. 어떤 환자에게도 쓸 수 없습니다.",
    .research = "연구용입니다. 진단에 쓸 수 없습니다.",
    .no_finding = "기준값을 넘는 소견 없음",
    .findings = "소견",
    .not_analysed = "분석하지 않음",
    .failed = "분석 실패",
    .some_not_analysed = "미분석",
    .some_failed = "실패",
    .no_reason = "사유가 기록되지 않음",
    .finding = "소견",
    .score = "점수",
    .threshold = "기준값",
    .answer = "결과",
    .present = "있음",
    .absent = "없음",
    .undetermined = "판정 불가",
    .undecided = "판정 불가",
    .left = "왼쪽",
    .right = "오른쪽",
    .both = "양쪽",
    .not_located = "위치 미상",
    .model = "모델",
    .intended_use = "사용 목적",
    .analysed_at = "분석 시각",
    .weights = "가중치",
    .warning = "주의",
    .text_guessed = "선언된 문자 집합과 다름; 바이트로 판독하였고 원본 바이트를 보존함",
    .text_lost = "해독할 수 없어 생략함; 원본 바이트를 보존함; 받은 값",
    .text_illegal = "DICOM이 허용하지 않는 값이므로 생략함; 원본 바이트를 보존함; 받은 값",
    .columns = "열",
    .rows = "행",
    .heat = "모델이 소견의 근거로 본 정도",
    .summary = "Bucky: 검사 요약",
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
    .listed_elsewhere = "이 시리즈의 다른 보고서에 실린 검사 영상 수",
    .withdrawn =
        "이 보고서가 대체하는 보고서는 잘못된 환자 신원으로 등록되었습니다. 그 소견과 "
        "함께 보낸 그림을 철회합니다.",
    .withdrawn_short = "Bucky: 철회됨, 환자 신원 오류",
    .unlisted = "분석하지 않았으며 목록에 없는 검사 영상 수",
};

/// Why an image has no answer, by the code of the reason (inference/reasons.h).
struct ReasonWord {
    std::string_view code, korean;
};
constexpr std::array kKoreanReasons{
    ReasonWord{"OWN_RESULT", "이 소프트웨어의 결과이며 영상이 아님"},
    ReasonWord{"DEMONSTRATION", "컴퓨터로 만든 영상만 받는 시연용 모델"},
    ReasonWord{"EQUIPMENT", "모델이 받지 않는 장비의 영상"},
    ReasonWord{"SOP_CLASS", "모델이 받지 않는 SOP 클래스"},
    ReasonWord{"FOR_PROCESSING", "판독용이 아닌 처리용 영상"},
    ReasonWord{"MODALITY", "모델이 받지 않는 장비 종류"},
    ReasonWord{"SPECIES", "사람이 아닌 대상"},
    ReasonWord{"SECONDARY", "다른 영상으로 만든 그림"},
    ReasonWord{"BURNED_IN", "픽셀에 주석이 새겨진 영상"},
    ReasonWord{"BODY_PART", "모델이 받지 않는 촬영 부위"},
    ReasonWord{"VIEW", "모델이 받지 않는 촬영 방향"},
    ReasonWord{"NO_ORIENTATION", "환자 방향 정보 없음"},
    ReasonWord{"MIRRORED", "헤더에 따르면 좌우가 뒤집힌 영상"},
    ReasonWord{"ROTATED", "헤더에 따르면 회전된 영상"},
    ReasonWord{"NOT_FRONTAL", "헤더에 따르면 정면 영상이 아님"},
    ReasonWord{"AGE", "모델이 받지 않는 나이"},
    ReasonWord{"AGE_CONFLICT", "나이와 생년월일이 서로 맞지 않음"},
    ReasonWord{"NO_PIXELS", "픽셀 데이터 없음"},
    ReasonWord{"TOO_SMALL", "모델에 필요한 크기보다 작은 영상"},
    ReasonWord{"TOO_LARGE", "해독할 수 있는 크기보다 큰 영상"},
    ReasonWord{"NOT_DECODABLE", "해독할 수 없는 영상"},
    ReasonWord{"NO_END_MARKER", "압축 영상에 종료 표시가 없음"},
    ReasonWord{"DECODER_DIED", "해독기가 이 영상에서 죽거나 멈춤"},
    ReasonWord{"COLOUR", "흑백이 아닌 영상"},
    ReasonWord{"SYNTAX", "해독하지 않는 전송 구문"},
    ReasonWord{"NO_CONTRAST", "판독할 수 있는 대조도가 없는 영상임"},
    ReasonWord{"VIEW_REPLACED", "영상 헤더의 기본 윈도우를 사용하지 않음"},
    ReasonWord{"BITS_CORRECTED", "저장된 값이 영상 헤더와 모순됨"},
    ReasonWord{"NOT_CHEST", "정면 흉부 영상으로 보이지 않음"},
    ReasonWord{"LOOKS_ROTATED", "흉부가 바로 서 있지 않은 것으로 보임"},
    ReasonWord{"LOOKS_INVERTED", "흑백이 반전된 것으로 보임"},
    ReasonWord{"LOOKS_MIRRORED", "좌우가 뒤집힌 것으로 보임"},
    ReasonWord{"MISLABELLED", "표시와 달리 뒤집혀 보이지 않음"},
    ReasonWord{"GATE_FAILED", "픽셀을 검사할 수 없음"},
    ReasonWord{"TEXT_IN_PIXELS", "픽셀에 글자가 있어 외부 서비스로 보내지 않음"},
    ReasonWord{"TEXT_UNSEARCHED", "픽셀의 글자를 확인하지 못해 외부 서비스로 보내지 않음"},
    ReasonWord{"MODEL_FAILED", "모델이 쓸 수 있는 답을 주지 않음"},
    ReasonWord{"NO_MODEL", "설정된 모델 없음"},
};

/// The letter that marks a side on a film.
std::string_view side_letter(Side side) {
    switch (side) {
        case Side::unknown: return "";
        case Side::left: return " L";
        case Side::right: return " R";
        case Side::both: return " L+R";
    }
    __builtin_unreachable();
}

Side joined(Side one, Side other) {
    if (one == Side::unknown || one == other) return other;
    return other == Side::unknown ? one : Side::both;
}

/// One finding, combined over all images of a study.
struct Summary {
    std::string name;
    double score = 0;
    Side side = Side::unknown;
};

std::vector<Summary> answered_in_study(std::span<const ReportedImage> images, Answer answer,
                                       Language language) {
    std::map<std::string_view, Summary> by_key;
    for (const ReportedImage& image : images) {
        for (const Finding* finding : answered(image.result, answer)) {
            Summary& summary = by_key[finding->key];
            summary.name = name_of(*finding, language);
            summary.score = std::max(summary.score, finding->score);
            summary.side = joined(summary.side, side_of(*finding));
        }
    }
    std::vector<Summary> sorted;
    for (auto& [key, summary] : by_key) sorted.push_back(std::move(summary));
    std::ranges::stable_sort(sorted, std::ranges::greater{}, &Summary::score);
    return sorted;
}

/// The findings that fit, the rest counted. A name may be abridged, never its score.
std::string listed(std::span<const Summary> findings, std::size_t room) {
    std::string out;
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const Summary& one = findings[i];
        const std::string score =
            fmt::format("{} {}", side_letter(one.side), score_text(one.score));
        const std::size_t unsaid = findings.size() - i - 1;
        const std::string rest = unsaid > 0 ? fmt::format(" +{}", unsaid) : "";
        if (i == 0) {
            const std::size_t taken = score.size() + rest.size();
            out = abridged(one.name, room - std::min(room, taken)) + score;
            continue;
        }
        const std::string longer = fmt::format("{}, {}{}", out, one.name, score);
        if (longer.size() + rest.size() > room) return out + fmt::format(" +{}", unsaid + 1);
        out = longer;
    }
    return out;
}

/// The purpose of which a reader must be warned most; clinical where no model looked.
Purpose purpose_of(std::span<const ReportedImage> images) {
    Purpose most = Purpose::clinical;
    for (const ReportedImage& image : images) {
        if (image.result.model) most = std::min(most, image.result.model->purpose);
    }
    return most;
}

/// The findings that are present; else those that are undetermined; else that there is none.
std::string study_answer(std::span<const ReportedImage> images, Language language,
                         std::size_t room) {
    const Words& say = words(language);
    const auto found = answered_in_study(images, Answer::present, language);
    if (!found.empty()) return listed(found, room);
    const auto undecided = answered_in_study(images, Answer::undetermined, language);
    if (undecided.empty()) return say.no_finding;
    const std::string head = fmt::format("{}: ", say.undecided);
    return head + listed(undecided, room - std::min(room, head.size()));
}

}  // namespace

const Words& words(Language language) {
    return language == Language::korean ? kKorean : kEnglish;
}

Side side_of(const Finding& finding) {
    Side side = Side::unknown;
    for (const inference::Region& region : finding.regions) side = joined(side, region.side);
    return side;
}

std::string model_line(const inference::ModelIdentity& model, Language language) {
    const Words& say = words(language);
    return cleaned(fmt::format("{}: {} {} ({} {})", say.model, model.name, model.version,
                               say.weights, model.sha256.substr(0, 12)));
}

std::string_view purpose_line(std::span<const ReportedImage> images, Language language) {
    switch (purpose_of(images)) {
        case Purpose::demonstration: return words(language).demonstration;
        case Purpose::research: return words(language).research;
        case Purpose::clinical: return "";
    }
    __builtin_unreachable();
}

std::string assists_line(std::span<const ReportedImage> images, Language language) {
    const auto purpose = purpose_line(images, language);
    return fmt::format("{}{}{}", words(language).assists, purpose.empty() ? "" : " ", purpose);
}

bool is_of_demonstration(std::string_view series_description) {
    return series_description.starts_with(kDemo);
}

std::string for_demonstration(std::string_view series_description) {
    return abridged(fmt::format("{}{}", kDemo, series_description), kDescriptionMax);
}

std::string text_of(const inference::Reason& reason, Language language) {
    std::string text = cleaned(reason.text);
    if (language != Language::korean) return text;
    const auto* const known =
        std::ranges::find(kKoreanReasons, reason.code.value, &ReasonWord::code);
    return known != kKoreanReasons.end() ? fmt::format("{} ({})", known->korean, text) : text;
}

std::string verdict_line(const inference::ImageResult& result, Language language) {
    const Words& say = words(language);
    if (!was_analysed(result)) {
        return fmt::format("{}: {}",
                           result.verdict == Verdict::failed ? say.failed : say.not_analysed,
                           result.reason ? text_of(*result.reason, language) : say.no_reason);
    }
    const auto listed_as = [&](const char* title, const std::vector<const Finding*>& findings) {
        std::string line = fmt::format("{}: ", title);
        for (const Finding* finding : findings) {
            if (finding != findings.front()) line += ", ";
            line += name_of(*finding, language);
            const std::string_view side = name_of(side_of(*finding), say);
            if (!side.empty()) line += fmt::format(" ({})", side);
        }
        return line;
    };
    const auto found = present(result);
    const auto undecided = answered(result, Answer::undetermined);
    std::string line = found.empty() ? say.no_finding : listed_as(say.findings, found);
    if (!undecided.empty()) line += ". " + listed_as(say.undecided, undecided);
    return line;
}

std::string series_description(std::span<const ReportedImage> images, Language language) {
    const Words& say = words(language);
    std::size_t unread = 0;
    std::size_t failed = 0;
    for (const ReportedImage& image : images) {
        if (image.result.verdict == Verdict::failed) ++failed;
        if (image.result.verdict == Verdict::not_analysed) ++unread;
    }
    const bool none_analysed = unread + failed == images.size();
    std::string tail;
    if (!none_analysed && unread > 0) tail += fmt::format("; {} {}", unread, say.some_not_analysed);
    if (!none_analysed && failed > 0) tail += fmt::format("; {} {}", failed, say.some_failed);
    const Purpose purpose = purpose_of(images);
    tail +=
        fmt::format(" ({})", purpose == Purpose::research ? say.research_short : say.assists_short);

    const std::string head =
        fmt::format("{}Bucky: ", purpose == Purpose::demonstration ? kDemo : "");
    const std::size_t taken = head.size() + tail.size();
    const std::size_t room = kDescriptionMax - std::min(kDescriptionMax, taken);
    std::string middle;
    if (none_analysed) {
        middle = failed > 0 ? say.failed : say.not_analysed;
    } else {
        middle = study_answer(images, language, room);
    }
    return abridged(fmt::format("{}{}{}", head, middle, tail), kDescriptionMax);
}

}  // namespace bucky::dicom_sr
