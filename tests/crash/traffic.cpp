// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/traffic.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/support/poll.h"
#include "tests/support/senders.h"
#include "tests/support/wire_client.h"
#include "tools/phantom/recipe.h"
#include "tools/phantom/write.h"

namespace bucky::test {
namespace {

constexpr std::uint64_t kPictures = 6;
constexpr int kPixels = 320;  // the model takes smaller images for no radiograph
constexpr auto kSilenceMax = 60s;
constexpr auto kTryAgain = 30ms;
constexpr std::size_t kToolkitSender = 3;  ///< this one is dcmsend

struct SentStudy {
    std::string called;
    std::uint64_t study = 0, images = 0;
};

/// What a sender has sent so far, while its plan is drawn.
class Plan {
public:
    Plan(std::uint64_t seed, std::uint64_t sender) : seed_(seed), sender_(sender) {}

    std::vector<Shot> first(std::size_t count) {
        while (shots_.size() < count) {
            const auto kind = draw(10);
            if (studies_.empty() || kind < 6) {
                fresh();
            } else if (kind < 8) {
                late();
            } else {
                shots_.push_back(
                    shots_[shots_.size() - 1 - draw(std::min<std::size_t>(shots_.size(), 6))]);
            }
        }
        shots_.resize(count);
        return shots_;
    }

private:
    void fresh() {
        const auto whose = draw(20);
        const auto images = 1 + (draw(10) >= 7 ? 1 + draw(2) : 0);
        std::vector<std::string> all{whose < 12 ? kNobody : whose < 17 ? kNorth : kSouth};
        if (whose >= 18) all = {kNorth, kSouth};
        for (const auto& called : all) {
            studies_.push_back({called, next_study_, 0});
            shots_.push_back({called, next_images(studies_.back(), images)});
        }
        ++next_study_;
    }

    void late() {
        auto& study =
            studies_[studies_.size() - 1 - draw(std::min<std::size_t>(studies_.size(), 3))];
        shots_.push_back({study.called, next_images(study, 1)});
    }

    std::vector<PlannedImage> next_images(SentStudy& study, std::uint64_t count) const {
        std::vector<PlannedImage> images;
        for (std::uint64_t at = 0; at < count; ++at) {
            images.push_back({sender_, study.study, study.images++});
        }
        return images;
    }

    std::uint64_t draw(std::uint64_t end) { return drawn(seed_, 1000 + sender_, drawn_++, end); }

    std::uint64_t seed_, sender_, drawn_ = 0, next_study_ = 0;
    std::vector<SentStudy> studies_;
    std::vector<Shot> shots_;
};

std::string study_uid(std::uint64_t seed, const PlannedImage& image) {
    return fmt::format("2.25.{}{}{:06}", seed + 1, image.sender + 1, image.study);
}

}  // namespace

struct Traffic::Image {
    std::filesystem::path file;
    phantom::Written uids;
};

std::vector<Shot> planned_shots(std::uint64_t seed, std::uint64_t sender, std::size_t count) {
    return Plan{seed, sender}.first(count);
}

Traffic::Traffic(std::uint64_t seed, std::filesystem::path dir)
    : seed_(seed), dir_(std::move(dir)), last_study_(kSenders) {
    std::filesystem::create_directories(dir_);
    for (std::uint64_t at = 0; at < kPictures; ++at) {
        pictures_.push_back(phantom::draw(phantom::random_recipe(700 + at, kPixels, kPixels)));
    }
}

Traffic::~Traffic() {
    is_over_ = is_given_up_ = true;
}

void Traffic::begin() {
    at_work_ = kSenders;
    for (std::size_t sender = 0; sender < kSenders; ++sender) {
        senders_.emplace_back([this, sender] {
            send_all(sender);
            --at_work_;
        });
    }
}

bool Traffic::end(std::chrono::seconds at_most) {
    is_over_ = true;
    const bool ended = poll_until([&] { return at_work_ == 0; }, at_most);
    is_given_up_ = true;
    senders_.clear();  // joins
    return ended;
}

/// When a sender reaches the end of its plan, a longer plan is drawn.
void Traffic::send_all(std::size_t sender) {
    std::vector<Shot> shots;
    for (std::size_t at = 0; !is_over_; ++at) {
        if (at == shots.size()) shots = planned_shots(seed_, sender, 2 * at + 64);
        send(sender, shots[at]);
        (void)pause(std::chrono::milliseconds{40 + drawn(seed_, 2000 + sender, at, 200)});
    }
}

/// Returns false when the traffic ends.
bool Traffic::pause(std::chrono::milliseconds at_most) const {
    return !poll_until([&] { return is_over_.load(); }, at_most);
}

void Traffic::send(std::size_t sender, const Shot& shot) {
    std::vector<Image> images;
    for (const auto& planned : shot.images) images.push_back(write(planned));
    while (!images.empty() && !is_given_up_) {
        const auto statuses = offer(sender, shot.called, images);
        note(sender, shot.called, images, statuses);
        std::erase_if(images, [&](const Image& image) {
            const auto status = statuses.find(image.uids.sop_instance_uid);
            const bool waits = status == statuses.end() || (status->second & 0xFF00) == 0xA700;
            if (!waits) std::filesystem::remove(image.file);
            return !waits;
        });
        if (!images.empty()) std::this_thread::sleep_for(kTryAgain);
    }
}

Traffic::Image Traffic::write(const PlannedImage& planned) const {
    // One patient in five comes again: its later reports name its earlier ones.
    const bool comes_again = planned.study % 5 == 0;
    const auto patient = comes_again ? fmt::format("WALK-{}", planned.sender)
                                     : fmt::format("WALK-{}-{}", planned.sender, planned.study);
    const auto& picture =
        pictures_[drawn(seed_, planned.sender, comes_again ? 0 : planned.study, kPictures)];
    phantom::DicomOptions options;
    options.study_uid = study_uid(seed_, planned);
    options.series_uid = options.study_uid + "9";
    options.sop_instance_uid = fmt::format("{}8{:03}", options.study_uid, planned.number);
    options.instance_number = static_cast<int>(planned.number) + 1;
    options.patient_id = patient;
    options.patient_name = patient;
    Image image{dir_ / fmt::format("{}-{}.dcm", planned.sender, options.sop_instance_uid), {}};
    image.uids = phantom::write_dicom(picture, options, image.file);
    return image;
}

/// The DIMSE status by SOP Instance UID, for images that were answered.
std::map<std::string, int> Traffic::offer(std::size_t sender, const std::string& called,
                                          const std::vector<Image>& images) const {
    const int port = port_;
    if (port == 0) return {};
    const auto calling = fmt::format("XRAY{}", sender + 1);
    if (sender == kToolkitSender) {
        std::vector<std::filesystem::path> files;
        for (const auto& image : images) files.push_back(image.file);
        return dcmsend(port, files, called, calling).status;
    }
    std::map<std::string, int> statuses;
    try {
        WireClient client{port};
        client.wait_at_most(kSilenceMax);
        if (client.associate({kDxForPresentation, kExplicitLittleEndian, called, calling}) != 2) {
            return {};
        }
        for (const auto& image : images) {
            const auto status =
                client.store(image.uids.sop_instance_uid, dataset_of(image.file.string()));
            if (!status) return statuses;
            statuses[image.uids.sop_instance_uid] = *status;
        }
        client.release();
    } catch (const std::runtime_error&) {  // the node does not listen now
    }
    return statuses;
}

void Traffic::note(std::size_t sender, const std::string& called, const std::vector<Image>& images,
                   const std::map<std::string, int>& statuses) {
    const std::lock_guard lock(mutex_);
    for (const auto& image : images) {
        const auto status = statuses.find(image.uids.sop_instance_uid);
        if (status == statuses.end()) continue;
        if (status->second == 0) {
            const auto times = ++answered_[{called, image.uids.study_uid, status->first}];
            if (times > 1) ++sent_again_;
            last_study_[sender] = image.uids.study_uid;
        } else if ((status->second & 0xFF00) != 0xA700) {
            complaints_.push_back(
                fmt::format("{} was answered {:04X}", status->first, status->second));
        }
    }
}

std::vector<AnsweredImage> Traffic::answered() const {
    const std::lock_guard lock(mutex_);
    std::vector<AnsweredImage> all;
    for (const auto& [image, times] : answered_) all.push_back(image);
    return all;
}

std::string Traffic::last_study(std::size_t sender) const {
    const std::lock_guard lock(mutex_);
    return last_study_.at(sender);
}

std::vector<std::string> Traffic::complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

}  // namespace bucky::test
