// SPDX-License-Identifier: Apache-2.0
// Traffic: four modalities that send without a pause.
//
// The n-th transmission of a sender is a pure function of the seed: studies of one to three images
// over one association, images that arrive late for a study that was reported, images sent again,
// the same study to two tenants. A sender repeats an image until it is answered with success, as a
// modality does. Three speak DICOM byte by byte (WireClient), the fourth is DCMTK's dcmsend.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/walk.h"
#include "tools/phantom/draw.h"

namespace bucky::test {

inline constexpr auto kNobody = "BUCKY";  ///< the node's own AE title: no tenant
inline constexpr auto kNorth = "NORTH";
inline constexpr auto kSouth = "SOUTH";

/// One planned image, as numbers only.
struct PlannedImage {
    std::uint64_t sender = 0, study = 0, number = 0;
    auto operator<=>(const PlannedImage&) const = default;
};

/// The images of one association.
struct Shot {
    std::string called;  ///< kNobody, kNorth, kSouth
    std::vector<PlannedImage> images;
};

/// The first `count` associations of a sender.
std::vector<Shot> planned_shots(std::uint64_t seed, std::uint64_t sender, std::size_t count);

/// An image that was answered with success.
struct AnsweredImage {
    std::string called, study, sop_instance;
    auto operator<=>(const AnsweredImage&) const = default;
};

class Traffic {
public:
    /// Draws the pictures; nothing is sent yet. Images are written into `dir`.
    Traffic(std::uint64_t seed, std::filesystem::path dir);
    ~Traffic();

    void begin();
    void node_listens_at(int port) { port_ = port; }  ///< 0: not listening
    /// Every sender finishes what it has begun. Returns false when that took longer.
    bool end(std::chrono::seconds at_most);

    std::vector<AnsweredImage> answered() const;  ///< each image once, in order
    /// The study that this sender began last, with an answered image; "" before that.
    std::string last_study(std::size_t sender) const;
    std::size_t sent_again() const { return sent_again_; }
    std::vector<std::string> complaints() const;  ///< answers that no good image should get

private:
    struct Image;
    void send_all(std::size_t sender);
    void send(std::size_t sender, const Shot& shot);
    bool pause(std::chrono::milliseconds at_most) const;
    Image write(const PlannedImage& planned) const;
    std::map<std::string, int> offer(std::size_t sender, const std::string& called,
                                     const std::vector<Image>& images) const;
    void note(std::size_t sender, const std::string& called, const std::vector<Image>& images,
              const std::map<std::string, int>& statuses);

    const std::uint64_t seed_;
    const std::filesystem::path dir_;
    std::vector<phantom::Phantom> pictures_;
    std::atomic<int> port_ = 0;
    std::atomic<bool> is_over_ = false, is_given_up_ = false;
    std::atomic<std::size_t> sent_again_ = 0, at_work_ = 0;
    mutable std::mutex mutex_;
    std::map<AnsweredImage, int> answered_;  // guarded by mutex_
    std::vector<std::string> last_study_;    // guarded by mutex_
    std::vector<std::string> complaints_;    // guarded by mutex_
    std::vector<std::jthread> senders_;
};

}  // namespace bucky::test
