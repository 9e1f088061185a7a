# SPDX-License-Identifier: Apache-2.0
"""The network of models/cxr-phantom: a small U-Net with global context.

In:  float32 [N, 1, 256, 256], display values 0..1 (bright = dense), letterboxed.
Out: (scores [N, 4], heatmaps [N, 4, 128, 128]), both 0..1, in the order of FINDINGS.
Plain modules only, so that LibTorch's freeze and optimize_for_inference can fold all of them.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

FINDINGS = ["nodule", "tuberculosis", "pneumothorax", "pneumonia"]
SIDE = 256


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.first = conv(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.second(self.first(x)))


class Stage(nn.Module):
    """Halves the size, then refines."""

    def __init__(self, inputs: int, outputs: int, blocks: int):
        super().__init__()
        self.down = conv(inputs, outputs, 3, 2)
        self.refine = nn.Sequential(*[Residual(outputs) for _ in range(blocks)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.refine(self.down(x))


class Merge(nn.Module):
    """Doubles the size and adds the features of that size from the encoder."""

    def __init__(self, deep: int, skip: int):
        super().__init__()
        self.squeeze = nn.Conv2d(deep, skip, 1)
        self.blend = conv(skip, skip)

    def forward(self, deep: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        up = F.interpolate(self.squeeze(deep), scale_factor=2.0, mode="nearest")
        return self.blend(up + skip)


class PhantomNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(1, 16, 7, 4), Residual(16))  # 64 x 64
        self.stage32 = Stage(16, 32, 2)
        self.stage16 = Stage(32, 64, 2)
        self.stage8 = Stage(64, 96, 2)
        self.context = nn.Linear(96, 96)
        self.merge16 = Merge(96, 64)
        self.merge32 = Merge(64, 32)
        self.merge64 = Merge(32, 16)
        self.last = conv(16, 32)
        # Four heatmap pixels for each place: 128 x 128 at the cost of 64 x 64.
        self.heat = nn.Sequential(nn.Conv2d(32, 4 * len(FINDINGS), 1), nn.PixelShuffle(2))
        self.score = nn.Linear(96 + 2 * len(FINDINGS), len(FINDINGS))
        nn.init.constant_(self.heat[0].bias, -4.0)  # few pixels are lesions

    def logits(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        at64 = self.stem(x)
        at32 = self.stage32(at64)
        at16 = self.stage16(at32)
        at8 = self.stage8(at16)
        pooled = at8.mean(dim=[2, 3])
        # Global context for each place: exposure, size, which lung is abnormal.
        at8 = at8 * torch.sigmoid(self.context(pooled)).unsqueeze(2).unsqueeze(3)
        at16 = self.merge16(at8, at16)
        at32 = self.merge32(at16, at32)
        at64 = self.merge64(at32, at64)
        heat = self.heat(self.last(at64))
        # A finding has the score of its best place, averaged over a few pixels against noise.
        calm = F.avg_pool2d(heat, 3, 1)
        best = calm.amax(dim=[2, 3])
        share = torch.sigmoid(heat).mean(dim=[2, 3]).add(1e-4).log()
        score = self.score(torch.cat([pooled, best, share], dim=1))
        return score, heat

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        score, heat = self.logits(x)
        return torch.sigmoid(score), torch.sigmoid(heat)
