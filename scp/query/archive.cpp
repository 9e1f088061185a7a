// SPDX-License-Identifier: Apache-2.0
#include "scp/query/archive.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "conf/base/error.h"
#include "conf/dicom/transfer_syntaxes.h"
#include "scp/wire/association.h"
#include "scp/wire/dataset_tags.h"
#include "scp/wire/query.h"
#include "scp/wire/target.h"

namespace bucky::scp {
namespace {

constexpr std::uint32_t kLevel = tag(0x0008, 0x0052);
constexpr std::uint32_t kStudyDate = tag(0x0008, 0x0020), kStudyTime = tag(0x0008, 0x0030);
constexpr std::uint32_t kSeriesTime = tag(0x0008, 0x0031);
constexpr std::uint32_t kAccessionNumber = tag(0x0008, 0x0050);
constexpr std::uint32_t kModality = tag(0x0008, 0x0060), kModalities = tag(0x0008, 0x0061);
constexpr std::uint32_t kManufacturer = tag(0x0008, 0x0070);
constexpr std::uint32_t kStationName = tag(0x0008, 0x1010);
constexpr std::uint32_t kPatientId = tag(0x0010, 0x0020), kIssuer = tag(0x0010, 0x0021);
constexpr std::uint32_t kBirthDate = tag(0x0010, 0x0030), kSex = tag(0x0010, 0x0040);
constexpr std::uint32_t kBodyPart = tag(0x0018, 0x0015);
constexpr std::uint32_t kStudyUid = tag(0x0020, 0x000D), kSeriesUid = tag(0x0020, 0x000E);
constexpr std::uint32_t kImagesOfStudy = tag(0x0020, 0x1208);
constexpr std::uint32_t kImagesOfSeries = tag(0x0020, 0x1209);

/// All answers together have so many times as long as one.
constexpr int kAnswersPerWait = 10;

std::string value(const Identifier& answer, std::uint32_t tag) {
    const auto found = answer.find(tag);
    return found == answer.end() ? std::string{} : found->second;
}

std::int64_t number(std::string_view text) {
    std::int64_t made = 0;
    const auto from = text.find_first_not_of(' ');
    if (from == std::string_view::npos) return 0;
    (void)std::from_chars(text.data() + from, text.data() + text.size(), made);
    return std::max<std::int64_t>(made, 0);
}

std::vector<std::string> parts(std::string_view text) {
    std::vector<std::string> made;
    while (!text.empty()) {
        const auto end = std::min(text.find('\\'), text.size());
        if (end > 0) made.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return made;
}

std::optional<Uid> uid_in(const Identifier& answer, std::uint32_t tag) {
    try {
        return Uid{value(answer, tag)};
    } catch (const Error&) {  // an answer without one, or with something else in its place
        return std::nullopt;
    }
}

std::string range_of(const StudyQuery& query) {  // PS3.4 C.2.2.2.5
    if (query.from.empty() && query.to.empty()) return "";
    return query.from == query.to ? query.from : query.from + '-' + query.to;
}

/// Whether an answer is one to this query; what the archive does not say fits.
bool fits(const StudyQuery& query, const ArchivedStudy& study) {
    const auto& day = study.date;
    if (!day.empty() && !query.from.empty() && day < query.from) return false;
    if (!day.empty() && !query.to.empty() && day > query.to) return false;
    if (query.study && study.study != *query.study) return false;
    const auto& wanted = query.modalities;
    return wanted.empty() || study.modalities.empty() ||
           std::ranges::any_of(study.modalities, [&](const auto& one) {
               return std::ranges::find(wanted, one) != wanted.end();
           });
}

/// PS3.4 C.2.2.2.4: these match more than themselves; text beyond ASCII needs a character set.
bool can_be_asked(const std::string& id) {
    return !id.empty() && std::ranges::all_of(id, [](char c) {
        return c >= ' ' && c <= '~' && c != '*' && c != '?' && c != '\\';
    });
}

bool is_of(const std::optional<PatientKeys>& patient, const Identifier& answer) {
    if (!patient) return true;
    const auto says = [&](std::uint32_t key, const std::string& wanted) {
        const auto said = value(answer, key);
        return said.empty() || said == wanted;
    };
    return value(answer, kPatientId) == patient->id &&
           value(answer, kBirthDate) == patient->birth_date && says(kIssuer, patient->issuer) &&
           says(kSex, patient->sex);
}

std::optional<ArchivedStudy> study_in(const Identifier& answer) {
    const auto uid = uid_in(answer, kStudyUid);
    if (!uid) return std::nullopt;
    return ArchivedStudy{.study = *uid,
                         .date = value(answer, kStudyDate),
                         .time = value(answer, kStudyTime),
                         .accession_number = value(answer, kAccessionNumber),
                         .modalities = parts(value(answer, kModalities)),
                         .images = number(value(answer, kImagesOfStudy))};
}

}  // namespace

struct Archive::Impl {
    Target target;
    const AeTitle calling;
    const FindLimits limits;
    const std::chrono::seconds fetch_timeout;
    std::unique_ptr<Association> association{};

    Association& connected();

    /// Runs `ask(association)`. After an exception the association is not used again.
    template <typename Ask>
    auto ask(Ask&& ask);
};

Archive::Archive(const conf::ArchiveSettings& archive, const AeTitle& calling, int give_up_fd)
    : impl_(new Impl{
          .target = target_of(archive),
          .calling = calling,
          .limits = {.answers = static_cast<std::size_t>(archive.matches_max),
                     .wait = std::chrono::seconds{archive.response_timeout_s},
                     .all = std::chrono::seconds{archive.response_timeout_s * kAnswersPerWait}},
          .fetch_timeout = std::chrono::seconds{archive.fetch_timeout_s}}) {
    impl_->target.give_up_fd = give_up_fd;
}

Archive::~Archive() {
    if (impl_->association) impl_->association->release();
}

Association& Archive::Impl::connected() {
    if (association && !association->is_dead()) return *association;
    association.reset();
    const std::vector<std::string> syntaxes{std::string{transfer_syntax::kExplicitLittleEndian},
                                            std::string{transfer_syntax::kImplicitLittleEndian}};
    const std::vector<Offer> offers{{std::string{kFindClass}, syntaxes},
                                    {std::string{kMoveClass}, syntaxes}};
    association = std::make_unique<Association>(target, calling, offers);
    return *association;
}

template <typename Ask>
auto Archive::Impl::ask(Ask&& ask) {
    try {
        return ask(connected());
    } catch (const Error&) {  // what is left of it may be the rest of an answer
        association.reset();
        throw;
    }
}

Found<ArchivedStudy> Archive::studies(const StudyQuery& query) {
    Found<ArchivedStudy> found;
    if (query.patient && !can_be_asked(query.patient->id)) return found;
    std::set<Uid> seen;
    auto modalities = query.modalities;
    if (modalities.empty()) modalities.emplace_back();
    for (const auto& modality : modalities) {  // a list of them is no key (PS3.4 C.2.2.2)
        Identifier keys{{kLevel, "STUDY"},       {kStudyDate, range_of(query)},
                        {kStudyTime, ""},        {kAccessionNumber, ""},
                        {kModalities, modality}, {kStudyUid, query.study ? query.study->str() : ""},
                        {kImagesOfStudy, ""}};
        if (query.patient) {
            keys.insert(
                {{kPatientId, query.patient->id}, {kIssuer, ""}, {kBirthDate, ""}, {kSex, ""}});
        }
        const auto take = [&](const Identifier& answer) {
            auto study = study_in(answer);
            if (!study || !fits(query, *study) || !is_of(query.patient, answer)) {
                ++found.unfit;
            } else if (seen.insert(study->study).second) {
                found.rows.push_back(std::move(*study));
            }
        };
        const bool all = impl_->ask(
            [&](Association& association) { return find(association, keys, impl_->limits, take); });
        if (all) continue;
        found.is_cut = true;
        impl_->association.reset();  // the rest of the answers may still come on it
    }
    std::ranges::sort(found.rows, {}, [](const ArchivedStudy& one) {
        return std::tie(one.date, one.time, one.study);
    });
    return found;
}

Found<ArchivedSeries> Archive::series(const Uid& study) {
    Found<ArchivedSeries> found;
    std::set<Uid> seen;
    const Identifier keys{{kLevel, "SERIES"}, {kStudyUid, study.str()}, {kSeriesUid, ""},
                          {kModality, ""},    {kStationName, ""},       {kManufacturer, ""},
                          {kBodyPart, ""},    {kSeriesTime, ""},        {kImagesOfSeries, ""}};
    const auto take = [&](const Identifier& answer) {
        const auto uid = uid_in(answer, kSeriesUid);
        const auto of_study = uid_in(answer, kStudyUid);
        if (!uid || (of_study && *of_study != study)) {
            ++found.unfit;
        } else if (seen.insert(*uid).second) {
            found.rows.push_back({.series = *uid,
                                  .modality = value(answer, kModality),
                                  .station = value(answer, kStationName),
                                  .manufacturer = value(answer, kManufacturer),
                                  .body_part = value(answer, kBodyPart),
                                  .time = value(answer, kSeriesTime),
                                  .images = number(value(answer, kImagesOfSeries))});
        }
    };
    found.is_cut = !impl_->ask(
        [&](Association& association) { return find(association, keys, impl_->limits, take); });
    if (found.is_cut) impl_->association.reset();
    std::ranges::sort(found.rows, {}, &ArchivedSeries::series);
    return found;
}

Fetched Archive::fetch(const Uid& study, const Uid& series, const AeTitle& destination) {
    const Identifier keys{{kLevel, "SERIES"}, {kStudyUid, study.str()}, {kSeriesUid, series.str()}};
    const auto outcome = impl_->ask([&](Association& association) {
        return move(association, keys, destination, impl_->fetch_timeout);
    });
    Fetched fetched{.sent = outcome.completed + outcome.warned, .failed = outcome.failed};
    if (outcome.status != 0) {
        fetched.trouble = words_for_move_status(outcome.status);
        if (!outcome.comment.empty()) fetched.trouble += ": " + outcome.comment;
    } else if (fetched.failed > 0) {
        fetched.trouble = fmt::format("{} images could not be sent", fetched.failed);
    } else if (fetched.sent == 0) {
        fetched.trouble = "it has nothing of this any more";
    }
    return fetched;
}

}  // namespace bucky::scp
