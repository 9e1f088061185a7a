// SPDX-License-Identifier: Apache-2.0
// Every coded concept that Bucky writes, with its place in PS3.16. A code value has at most 16
// characters (SH): DCMTK writes a longer one as Long Code Value, which old readers ignore.
//
// 99BUCKY is a private scheme for concepts without a code in PS3.16. Its meanings never change; a
// new meaning gets a new value.
#pragma once

#include <string_view>

#include "conf/base/choices.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

/// A Code that allocates nothing: for tables and constants.
struct Concept {
    const char* value;
    const char* scheme;
    const char* meaning;
    operator inference::Code() const { return {value, scheme, meaning}; }  // NOLINT: a Code
};

namespace codes {

inline constexpr const char* kOwnScheme = "99BUCKY";

// The report: TID 1500, 1600, 1410
inline constexpr Concept kMeasurementReport{"126000", "DCM", "Imaging Measurement Report"};
inline constexpr Concept kProcedureReported{"121058", "DCM", "Procedure reported"};
inline constexpr Concept kImagingProcedure{"363679005", "SCT", "Imaging procedure"};  // CID 100
inline constexpr Concept kImageLibrary{"111028", "DCM", "Image Library"};
inline constexpr Concept kImageLibraryGroup{"126200", "DCM", "Image Library Group"};
inline constexpr Concept kImagingMeasurements{"126010", "DCM", "Imaging Measurements"};
inline constexpr Concept kQualitativeEvaluations{"C0034375", "UMLS", "Qualitative Evaluations"};
inline constexpr Concept kMeasurementGroup{"125007", "DCM", "Measurement Group"};
inline constexpr Concept kTrackingIdentifier{"112039", "DCM", "Tracking Identifier"};
inline constexpr Concept kShortLabel{"125309", "DCM", "Short Label"};
inline constexpr Concept kTrackingUid{"112040", "DCM", "Tracking Unique Identifier"};
inline constexpr Concept kFinding{"121071", "DCM", "Finding"};
inline constexpr Concept kImageRegion{"111030", "DCM", "Image Region"};
inline constexpr Concept kFindingSite{"363698007", "SCT", "Finding Site"};
inline constexpr Concept kLaterality{"272741003", "SCT", "Laterality"};
inline constexpr Concept kComment{"121106", "DCM", "Comment"};
inline constexpr Concept kPreviousFinding{"121069", "DCM", "Previous Finding"};  // CID 7002
inline constexpr Concept kPriorReport{"122075", "DCM", "Prior report for current patient"};

// The report in plain text: TID 2000, CID 7001 and 7002
inline constexpr Concept kImagingReport{"18748-4", "LN", "Diagnostic Imaging Report"};
inline constexpr Concept kFindingsSection{"121070", "DCM", "Findings"};
inline constexpr Concept kConclusionsSection{"121076", "DCM", "Conclusions"};
inline constexpr Concept kConclusion{"121077", "DCM", "Conclusion"};

// Language and observer: TID 1204, 1002, 1004
inline constexpr Concept kLanguage{"121049", "DCM", "Language of Content Item and Descendants"};
inline constexpr Concept kEnglish{"en", "RFC5646", "English"};  // CID 5000
inline constexpr Concept kKorean{"ko", "RFC5646", "Korean"};
inline constexpr Concept kJapanese{"ja", "RFC5646", "Japanese"};
inline constexpr Concept kObserverType{"121005", "DCM", "Observer Type"};
inline constexpr Concept kDevice{"121007", "DCM", "Device"};  // CID 270
inline constexpr Concept kDeviceObserverUid{"121012", "DCM", "Device Observer UID"};
inline constexpr Concept kDeviceObserverName{"121013", "DCM", "Device Observer Name"};
inline constexpr Concept kDeviceObserverManufacturer{"121014", "DCM",
                                                     "Device Observer Manufacturer"};
inline constexpr Concept kDeviceObserverModel{"121015", "DCM", "Device Observer Model Name"};

// Image library entries: TID 1602, 1603
inline constexpr Concept kModality{"121139", "DCM", "Modality"};
inline constexpr Concept kTargetRegion{"123014", "DCM", "Target Region"};
inline constexpr Concept kChest{"51185008", "SCT", "Chest"};  // CID 4031
inline constexpr Concept kImageLaterality{"111027", "DCM", "Image Laterality"};
inline constexpr Concept kStudyDate{"111060", "DCM", "Study Date"};
inline constexpr Concept kStudyTime{"111061", "DCM", "Study Time"};
inline constexpr Concept kContentDate{"111018", "DCM", "Content Date"};
inline constexpr Concept kContentTime{"111019", "DCM", "Content Time"};
inline constexpr Concept kAcquisitionDate{"126201", "DCM", "Acquisition Date"};
inline constexpr Concept kAcquisitionTime{"126202", "DCM", "Acquisition Time"};
inline constexpr Concept kPixelRows{"110910", "DCM", "Pixel Data Rows"};
inline constexpr Concept kPixelColumns{"110911", "DCM", "Pixel Data Columns"};
inline constexpr Concept kImageView{"111031", "DCM", "Image View"};

// Algorithm identification: TID 4019
inline constexpr Concept kAlgorithmName{"111001", "DCM", "Algorithm Name"};
inline constexpr Concept kAlgorithmVersion{"111003", "DCM", "Algorithm Version"};
inline constexpr Concept kAlgorithmParameters{"111002", "DCM", "Algorithm Parameters"};
inline constexpr Concept kAlgorithmManufacturer{"122405", "DCM", "Algorithm Manufacturer"};

// Answers: CID 241, CID 230 for the third, and what a package may say instead of Present
inline constexpr Concept kPresent{"52101004", "SCT", "Present"};
inline constexpr Concept kAbsent{"272519000", "SCT", "Absent"};
inline constexpr Concept kUndetermined{"373068000", "SCT", "Undetermined"};
inline constexpr Concept kSuspected{"415684004", "SCT", "Suspected"};

// Whether an image was analysed: CID 6042 for the value, and the Chest CAD concept for the name
inline constexpr Concept kSummaryOfAnalyses{"111065", "DCM", "Summary of Analyses"};
inline constexpr Concept kSucceeded{"111222", "DCM", "Succeeded"};
inline constexpr Concept kFailed{"111224", "DCM", "Failed"};
inline constexpr Concept kNotAttempted{"111225", "DCM", "Not Attempted"};
inline constexpr Concept kReason{"reason", kOwnScheme, "Reason for no analysis"};

// What a model is for; a word of its maker's stands below
inline constexpr Concept kModelPurpose{"model-purpose", kOwnScheme, "Purpose of the model"};
inline constexpr Concept kIntendedUse{"intended-use", kOwnScheme, "Intended use of the model"};
inline constexpr Concept kDemonstration{"demonstration", kOwnScheme,
                                        "Demonstration, not for any patient"};
inline constexpr Concept kResearch{"research", kOwnScheme, "Research, not for diagnosis"};
inline constexpr Concept kClinical{"clinical", kOwnScheme, "Clinical use"};

// The whole image as a region, where nothing was located (docs/decisions/0005)
inline constexpr Concept kWarning{"warning", kOwnScheme, "Warning about the image"};
inline constexpr Concept kNoFinding{"no-finding", kOwnScheme, "No finding above threshold"};
inline constexpr Concept kUndecided{"undetermined", kOwnScheme, "Finding undetermined"};
inline constexpr Concept kNotAnalysed{"not-analysed", kOwnScheme, "Image not analysed"};
inline constexpr Concept kImagesNotAnalysed{"images-not-anal", kOwnScheme, "Images not analysed"};

// Sites and sides: CID 4028-like, CID 244
inline constexpr Concept kPleura{"3120008", "SCT", "Pleural structure"};
inline constexpr Concept kLung{"39607008", "SCT", "Lung"};
inline constexpr Concept kLeft{"7771000", "SCT", "Left"};
inline constexpr Concept kRight{"24028007", "SCT", "Right"};
inline constexpr Concept kBilateral{"51440002", "SCT", "Bilateral"};

// Findings and what shows them: CID 7150, CID 7203, TID 1501
inline constexpr Concept kFindingCategory{"276214006", "SCT", "Finding category"};
inline constexpr Concept kAbnormalStructure{"49755003", "SCT",
                                            "Morphologically Abnormal Structure"};
inline constexpr Concept kVisualExplanation{"130401", "DCM", "Visual Explanation"};
inline constexpr Concept kSegmentation{"113076", "DCM", "Segmentation"};
/// Algorithm Family, CID 7162.
inline constexpr Concept kArtificialIntelligence{"123110", "DCM", "Artificial Intelligence"};

// Chest CAD: TID 4100, CID 6047, CID 6034
inline constexpr Concept kChestCadReport{"112000", "DCM", "Chest CAD Report"};
inline constexpr Concept kCadSummary{"111017", "DCM", "CAD Processing and Findings Summary"};
inline constexpr Concept kAllWithoutFindings{"111241", "DCM",
                                             "All algorithms succeeded; without findings"};
inline constexpr Concept kAllWithFindings{"111242", "DCM",
                                          "All algorithms succeeded; with findings"};
inline constexpr Concept kSomeWithoutFindings{"111243", "DCM",
                                              "Not all algorithms succeeded; without findings"};
inline constexpr Concept kSomeWithFindings{"111244", "DCM",
                                           "Not all algorithms succeeded; with findings"};
inline constexpr Concept kNoneSucceeded{"111245", "DCM",
                                        "No algorithms succeeded; without findings"};
inline constexpr Concept kSummaryOfDetections{"111064", "DCM", "Summary of Detections"};
inline constexpr Concept kPartiallySucceeded{"111223", "DCM", "Partially Succeeded"};
inline constexpr Concept kSuccessfulDetections{"111063", "DCM", "Successful Detections"};
inline constexpr Concept kFailedDetections{"111025", "DCM", "Failed Detections"};
inline constexpr Concept kDetectionPerformed{"111022", "DCM", "Detection Performed"};
inline constexpr Concept kSingleImageFinding{"111059", "DCM", "Single Image Finding"};
inline constexpr Concept kSingleImageFindingModifier{"112024", "DCM",
                                                     "Single Image Finding Modifier"};
inline constexpr Concept kRenderingIntent{"111056", "DCM", "Rendering Intent"};
inline constexpr Concept kPresentationRequired{
    "111150", "DCM", "Presentation Required: Rendering device is expected to present"};
inline constexpr Concept kCertainty{"111012", "DCM", "Certainty of Finding"};
inline constexpr Concept kCenter{"111010", "DCM", "Center"};
inline constexpr Concept kOutline{"111041", "DCM", "Outline"};
inline constexpr Concept kLocationInChest{"112013", "DCM", "Location in Chest"};

// Units: UCUM
inline constexpr Concept kZeroToOne{"{0:1}", "UCUM", "range: 0:1"};
inline constexpr Concept kPercent{"%", "UCUM", "Percent"};
inline constexpr Concept kPixels{"{pixels}", "UCUM", "pixels"};
inline constexpr Concept kImages{"{images}", "UCUM", "images"};

// Purposes of reference: CID 7202, CID 7005
inline constexpr Concept kSourceImage{"121322", "DCM",
                                      "Source image for image processing operation"};
/// IHE AIR asks for "Processing Algorithm", whose code was never assigned; this one is the nearest
/// in CID 7005.
inline constexpr Concept kProcessingEquipment{"109102", "DCM", "Processing Equipment"};

}  // namespace codes

/// The answer as CID 241 (and 230) codes it.
Concept answer_code(const inference::Finding& finding);

/// CID 5000.
Concept language_code(Language language);

/// CID 244; nothing for an unknown side.
const Concept* laterality_code(inference::Side side);
const Concept* laterality_code(std::string_view image_laterality);  ///< (0020,0062): L, R, B

/// CID 29 by the defined term of Modality (0008,0060); "Radiographic imaging" for any other term,
/// because TID 1602 requires one.
Concept modality_code(std::string_view modality);

/// CID 4010 by View Position (0018,5101); nothing when it is another word.
const Concept* view_code(std::string_view view_position);

/// The site of a finding: what its package says; else of a chest radiograph the pleura or the lung
/// where that is known, else the chest.
inference::Code site_code(const inference::Finding& finding);

/// The concept name of a finding's score: PS3.16 has none that names the finding, and OHIF shows
/// only the meaning of a group's NUMs. The words are the finding's name, which may say that it is
/// a suspicion where its code does not. {"S.36118008", "99BUCKY", "AI score, Pneumothorax"}
inference::Code score_code(const inference::Finding& finding);

/// The same for its threshold: {"T.36118008", ..., "AI threshold, Pneumothorax"}
inference::Code threshold_code(const inference::Finding& finding);

/// The same for the score from which it is undetermined: {"U.36118008", ..., "AI undetermined
/// from, Pneumothorax"}
inference::Code undetermined_code(const inference::Finding& finding);

}  // namespace bucky::dicom_sr
