# SPDX-License-Identifier: Apache-2.0
"""The network of models/cxr-nodule.

In:  float32 [N, 1, 448, 448], display values 0..1 (bright = dense), letterboxed.
Out: (scores [N, 1], heatmaps [N, 1, 112, 112]), both 0..1.

The lung field is found first, and only places in it count. Greys are compared with those around
them at two scales, so exposure and window have little effect. All is convolutional: the network is
trained on crops and asked about whole films. The score is that of the best place.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

from lung_field import LungNet, field
from phantom_net import Merge, Residual, Stage, conv

SIDE = 448
STEP = 4           # pixels of a place in the heatmap
NOWHERE = -12.0    # logit of a place outside of the lung field


def around(x: torch.Tensor, side: int) -> torch.Tensor:
    """The mean over a square of side x side."""
    reach = side // 2
    rows = F.avg_pool2d(x, [side, 1], [1, 1], [reach, 0], False, False)
    return F.avg_pool2d(rows, [1, side], [1, 1], [0, reach], False, False)


def contrast(x: torch.Tensor) -> torch.Tensor:
    """[N, 2, H, W]: greys relative to their surroundings of 36 and of 100 pixels."""
    small = F.avg_pool2d(x, 4)
    parts = []
    for side in (9, 25):
        mean = around(small, side)
        spread = (around(small.square(), side) - mean.square()).clamp(min=0.0).sqrt()
        both = F.interpolate(torch.cat([mean, spread], dim=1), scale_factor=4.0, mode="bilinear",
                             align_corners=False)
        parts.append(((x - both[:, :1]) / (both[:, 1:] + 0.02)).clamp(-4.0, 4.0))
    return torch.cat(parts, dim=1)


class NoduleNet(nn.Module):
    def __init__(self, lungs: LungNet) -> None:
        super().__init__()
        self.lungs, self.nowhere = lungs, NOWHERE
        self.stem = nn.Sequential(conv(2, 16, 5, 2), conv(16, 24, 3, 2), Residual(24))  # 112
        self.stage56 = Stage(24, 56, 2)
        self.stage28 = Stage(56, 80, 2)
        self.stage14 = Stage(80, 80, 1)
        self.merge28 = Merge(80, 80)
        self.merge56 = Merge(80, 56)
        self.merge112 = Merge(56, 24)
        self.heat = nn.Conv2d(24, 1, 1)
        nn.init.constant_(self.heat.bias, -4.0)  # few places are nodules

    def places(self, seen: torch.Tensor) -> torch.Tensor:
        """Logits of "nodule" for each place, of what `contrast` gives."""
        at112 = self.stem(seen)
        at56 = self.stage56(at112)
        at28 = self.stage28(at56)
        at28 = self.merge28(self.stage14(at28), at28)
        at56 = self.merge56(at28, at56)
        return self.heat(self.merge112(at56, at112))

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        lung = field(self.lungs(F.avg_pool2d(x, 4)))
        # A few places averaged, against noise.
        calm = F.avg_pool2d(self.places(contrast(x)), 3, 1, 1, False, False)
        calm = torch.where(lung > 0.5, calm, torch.full_like(calm, self.nowhere))
        return torch.sigmoid(calm.amax(dim=[2, 3])), torch.sigmoid(calm)
