// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine and with every standard library.
//
// A stream is named by (seed, name of the part), so one part of a phantom can change without an
// effect on the others: a seed with and without a lesion is the same patient. Plain values, no
// global state; one Random for each thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace bucky::phantom {

/// A hash of `x` with 64 well mixed bits (the finaliser of SplitMix64).
constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

class Random {
public:
    Random(std::uint64_t seed, std::string_view part) : state_(mix(seed)) {
        for (const char c : part) state_ = mix(state_ ^ static_cast<unsigned char>(c));
    }

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        return mix(state_);
    }

    /// A value in [low, high).
    double uniform(double low, double high) {
        return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1.0p-53);
    }

    /// A value in [low, high], both included.
    int integer(int low, int high) {
        const auto span = static_cast<std::uint64_t>(high - low + 1);
        return low + static_cast<int>(next() % span);
    }

    bool chance(double probability) { return uniform(0, 1) < probability; }

    double normal(double mean, double deviation) {
        constexpr double kTwoPi = 6.283185307179586;
        const double radius = std::sqrt(-2 * std::log(1 - uniform(0, 1)));
        return mean + deviation * radius * std::cos(kTwoPi * uniform(0, 1));
    }

private:
    std::uint64_t state_;
};

/// Noise with mean 0 and deviation 1 for one pixel; depends only on its position. The sum of four
/// 16-bit uniform values is close enough to normal for quantum noise, and about ten times faster.
inline float pixel_noise(std::uint64_t seed, std::uint64_t index) {
    const std::uint64_t h = mix(seed ^ (index * 0xD1B54A32D192ED03ULL));
    const auto sum =
        static_cast<float>((h & 0xFFFF) + ((h >> 16) & 0xFFFF) + ((h >> 32) & 0xFFFF) + (h >> 48));
    return (sum - 131070.0F) / 37837.0F;
}

}  // namespace bucky::phantom
