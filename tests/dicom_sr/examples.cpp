// SPDX-License-Identifier: Apache-2.0
#include "tests/dicom_sr/examples.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcrledrg.h"
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/fitting.h"
#include "dicom_sr/common/orders.h"
#include "dicom_sr/common/part10.h"
#include "tests/support/exhibits.h"

namespace bucky::dicom_sr::examples {
namespace {

using inference::Answer;
using inference::Finding;
using inference::Point;
using inference::Region;
using inference::Side;

std::vector<Point> ellipse(double column, double row, double half_width, double half_height) {
    constexpr int kPoints = 24;
    std::vector<Point> outline;
    for (int i = 0; i < kPoints; ++i) {
        const double angle = 2 * M_PI * i / kPoints;
        outline.push_back(
            {column + half_width * std::cos(angle), row + half_height * std::sin(angle)});
    }
    return outline;
}

Finding finding(const char* key, inference::Code code, const char* name, const char* name_ko,
                double score) {
    Finding made;
    made.key = key;
    made.code = std::move(code);
    made.name = name;
    made.name_ko = name_ko;
    made.score = score;
    made.threshold = 0.5;
    made.answer = score >= made.threshold ? Answer::present : Answer::absent;
    return made;
}

ReportedImage analysed(int number, std::vector<Finding> findings) {
    ReportedImage image{source(number), {}};
    image.result.model = model();
    image.result.findings = std::move(findings);
    const bool any = std::ranges::any_of(
        image.result.findings, [](const Finding& one) { return one.answer == Answer::present; });
    image.result.verdict = any ? inference::Verdict::findings : inference::Verdict::no_findings;
    image.result.rows = image.source.rows;
    image.result.columns = image.source.columns;
    image.result.window = "window 2048/4096 from the header";
    image.result.started_at_ms = 1795444205123;
    return image;
}

}  // namespace

inference::ModelIdentity model() {
    return {.name = "cxr-phantom",
            .version = "1.0.0",
            .vendor = "Bucky",
            .sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            .intended_use = "Demonstration on computer-generated radiographs; not for any patient.",
            .purpose = inference::Purpose::clinical};  // purpose_test.cpp has the others
}

Source source(int number) {
    Source made;
    made.patient_name = "Doe^Jane";
    made.patient_id = "PID-1";
    made.birth_date = "19700102";
    made.sex = "F";
    made.age = "056Y";
    made.study = Uid("1.2.826.0.1.3680043.10.999.1");
    made.study_date = "20261123";
    made.study_time = "143000";
    made.study_id = "S1";
    made.study_description = "Chest PA";
    made.accession_number = "ACC-1";
    made.referring_physician = "Ref^Erring";
    made.series = Uid("1.2.826.0.1.3680043.10.999.1." + std::to_string(number));
    made.sop_class = Uid("1.2.840.10008.5.1.4.1.1.1.1");
    made.sop_instance = Uid("1.2.826.0.1.3680043.10.999.1." + std::to_string(number) + ".1");
    made.modality = "DX";
    made.body_part = "CHEST";
    made.view_position = "PA";
    made.patient_orientation = "L\\F";
    made.acquisition_date = "20261123";
    made.acquisition_time = "142955.5";
    made.series_number = std::to_string(number);
    made.instance_number = "1";
    made.rows = 2000;
    made.columns = 1600;
    return made;
}

Source ordered(Source made) {
    made.patient_id = "PID-1";
    made.accession_number = "ACC-1";
    made.institution = "Health centre 17, 보건소";
    made.admission_id = "ADM-3";
    made.patient_id_issuer = {"", "1.2.410.100110", "ISO"};
    made.other_patient_ids = {{"KR-77", "NHIS", "TEXT"}};
    made.issuer_of_accession = {"RIS", "1.2.410.100111", "ISO"};
    made.procedures = {{"36643-5", "LN", "XR Chest 2 Views"}};
    made.requested_procedure_id = "RP-1";
    made.requested_procedure = "Chest PA, screening";
    made.requested_procedures = {{"CHESTPA", "99RIS", "Chest PA"}};
    made.placer_order = "PLACER-1";
    return made;
}

Finding pneumothorax(double score) {
    Finding made =
        finding("pneumothorax", {"36118008", "SCT", "Pneumothorax"}, "Pneumothorax", "기흉", score);
    if (made.answer == Answer::present) {
        made.regions = {{ellipse(1180, 500, 190, 260), 0.91, Side::left}};
    }
    return made;
}

Finding nodule(double score, int outlines) {
    Finding made = finding("nodule", {"27925004", "SCT", "Nodule"}, "Lung nodule", "폐결절", score);
    if (made.answer == Answer::present) {
        for (int i = 0; i < outlines; ++i) {
            made.regions.push_back(
                {ellipse(420 + 130 * i, 900 + 260 * i, 60, 60), 0.8 - 0.1 * i, Side::right});
        }
    }
    return made;
}

Finding pneumonia(double score) {
    return finding("pneumonia", {"233604007", "SCT", "Pneumonia"}, "Pneumonia", "폐렴", score);
}

ReportedImage with_findings(int number) {
    return analysed(number, {nodule(0.62), pneumothorax(0.97), pneumonia(0.08)});
}

ReportedImage with_heat(int number) {
    ReportedImage image = with_findings(number);
    for (Finding& one : image.result.findings) {
        if (one.regions.empty()) continue;
        one.heat = {50, 40, std::vector<std::uint16_t>(2000)};
        const Point at = one.regions.front().outline.front();
        for (int r = 0; r < 50; ++r) {
            for (int c = 0; c < 40; ++c) {
                const double away = std::hypot(c + 0.5 - at.column / 40, r + 0.5 - at.row / 40);
                one.heat.values[static_cast<std::size_t>(r * 40 + c)] =
                    static_cast<std::uint16_t>(65535 * std::exp(-away * away / 20));
            }
        }
    }
    return image;
}

ReportedImage without_findings(int number) {
    return analysed(number, {nodule(0.11), pneumothorax(0.03), pneumonia(0.08)});
}

ReportedImage lateral(int number) {
    ReportedImage image{source(number), {}};
    image.source.view_position = "LL";
    image.result.verdict = inference::Verdict::not_analysed;
    image.result.reason = {"view.lateral",
                           {"view", "99BUCKY", "View not accepted"},
                           "view position LL: the model reads frontal images only"};
    image.result.rows = image.source.rows;
    image.result.columns = image.source.columns;
    image.result.started_at_ms = 1795444205123;
    return image;
}

ReportedImage failed(int number) {
    ReportedImage image = lateral(number);
    image.result.verdict = inference::Verdict::failed;
    image.result.reason = {"failed",
                           {"failed", "99BUCKY", "Analysis failed"},
                           "the compressed pixels end after 12 of 2000 rows"};
    image.result.rows = 0;
    image.result.columns = 0;
    return image;
}

std::vector<std::uint8_t> image_of(const Source& source) {
    const bucky::test::NotForJudges without_pixels;
    auto dataset = std::make_unique<DcmDataset>();
    const auto set = [&](const DcmTagKey& tag, const std::string& text) {
        if (!text.empty()) (void)dataset->putAndInsertOFStringArray(tag, text);
    };
    set(DCM_SpecificCharacterSet, "ISO_IR 192");
    set(DCM_SOPClassUID, source.sop_class.str());
    set(DCM_SOPInstanceUID, source.sop_instance.str());
    for (const Copied& one : copied_attributes()) {
        set(DcmTagKey(one.group, one.element), source.*one.text);
    }
    write_patient_ids(*dataset, source);
    write_study_order(*dataset, source);
    set(DCM_StudyInstanceUID, source.study.str());
    set(DCM_SeriesInstanceUID, source.series.str());
    set(DCM_StudyTime, source.study_time);
    set(DCM_Modality, source.modality);
    set(DCM_SeriesNumber, source.series_number);
    set(DCM_InstanceNumber, source.instance_number);
    return to_part10(std::move(dataset));
}

ReportedImage bare(ReportedImage image) {
    Source source;
    source.study = image.source.study;
    source.series = image.source.series;
    source.sop_class = image.source.sop_class;
    source.sop_instance = image.source.sop_instance;
    source.rows = image.source.rows;
    source.columns = image.source.columns;
    image.source = source;
    return image;
}

StudyReport report(std::vector<ReportedImage> images) {
    StudyReport made;
    made.images = std::move(images);
    made.content_at_ms = 1795444205123;
    made.software_version = "0.1.0";
    return made;
}

Object altered(const Object& object, const std::function<void(DcmDataset&)>& alter) {
    const bucky::test::NotForJudges broken_on_purpose;
    auto file = from_part10(object.part10);
    alter(*file->getDataset());
    Object changed = object;
    changed.part10 = to_part10(std::unique_ptr<DcmDataset>(file->getAndRemoveDataset()));
    return changed;
}

void make_native(DcmDataset& dataset) {
    DcmRLEDecoderRegistration::registerCodecs();
    if (dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad()) {
        throw std::logic_error("no pixels");
    }
}

Picture picture(std::uint32_t rows, std::uint32_t columns) {
    Picture made{rows, columns, std::vector<std::uint8_t>(std::size_t{rows} * columns)};
    for (std::uint32_t r = 0; r < rows; ++r) {
        for (std::uint32_t c = 0; c < columns; ++c) {
            const double x = std::abs(2.0 * c / columns - 1);  // distance from the middle
            const double y = 2.0 * r / rows - 1;
            const double lung = std::hypot((x - 0.42) / 0.3, (y + 0.05) / 0.62);
            const double body = std::hypot(x / 0.95, y / 1.4);
            const double grey = body > 1 ? 6 : lung < 1 ? 70 + 60 * lung * lung : 190 - 40 * x;
            made.pixels[std::size_t{r} * columns + c] = static_cast<std::uint8_t>(grey);
        }
    }
    return made;
}

}  // namespace bucky::dicom_sr::examples
