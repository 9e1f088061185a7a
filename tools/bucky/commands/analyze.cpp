// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/settings.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "inference/examine/examine.h"
#include "inference/findings_json.h"
#include "inference/pixels/display.h"
#include "inference/pixels/header.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/choice_option.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/shared/progress.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using inference::Verdict;

struct Asked {
    std::vector<fs::path> files, models;
    fs::path out;
    std::string device = "auto";
    Language language = Language::english;
    Marking style = Marking::outline;
    Answering answer = conf::InferenceSettings{}.answer;
    std::optional<GateMode> gate;  ///< none: refuse if there is a gate beside the first model
};

inference::GateOptions gate_of(const Asked& asked) {
    const auto folder = inference::gate_beside(asked.models);
    const auto unless_told = fs::exists(folder / "model.toml") ? GateMode::refuse : GateMode::off;
    return {asked.gate.value_or(unless_told), folder};
}

bool is_dicom(const fs::path& file, inference::Decoder& decoder) {
    try {
        (void)decoder.header(file);
        return true;
    } catch (const Error&) {  // not DICOM, or nothing that can be decoded
        return false;
    }
}

/// A folder holds other files too, for example truth.json: a file that is not DICOM is an error
/// only when it is named itself.
std::vector<fs::path> dicom_files_of(const std::vector<fs::path>& asked,
                                     inference::Decoder& decoder) {
    auto files = files_of(asked);
    std::erase_if(files, [&](const fs::path& file) {
        const bool is_named = std::find(asked.begin(), asked.end(), file) != asked.end();
        return !is_named && !is_dicom(file, decoder);
    });
    return files;
}

/// One run over many files: each image is analysed by itself; a study's report is made at the end.
class Analysis {
public:
    Analysis(const Asked& asked, DecoderPool& decoders)
        : asked_(asked),
          decoders_(decoders),
          shelf_(asked.models, {asked.device, 0}, gate_of(asked)),
          style_{asked.language, dicom_sr::OverlayStyle{}.longer_side, BUCKY_VERSION} {
        style_.marking = asked.style;
        fs::create_directories(asked.out);
    }

    void look_at(const fs::path& file) {
        const auto started_ms = clock_.now_ms();
        try {
            const auto result = inference::examine(
                file, shelf_, started_ms, decoders_,
                {.folders = {}, .name = {}, .each = asked_.answer == Answering::all});
            const auto stem = name_for(file);
            write_file(asked_.out / (stem + ".json"), inference::to_json(result) + '\n');
            tell(file, result, clock_.now_ms() - started_ms);
            const auto answers = inference::answers_of(result);
            any_failed_ |=
                std::ranges::count(answers, Verdict::failed, &inference::ImageResult::verdict) > 0;
            if (result.reason && result.reason->key == "image.decoder_died") {
                throw Error(Fault::bad_input, "{}", result.reason->text);
            }
            std::vector<dicom_sr::ReportedImage> image;
            for (const auto& answer : answers) {
                image.push_back({decoders_.source(file), answer});
                image.back().is_one_of_several = answers.size() > 1;
            }
            const dicom_sr::Answers all{image};
            if (dicom_sr::is_answered(all)) draw(file, all, stem);
            std::ranges::move(image, std::back_inserter(studies_[all.source().study]));
        } catch (const std::exception& error) {  // one bad file does not stop the run
            complain(file.string(), error.what());
        }
    }

    void report() {
        for (auto& [study, images] : studies_) {
            dicom_sr::StudyReport report;
            report.language = asked_.language;
            report.software_version = BUCKY_VERSION;
            report.content_at_ms = images.front().result.started_at_ms;
            report.images = std::move(images);
            try {
                const auto object = dicom_sr::measurement_report(report);
                keep(object, report.images.front().source, study.str() + ".sr.dcm");
            } catch (const std::exception& error) {
                // one study without a report does not stop the run
                complain("study " + study.str(), error.what());
            }
        }
    }

    std::string table() const { return table_.text(); }
    const std::vector<std::string>& complaints() const { return complaints_; }
    bool any_failed() const { return any_failed_; }

private:
    /// The file's name without its extension; numbered when another folder had the same name.
    std::string name_for(const fs::path& file) {
        const auto stem = file.stem().string();
        const int same = ++names_[stem];
        return same == 1 ? stem : fmt::format("{}-{}", stem, same);
    }

    void draw(const fs::path& file, const dicom_sr::Answers& image, const std::string& stem) {
        const auto grey = inference::render_for_display(file, decoders_);
        const auto drawing = dicom_sr::draw_overlay(
            image, {grey.rows, grey.columns, grey.pixels, grey.pixel_ratio}, style_);
        write_file(asked_.out / (stem + ".png"), dicom_sr::to_png(drawing));
        keep(dicom_sr::secondary_capture(image, drawing, style_), image.source(),
             stem + ".overlay.dcm");
    }

    void keep(const dicom_sr::Object& object, const dicom_sr::Source& source,
              const std::string& name) {
        const auto wrong = dicom_sr::verify(object, source);
        if (!wrong.empty()) {
            throw Error(Fault::corrupt, "{} is not fit to leave: {}", name, fmt::join(wrong, "; "));
        }
        write_file(asked_.out / name, object.part10);
    }

    static std::string words_of(const inference::Finding& finding) {
        const auto side =
            finding.regions.empty() ? inference::Side::unknown : finding.regions.front().side;
        const auto name = finding.answer == inference::Answer::undetermined
                              ? inference::name_of(finding.answer)
                              : inference::name_of(side);
        return fmt::format("{} {}{}{}", finding.key, dicom_sr::score_text(finding.score),
                           name.empty() ? "" : " ", name);
    }

    void tell(const fs::path& file, const inference::ImageResult& result, std::int64_t took_ms) {
        std::vector<std::string> said;
        const auto say = [&](std::string words) {  // packages share what the gate says
            if (std::ranges::count(said, words) == 0) said.push_back(std::move(words));
        };
        for (const auto& answer : inference::answers_of(result)) {
            const auto whose =
                result.others.empty() || !answer.model ? "" : answer.model->name + ": ";
            for (const auto& finding : answer.findings) {
                if (finding.answer != inference::Answer::absent) say(whose + words_of(finding));
            }
            if (answer.reason) say(whose + answer.reason->text);
        }
        for (const auto& answer : inference::answers_of(result)) {
            for (const auto& warning : answer.warnings) say("! " + warning.text);
        }
        table_.row({file.filename().string(),
                    std::string{inference::name_of(inference::verdict_of(result))},
                    std::to_string(took_ms), printable(fmt::format("{}", fmt::join(said, ", ")))});
    }

    void complain(const std::string& about, const char* words) {
        any_failed_ = true;
        complaints_.push_back(fmt::format("{}: {}", about, printable(words)));
    }

    const Asked& asked_;
    SystemClock clock_;
    DecoderPool& decoders_;
    inference::Shelf shelf_;
    dicom_sr::OverlayStyle style_;
    std::map<std::string, int> names_;
    std::map<Uid, std::vector<dicom_sr::ReportedImage>> studies_;
    Table table_{{{"FILE"}, {"VERDICT"}, {"MS", Align::right}, {"FINDINGS, OR WHY NOT"}}};
    std::vector<std::string> complaints_;
    bool any_failed_ = false;
};

int analyze(const Asked& asked) {
    scp::start_wire();
    DecoderPool decoders{1};  // no file is opened in this process
    const auto files = dicom_files_of(asked.files, decoders);
    Analysis analysis{asked, decoders};
    {
        Progress progress{"analysing", files.size()};
        for (const auto& file : files) {
            analysis.look_at(file);
            progress.step();
        }
    }
    analysis.report();
    std::cout << analysis.table();
    for (const auto& complaint : analysis.complaints()) std::cerr << "bucky: " << complaint << '\n';
    return analysis.any_failed() ? 1 : 0;
}

}  // namespace

void add_analyze(CLI::App& app, int& exit_status) {
    auto* command =
        app.add_subcommand("analyze", "Report, pictures and JSON of files, without the network");
    const auto asked = std::make_shared<Asked>();
    command->add_option("FILE", asked->files, "DICOM files, or folders of them")
        ->required()
        ->type_name("");
    command->add_option("--model", asked->models, "Model packages, in order of preference")
        ->required()
        ->check(existing_folder())
        ->type_name("DIR");
    command->add_option("--out", asked->out, "Folder for what is made")
        ->required()
        ->type_name("DIR");
    command->add_option("--device", asked->device, "auto, cpu, cuda or cuda:N")
        ->capture_default_str();
    add_choice(*command, "--gate", asked->gate,
               "off, warn or refuse; refuse unless told, where cxr-gate lies beside the model")
        ->type_name("WHAT");
    add_choice(*command, "--answer", asked->answer,
               "Which of the models that accept a file analyse it: first or all")
        ->type_name("WHICH");
    add_choice(*command, "--language", asked->language, "Of finding names")->type_name("LANGUAGE");
    add_choice(*command, "--style", asked->style, "Of pictures: outline, heatmap or both")
        ->type_name("STYLE");
    command->callback([asked, &exit_status] { exit_status = analyze(*asked); });
}

}  // namespace bucky
