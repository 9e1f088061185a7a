// SPDX-License-Identifier: Apache-2.0
// Not reviewed by a radiologist: every object that is written with these words says so.
#include "dicom_sr/common/words.h"

namespace bucky::dicom_sr {
namespace {

constexpr CodeWord kFindings[] = {
    {"36118008", "気胸"},   {"233604007", "肺炎"},     {"786838002", "肺結節"},
    {"27925004", "結節"},   {"427359005", "肺結節"},   {"154283005", "肺結核の疑い"},
    {"95436008", "浸潤影"}, {"60046008", "胸水"},      {"46621007", "無気肺"},
    {"8186001", "心拡大"},  {"309529002", "肺腫瘤影"},
};

}  // namespace

const WordTable kJapaneseWords{
    .words =
        {
            .assists = "AIによる支援情報です。診断ではなく、医師の確認が必要です。"
                       "(訳語は放射線科医の確認を受けていません)",
            .assists_short = "",
            .research_short = "研究用",
            .demonstration = "デモ用です。患者には使用できません。",
            .research = "研究用です。診断には使用できません。",
            .result = "AI支援結果",
            .no_finding = "閾値以上の所見なし",
            .findings = "所見",
            .not_analysed = "解析対象外",
            .failed = "解析失敗",
            .some_not_analysed = "解析対象外",
            .some_failed = "解析失敗",
            .models_failed = "失敗したモデル",
            .no_reason = "理由の記録なし",
            .finding = "所見",
            .place = "部位",
            .score = "スコア",
            .threshold = "閾値",
            .answer = "判定",
            .present = "検出",
            .suspected = "疑い",
            .absent = "未検出",
            .undetermined = "判定保留",
            .undecided = "判定保留",
            .not_detected = "未検出",
            .nothing_else = "その他の所見は解析していません。",
            .left = "左",
            .right = "右",
            .both = "両側",
            .zone = "{}{}肺野",
            .zone_of_no_side = "{}肺野",
            .heights = {"上", "中", "下"},
            .not_located = "部位不明",
            .model = "モデル",
            .intended_use = "使用目的",
            .analysed_at = "解析日時",
            .looked_at = "確認日時",
            .weights = "重み",
            .warning = "注意",
            .text_guessed = "宣言された文字集合と異なる; バイトから解釈し、元のバイトを保存",
            .text_lost = "復号できないため省略; 元のバイトを保存; 受信値",
            .text_illegal = "DICOMで許されない値のため省略; 元のバイトを保存; 受信値",
            .score_means = "スコアは0から1で、確率ではありません。",
            .heat = "AI活性度(ヒートマップ)",
            .summary = "AI支援結果: 検査の要約",
            .of_images = "画像{1}枚中{0}枚: {2}",
            .image = "画像",
            .series = "シリーズ",
            .more_in_report = "枚の画像はレポートを参照",
            .earlier_result = "以前の結果",
            .other_patients = "この検査には複数の患者の画像が含まれます。このレポートは該当患者の画"
                              "像のみを扱います。",
            .has_copies =
                "このレポートの画像と同じSOP Instance UIDで内容の異なる画像を受信しました。"
                "その画像は解析していません。",
            .listed_elsewhere = "他のレポートに記載された画像数",
            .withdrawn = "このレポートが置き換えるレポートは、誤った患者情報で登録されました。"
                         "その所見と添付画像を撤回します。",
            .withdrawn_short = "AI結果撤回: 患者情報の誤り",
            .unlisted = "解析対象外のため記載のない画像数",
        },
    .findings = kFindings};

}  // namespace bucky::dicom_sr
