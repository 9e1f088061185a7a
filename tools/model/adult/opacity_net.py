# SPDX-License-Identifier: Apache-2.0
"""The network of models/cxr-opacity.

In:  float32 [N, 1, 448, 448], display values 0..1 (bright = dense), letterboxed.
Out: (scores [N, 1], heatmaps [N, 1, 56, 56]), both 0..1.

The lung field is found first and fills what the classifier sees: shoulders, arms and lettering tell
the view and the ward, not the disease. The score is the mean over the places in the lung field, so
the heatmap explains it.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

from exposed_field import content_box, look_at, put_back
from lung_field import LungNet, field, standard
from phantom_net import Residual, Stage, conv

SIDE = 448
LOOK_SIDE = 160
HEAT_SIDE = 56


class OpacityNet(nn.Module):
    def __init__(self, lungs: LungNet) -> None:
        super().__init__()
        self.look_side, self.heat_side = LOOK_SIDE, HEAT_SIDE
        self.lungs = lungs
        self.stem = nn.Sequential(conv(1, 16, 5, 2), conv(16, 24, 3, 2), Residual(24))  # 40 x 40
        self.stage20 = Stage(24, 48, 2)
        self.stage10 = Stage(48, 96, 2)
        self.drop = nn.Dropout(0.2)
        self.place = nn.Conv2d(96, 1, 1)
        # Set after training, so that scores are probabilities on the validation films.
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)
        self.shift = nn.Parameter(torch.zeros(1), requires_grad=False)

    def places(self, seen: torch.Tensor) -> torch.Tensor:
        """Evidence for each place [N, 1, 10, 10] of what `look_at` gives."""
        return self.place(self.drop(self.stage10(self.stage20(self.stem(standard(seen))))))

    def logit(self, evidence: torch.Tensor, lung: torch.Tensor) -> torch.Tensor:
        """[N, 1]: the mean of the evidence over the lung field [N, 1, h, w], 0..1."""
        weight = F.adaptive_avg_pool2d(lung, [evidence.size(2), evidence.size(3)]) + 0.05
        return (evidence * weight).sum(dim=[2, 3]) / weight.sum(dim=[2, 3])

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        lung = field(self.lungs(F.avg_pool2d(x, 4)))
        box = content_box(lung, 0.5)
        evidence = self.places(look_at(x, box, self.look_side)) * self.scale + self.shift
        score = torch.sigmoid(self.logit(evidence, look_at(lung, box, self.look_side)))
        heat = torch.sigmoid(F.interpolate(evidence, size=(self.heat_side, self.heat_side),
                                           mode="bilinear", align_corners=False))
        inside = F.adaptive_max_pool2d(lung, [self.heat_side, self.heat_side])
        return score, put_back(heat, box, self.heat_side) * inside
