// SPDX-License-Identifier: Apache-2.0
// TorchScript for tests, defined in C++. Only this test file includes LibTorch's headers.
#include <torch/script.h>

#include "tests/support/torch_models.h"

namespace bucky::test {
namespace {

constexpr const char* kSpots = R"JIT(
def spots(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    small = torch.avg_pool2d(x, [4, 4], [4, 4])
    half = small.size(3) // 2
    left = torch.cat([small[:, :, :, :half], torch.zeros_like(small[:, :, :, half:])], 3)
    heatmaps = torch.cat([left, small - left], 1)
    return torch.amax(heatmaps, [2, 3]), heatmaps
)JIT";

const char* forward_of(Behaviour behaviour) {
    switch (behaviour) {
        case Behaviour::bright_spots:
            return R"JIT(
def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    return self.spots(x)
)JIT";
        case Behaviour::scores_only:
            return R"JIT(
def forward(self, x: Tensor) -> Tensor:
    return self.spots(x)[0]
)JIT";
        case Behaviour::not_finite:
            return R"JIT(
def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    scores, heatmaps = self.spots(x)
    return scores * float('nan'), heatmaps
)JIT";
        case Behaviour::out_of_range:
            return R"JIT(
def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    scores, heatmaps = self.spots(x)
    return scores + 7.5, heatmaps
)JIT";
        case Behaviour::wrong_shape:
            return R"JIT(
def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    scores, heatmaps = self.spots(x)
    return torch.cat([scores, scores[:, :1]], 1), torch.cat([heatmaps, heatmaps[:, :1]], 1)
)JIT";
        case Behaviour::no_tensor:
            return R"JIT(
def forward(self, x: Tensor) -> str:
    return "healthy"
)JIT";
        case Behaviour::gate:
            return R"JIT(
def forward(self, x: Tensor) -> Tensor:
    return torch.adaptive_avg_pool2d(x, [7, 1])[:, 0, :, 0]
)JIT";
        case Behaviour::throws_on_white:
            return R"JIT(
def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    assert bool(torch.amax(x) < 1.0), "too white for me"
    return self.spots(x)
)JIT";
    }
    __builtin_unreachable();
}

}  // namespace

void write_model(const std::filesystem::path& file, Behaviour behaviour) {
    torch::jit::Module module("TestModel");
    module.define(kSpots);
    module.define(forward_of(behaviour));
    module.save(file.string());
}

}  // namespace bucky::test

extern "C" __attribute__((visibility("default"))) decltype(&bucky::test::write_model)
    const bucky_test_write_model = &bucky::test::write_model;
