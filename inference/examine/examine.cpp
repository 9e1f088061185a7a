// SPDX-License-Identifier: Apache-2.0
#include "inference/examine/examine.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "inference/examine/mask_text.h"
#include "inference/pixels/view.h"
#include "inference/reasons.h"
#include "inference/run/interpret.h"
#include "inference/run/lung_field.h"
#include "inference/run/prepare.h"

namespace bucky::inference {
namespace {

/// Whether the fault is not the image's: a later try may succeed, or the program has a bug. Such a
/// fault is thrown; it never becomes the verdict of an image.
bool must_be_thrown(Fault fault) {
    switch (fault) {
        case Fault::unavailable:
        case Fault::exhausted:
        case Fault::bug: return true;
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt: return false;
    }
    __builtin_unreachable();
}

void give_up(ImageResult& result, Verdict verdict, Reason why) {
    result.verdict = verdict;
    result.reason = std::move(why);
    result.findings.clear();
}

/// Runs one step of the analysis. A fault of the image or the model becomes this verdict and
/// reason.
template <typename Step>
bool attempt(ImageResult& result, Verdict otherwise, const char* reason_key, Step step) {
    try {
        step();
        return true;
    } catch (const DecoderDied& died) {  // the image's fault: a verdict, not a retry
        give_up(result, Verdict::not_analysed, reason("image.decoder_died", died.what()));
        return false;
    } catch (const Error& wrong) {  // becomes a verdict unless a retry may help
        if (must_be_thrown(wrong.fault())) throw;
        give_up(result, otherwise, reason(reason_key, wrong.what()));
        return false;
    } catch (const std::bad_alloc&) {  // thrown by codecs and LibTorch; a retry may help
        throw Error(Fault::exhausted, "no memory to examine an image");
    }
}

/// What the packages that look at one image share: it is decoded once, the gate is asked once, and
/// text is searched for once in the greys that leave.
struct Seen {
    Image image;
    std::map<Greys, TextSearch> text;
    bool is_decoded = false;
    std::string digest;                      ///< of its pixels; empty: not computed yet
    std::function<void(const Image&)> told;  ///< Beside::seen, until it is told
    std::optional<std::vector<Objection>> objections;
    bool is_refused = false;  ///< by the gate: no package looks at it
};

/// Objections of the gate become warnings. In mode "refuse" the first serious one becomes the
/// reason not to analyse. Returns whether the image may be analysed.
bool passes_gate(ImageResult& result, const Shelf& shelf, Seen& seen, const Header& header) {
    const Gate* gate = shelf.gate();
    if (gate == nullptr) return true;
    if (!seen.objections) {
        seen.objections =
            objections(gate->look(seen.image), limits_for(gate->package().limits, header),
                       header.patient_orientation);
    }
    for (const Objection& objection : *seen.objections) {
        if (objection.serious && shelf.gate_mode() == GateMode::refuse) {
            give_up(result, Verdict::not_analysed, objection.reason);
            seen.is_refused = true;
            return false;
        }
        result.warnings.push_back(objection.reason);
    }
    return true;
}

/// Warns where the picture is not made as the header says. Returns whether it can be read at all.
bool can_be_read(ImageResult& result, const Image& image, const InputSpec& spec) {
    if (!image.note.empty()) {
        result.warnings.push_back(reason("grey.header_wrong", image.note));
        result.window += "; " + image.note;
    }
    if (!image.grey.replaced.empty() && spec.values == Values::display) {
        result.warnings.push_back(
            reason("grey.view_replaced",
                   fmt::format("analysed with {}: {}", image.grey.view, image.grey.replaced)));
    }
    auto why = unreadable(image.use);
    if (why) give_up(result, Verdict::not_analysed, reason("grey.no_contrast", std::move(*why)));
    return !why;
}

bool is_present(const Finding& finding) {
    return finding.answer == Answer::present;
}

bool has_place(const Finding& finding) {
    return !finding.regions.empty();
}

/// "FUJIFILM DR-XD 1000". The maker is not repeated where the model's name begins with it.
std::string equipment_of(const Header& header) {
    const auto& maker = header.manufacturer;
    const auto& model = header.model_name;
    if (maker.empty() || model.starts_with(maker)) return model;
    return model.empty() ? maker : maker + ' ' + model;
}

const std::string& digest_of(Seen& seen) {
    static_assert(std::endian::native == std::endian::little);
    if (seen.digest.empty()) {
        const auto bytes = std::as_bytes(std::span{seen.image.frame.patterns});
        seen.digest = hex(sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    }
    return seen.digest;
}

/// What is done with an image while the model runs.
void use_the_wait(Seen& seen) {
    if (const auto told = std::exchange(seen.told, nullptr)) told(seen.image);
    (void)digest_of(seen);
}

/// Looks for text in the pixels before they leave this machine, and masks it in what leaves.
/// Returns whether the image may leave.
bool keep_text_here(const std::filesystem::path& file, const Header& header, const InputSpec& spec,
                    Decoder& decoder, Seen& seen, Prepared& prepared, ImageResult& result) {
    const auto greys = spec.values == Values::display ? Greys::display : Greys::modality;
    if (!seen.text.contains(greys)) seen.text.emplace(greys, decoder.text(file, greys));
    Image leaving = seen.image;
    Masked masked = mask_text(leaving, seen.text.at(greys), care_for(header));
    if (masked.withheld) {
        give_up(result, Verdict::not_analysed, std::move(*masked.withheld));
        return false;
    }
    result.masked = static_cast<std::uint32_t>(masked.lines);
    if (result.masked > 0) prepared = prepare(leaving, spec);
    return true;
}

/// Decodes, prepares, asks the gate, runs the model and interprets, all with one package.
void look_closely(const std::filesystem::path& file, const Header& header, const Shelf& shelf,
                  const LoadedPackage& by, Decoder& decoder, Seen& seen, ImageResult& result) {
    const Package& package = by.package;
    const Image& image = seen.image;
    result.model = package.identity;
    if (!by.model->answers()) {  // before any work is done for nothing
        throw NobodyAnswers(fmt::format("{}: nobody answers", package.identity.name));
    }
    Prepared prepared;
    const bool ready = attempt(result, Verdict::not_analysed, "image.not_decodable", [&] {
        if (!seen.is_decoded) seen.image = decoder.image(file);
        seen.is_decoded = true;
        prepared = prepare(image, package.input);
        result.window = prepared.window;
        if (image.frames > 1) result.window += fmt::format("; frame 1 of {}", image.frames);
    });
    if (!ready) return;
    if (image.without_end) {
        result.warnings.push_back(reason("image.no_end_marker",
                                         "the compressed image has no end marker; every pixel "
                                         "was there"));
    }
    if (!can_be_read(result, image, package.input)) return;

    bool may_be_analysed = false;
    const bool judged = attempt(result, Verdict::failed, "gate.failed", [&] {
        may_be_analysed = passes_gate(result, shelf, seen, header);
    });
    if (!judged || !may_be_analysed) return;

    if (!by.model->text_may_pass()) {
        bool may_leave = false;
        const bool searched = attempt(result, Verdict::not_analysed, "privacy.not_searched", [&] {
            may_leave =
                keep_text_here(file, header, package.input, decoder, seen, prepared, result);
        });
        if (!searched || !may_leave) return;
    }

    const bool answered = attempt(result, Verdict::failed, "model.failed", [&] {
        ModelOutput output = by.model->run_and(prepared.input, [&] { use_the_wait(seen); });
        result.device = std::move(output.device);
        result.findings =
            interpret(output, package, prepared.placement, header.patient_orientation);
        if (std::ranges::any_of(result.findings, has_place)) {
            result.lungs = lung_field(prepared.input, package.input, prepared.placement);
        }
    });
    if (!answered) return;
    const bool any = std::any_of(result.findings.begin(), result.findings.end(), is_present);
    result.verdict = any ? Verdict::findings : Verdict::no_findings;
}

void look(const std::filesystem::path& file, const Header& header, const Shelf& shelf,
          const LoadedPackage& by, Decoder& decoder, Seen& seen, ImageResult& result) {
    look_closely(file, header, shelf, by, decoder, seen, result);
    if (seen.is_decoded) result.pixels_sha256 = digest_of(seen);
}

}  // namespace

ImageResult examine(const std::filesystem::path& file, const Shelf& shelf,
                    std::int64_t started_at_ms, Decoder& decoder, const Among& among,
                    const Beside& beside) {
    ImageResult result;
    result.started_at_ms = started_at_ms;
    const auto undecodable = [&](auto step) {
        return attempt(result, Verdict::not_analysed, "image.not_decodable", step);
    };
    Header header;
    if (!undecodable([&] { header = decoder.header(file); })) return result;
    result.rows = header.rows;
    result.columns = header.columns;
    if (beside.equipment != nullptr) *beside.equipment = equipment_of(header);

    Shelf::Choice choice = shelf.choose(header, among);
    if (choice.taken == nullptr) {
        give_up(result, Verdict::not_analysed, std::move(*choice.refused));
        return result;
    }
    for (const LoadedPackage* further : choice.further) {
        if (!further->model->answers() && !among.fails_alone) {  // before any work is done
            throw NobodyAnswers(fmt::format("{}: nobody answers", further->package.identity.name));
        }
    }
    Seen seen;
    seen.told = beside.seen;
    const auto ask = [&](const LoadedPackage& by, ImageResult& answer) {
        try {
            look(file, header, shelf, by, decoder, seen, answer);
        } catch (const Error& wrong) {  // with others beside it, it fails alone in the end
            if (!among.fails_alone || wrong.fault() == Fault::bug) throw;
            give_up(answer, Verdict::failed,
                    reason("model.failed",
                           "the device that runs the model did not answer, or had "
                           "not enough memory"));
        }
    };
    ask(*choice.taken, result);
    for (const LoadedPackage* further : choice.further) {
        if (!seen.is_decoded || seen.is_refused) break;  // what it says is of the image
        ImageResult& other = result.others.emplace_back();
        other.started_at_ms = started_at_ms;
        other.rows = header.rows;
        other.columns = header.columns;
        ask(*further, other);
    }
    return result;
}

std::vector<ImageResult> examine_by_shadows(const std::filesystem::path& file, const Shelf& shelf,
                                            std::int64_t started_at_ms, Decoder& decoder,
                                            const Among& among) {
    std::vector<ImageResult> results;
    Header header;
    ImageResult unread;
    if (!attempt(unread, Verdict::not_analysed, "image.not_decodable",
                 [&] { header = decoder.header(file); })) {
        return results;  // examine() has reported the reason
    }
    Seen seen;
    for (const LoadedPackage* shadow : shelf.shadows_of(header, among)) {
        ImageResult& result = results.emplace_back();
        result.started_at_ms = started_at_ms;
        result.rows = header.rows;
        result.columns = header.columns;
        look(file, header, shelf, *shadow, decoder, seen, result);
    }
    return results;
}

}  // namespace bucky::inference
