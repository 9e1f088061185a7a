// SPDX-License-Identifier: Apache-2.0
// The SOP classes that Bucky knows, by UID and name (PS3.6 Table A-1): the images that it accepts,
// and the classes of what is no image, among them those of its results. Which result comes in which
// classes stands in result_kinds.h.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace bucky {

namespace sop_class {
inline constexpr std::string_view kVerification = "1.2.840.10008.1.1";
inline constexpr std::string_view kStorageCommitment = "1.2.840.10008.1.20.1";  // PS3.4 J.3
inline constexpr std::string_view kComputedRadiography = "1.2.840.10008.5.1.4.1.1.1";
inline constexpr std::string_view kDigitalXRay = "1.2.840.10008.5.1.4.1.1.1.1";
inline constexpr std::string_view kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";
inline constexpr std::string_view kGrayscalePresentation = "1.2.840.10008.5.1.4.1.1.11.1";
inline constexpr std::string_view kColorPresentation = "1.2.840.10008.5.1.4.1.1.11.2";
inline constexpr std::string_view kSegmentation = "1.2.840.10008.5.1.4.1.1.66.4";
inline constexpr std::string_view kParametricMap = "1.2.840.10008.5.1.4.1.1.30";
inline constexpr std::string_view kBasicTextSr = "1.2.840.10008.5.1.4.1.1.88.11";
inline constexpr std::string_view kEnhancedSr = "1.2.840.10008.5.1.4.1.1.88.22";
inline constexpr std::string_view kComprehensiveSr = "1.2.840.10008.5.1.4.1.1.88.33";
inline constexpr std::string_view kComprehensive3dSr = "1.2.840.10008.5.1.4.1.1.88.34";
inline constexpr std::string_view kMammographyCadSr = "1.2.840.10008.5.1.4.1.1.88.50";
inline constexpr std::string_view kKeyObjectSelection = "1.2.840.10008.5.1.4.1.1.88.59";
inline constexpr std::string_view kChestCadSr = "1.2.840.10008.5.1.4.1.1.88.65";
inline constexpr std::string_view kEncapsulatedPdf = "1.2.840.10008.5.1.4.1.1.104.1";
}  // namespace sop_class

/// A class of images: each is accepted and kept.
struct ImageClass {
    std::string_view uid;
    std::string_view name;
    bool analysed;  ///< it may hold a chest radiograph; the others are reported as not analysed
};

// PS3.4 Table B.5-1: the classes that are images. Documents, presentation states, segmentations,
// waveforms and raw data are not: they hold nothing to analyse.
inline constexpr ImageClass kImageClasses[] = {
    {sop_class::kComputedRadiography, "Computed Radiography Image", true},
    {sop_class::kDigitalXRay, "Digital X-Ray Image - For Presentation", true},
    {"1.2.840.10008.5.1.4.1.1.1.1.1", "Digital X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.1.2", "Digital Mammography X-Ray Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.1.2.1", "Digital Mammography X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.1.3", "Digital Intra-Oral X-Ray Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.1.3.1", "Digital Intra-Oral X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.2", "CT Image", false},
    {"1.2.840.10008.5.1.4.1.1.2.1", "Enhanced CT Image", false},
    {"1.2.840.10008.5.1.4.1.1.2.2", "Legacy Converted Enhanced CT Image", false},
    {"1.2.840.10008.5.1.4.1.1.3", "Ultrasound Multi-frame Image (retired)", false},
    {"1.2.840.10008.5.1.4.1.1.3.1", "Ultrasound Multi-frame Image", false},
    {"1.2.840.10008.5.1.4.1.1.4", "MR Image", false},
    {"1.2.840.10008.5.1.4.1.1.4.1", "Enhanced MR Image", false},
    {"1.2.840.10008.5.1.4.1.1.4.3", "Enhanced MR Color Image", false},
    {"1.2.840.10008.5.1.4.1.1.4.4", "Legacy Converted Enhanced MR Image", false},
    {"1.2.840.10008.5.1.4.1.1.5", "Nuclear Medicine Image (retired)", false},
    {"1.2.840.10008.5.1.4.1.1.6", "Ultrasound Image (retired)", false},
    {"1.2.840.10008.5.1.4.1.1.6.1", "Ultrasound Image", false},
    {"1.2.840.10008.5.1.4.1.1.6.2", "Enhanced US Volume", false},
    {sop_class::kSecondaryCapture, "Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.7.1", "Multi-frame Single Bit Secondary Capture Image", false},
    {"1.2.840.10008.5.1.4.1.1.7.2", "Multi-frame Grayscale Byte Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.7.3", "Multi-frame Grayscale Word Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.7.4", "Multi-frame True Color Secondary Capture Image", true},
    {"1.2.840.10008.5.1.4.1.1.12.1", "X-Ray Angiographic Image", false},
    {"1.2.840.10008.5.1.4.1.1.12.1.1", "Enhanced XA Image", false},
    {"1.2.840.10008.5.1.4.1.1.12.2", "X-Ray Radiofluoroscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.12.2.1", "Enhanced XRF Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.1", "X-Ray 3D Angiographic Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.2", "X-Ray 3D Craniofacial Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.3", "Breast Tomosynthesis Image", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.4", "Breast Projection X-Ray Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.13.1.5", "Breast Projection X-Ray Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.14.1", "Intravascular OCT Image - For Presentation", false},
    {"1.2.840.10008.5.1.4.1.1.14.2", "Intravascular OCT Image - For Processing", false},
    {"1.2.840.10008.5.1.4.1.1.20", "Nuclear Medicine Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.1", "VL Endoscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.2", "VL Microscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.3", "VL Slide-Coordinates Microscopic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.4", "VL Photographic Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.5.1", "Ophthalmic Photography 8 Bit Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.5.2", "Ophthalmic Photography 16 Bit Image", false},
    {"1.2.840.10008.5.1.4.1.1.77.1.5.4", "Ophthalmic Tomography Image", false},
    {"1.2.840.10008.5.1.4.1.1.128", "Positron Emission Tomography Image", false},
    {"1.2.840.10008.5.1.4.1.1.128.1", "Legacy Converted Enhanced PET Image", false},
    {"1.2.840.10008.5.1.4.1.1.130", "Enhanced PET Image", false},
    {"1.2.840.10008.5.1.4.1.1.481.1", "RT Image", false},
};

/// A storage class that is no image.
struct NamedClass {
    std::string_view uid;
    std::string_view name;
    std::string_view modality;  ///< Modality of its objects, PS3.3 C.7.3.1.1.1: SR, PR, KO, ...
};

// PS3.4 Table B.5-1. They come with a study when a PACS pushes it whole.
inline constexpr NamedClass kOtherClasses[] = {
    {sop_class::kGrayscalePresentation, "Grayscale Softcopy Presentation State", "PR"},
    {sop_class::kColorPresentation, "Color Softcopy Presentation State", "PR"},
    {"1.2.840.10008.5.1.4.1.1.11.3", "Pseudo-Color Softcopy Presentation State", "PR"},
    {"1.2.840.10008.5.1.4.1.1.11.4", "Blending Softcopy Presentation State", "PR"},
    {"1.2.840.10008.5.1.4.1.1.11.5", "XA/XRF Grayscale Softcopy Presentation State", "PR"},
    {"1.2.840.10008.5.1.4.1.1.11.6", "Grayscale Planar MPR Volumetric Presentation State", "PR"},
    {"1.2.840.10008.5.1.4.1.1.11.7", "Compositing Planar MPR Volumetric Presentation State", "PR"},
    {"1.2.840.10008.5.1.4.1.1.11.8", "Advanced Blending Presentation State", "PR"},
    {sop_class::kParametricMap, "Parametric Map", "OT"},
    {sop_class::kSegmentation, "Segmentation", "SEG"},
    {"1.2.840.10008.5.1.4.1.1.66.5", "Surface Segmentation", "SEG"},
    {"1.2.840.10008.5.1.4.1.1.66", "Raw Data", "OT"},
    {"1.2.840.10008.5.1.4.1.1.66.1", "Spatial Registration", "REG"},
    {"1.2.840.10008.5.1.4.1.1.66.2", "Spatial Fiducials", "FID"},
    {"1.2.840.10008.5.1.4.1.1.66.3", "Deformable Spatial Registration", "REG"},
    {"1.2.840.10008.5.1.4.1.1.67", "Real World Value Mapping", "RWV"},
    {sop_class::kBasicTextSr, "Basic Text SR", "SR"},
    {sop_class::kEnhancedSr, "Enhanced SR", "SR"},
    {sop_class::kComprehensiveSr, "Comprehensive SR", "SR"},
    {sop_class::kComprehensive3dSr, "Comprehensive 3D SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.35", "Extensible SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.40", "Procedure Log", "SR"},
    {sop_class::kMammographyCadSr, "Mammography CAD SR", "SR"},
    {sop_class::kKeyObjectSelection, "Key Object Selection Document", "KO"},
    {sop_class::kChestCadSr, "Chest CAD SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.67", "X-Ray Radiation Dose SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.68", "Radiopharmaceutical Radiation Dose SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.69", "Colon CAD SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.70", "Implantation Plan SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.71", "Acquisition Context SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.72", "Simplified Adult Echo SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.73", "Patient Radiation Dose SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.74", "Planned Imaging Agent Administration SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.75", "Performed Imaging Agent Administration SR", "SR"},
    {"1.2.840.10008.5.1.4.1.1.88.76", "Enhanced X-Ray Radiation Dose SR", "SR"},
    {sop_class::kEncapsulatedPdf, "Encapsulated PDF", "DOC"},
    {"1.2.840.10008.5.1.4.1.1.104.2", "Encapsulated CDA", "DOC"},
    {"1.2.840.10008.5.1.4.1.1.9.1.1", "12-lead ECG Waveform", "ECG"},
    {"1.2.840.10008.5.1.4.1.1.9.1.2", "General ECG Waveform", "ECG"},
    {"1.2.840.10008.5.1.4.1.1.481.2", "RT Dose", "RT"},
    {"1.2.840.10008.5.1.4.1.1.481.3", "RT Structure Set", "RT"},
    {"1.2.840.10008.5.1.4.1.1.481.4", "RT Beams Treatment Record", "RT"},
    {"1.2.840.10008.5.1.4.1.1.481.5", "RT Plan", "RT"},
};

/// The row of an image class, or nullptr when images of this class are not accepted.
constexpr const ImageClass* find_image_class(std::string_view uid) {
    const auto* found = std::ranges::find(kImageClasses, uid, &ImageClass::uid);
    return found == std::end(kImageClasses) ? nullptr : found;
}

/// The name of a class; its UID where the tables do not hold it.
constexpr std::string_view name_of_class(std::string_view uid) {
    if (const auto* image = find_image_class(uid)) return image->name;
    const auto* other = std::ranges::find(kOtherClasses, uid, &NamedClass::uid);
    return other == std::end(kOtherClasses) ? uid : other->name;
}

/// Its name as PS3.6 writes it: "CT Image Storage", "Digital X-Ray Image Storage - For
/// Presentation"; "SOP class 1.2.3" where the tables do not hold it.
inline std::string storage_name_of(std::string_view uid) {
    const std::string_view name = name_of_class(uid);
    if (name == uid) return "SOP class " + std::string(uid);
    const auto end = std::min({name.find(" - "), name.find(" ("), name.size()});
    return std::string(name.substr(0, end)) + " Storage" + std::string(name.substr(end));
}

}  // namespace bucky
