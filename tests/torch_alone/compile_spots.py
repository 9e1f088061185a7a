# SPDX-License-Identifier: Apache-2.0
"""The spots model of tests/support/torch_models.cpp, compiled by AOTInductor for this machine's
processor, for any number of images up to 64. Needs PyTorch 2.6 or later and a C++ compiler.
Usage: compile_spots.py FILE.pt2
"""
import sys

import torch


class Spots(torch.nn.Module):
    def forward(self, x: torch.Tensor):
        small = torch.nn.functional.avg_pool2d(x, 4, 4)
        half = small.shape[3] // 2
        left = torch.cat([small[:, :, :, :half], torch.zeros_like(small[:, :, :, half:])], 3)
        heatmaps = torch.cat([left, small - left], 1)
        return torch.amax(heatmaps, (2, 3)), heatmaps


def main() -> None:
    example = torch.rand(2, 1, 64, 64)
    images = torch.export.Dim("images", max=64)
    program = torch.export.export(Spots().eval(), (example,), dynamic_shapes=({0: images},))
    torch._inductor.aoti_compile_and_package(program, package_path=sys.argv[1])


if __name__ == "__main__":
    main()
