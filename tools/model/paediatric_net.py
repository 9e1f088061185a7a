# SPDX-License-Identifier: Apache-2.0
"""The network of models/pneumonia-paediatric.

In:  float32 [N, 1, 448, 448], display values 0..1 (bright = dense), the image stretched over all.
Out: (scores [N, 1], heatmaps [N, 1, 56, 56]), both 0..1.

Two steps before the convolutions make the answer independent of the way in which the picture
arrived: the exposed field is cut out, at 224 x 224, and its greys are standardised. The input is
twice that size, so that a picture that is half border keeps its detail. Four looks are averaged:
the field, the middle of it a little closer, and the mirror images of both. The heatmap is moved
back to the position of the field.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

from exposed_field import field_box, look_at, put_back
from phantom_net import Residual, Stage, conv

SIDE = 224
INPUT_SIDE = 448
HEAT_SIDE = 56


def standardised(x: torch.Tensor) -> torch.Tensor:
    mean = x.mean(dim=[1, 2, 3], keepdim=True)
    deviation = (x - mean).square().mean(dim=[1, 2, 3], keepdim=True).sqrt()
    return ((x - mean) / (deviation + 0.02)).clamp(-4.0, 4.0)


class PaediatricNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.side, self.heat_side = SIDE, HEAT_SIDE
        self.stem = nn.Sequential(conv(1, 12, 5, 2), conv(12, 16, 3, 2), Residual(16))  # 56 x 56
        self.stage28 = Stage(16, 40, 1)
        self.stage14 = Stage(40, 80, 2)
        self.drop = nn.Dropout(0.2)
        # The score is the mean over all places, so the heatmap explains it exactly.
        self.place = nn.Conv2d(80, 1, 1)
        # Set after training, so that scores are probabilities on the validation part.
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)
        self.shift = nn.Parameter(torch.zeros(1), requires_grad=False)

    def places(self, content: torch.Tensor) -> torch.Tensor:
        """Evidence for each place [N, 1, 14, 14] of images without a border."""
        features = self.stage14(self.stage28(self.stem(standardised(content))))
        return self.place(self.drop(features))

    def looks(self, x: torch.Tensor, box: torch.Tensor) -> torch.Tensor:
        """The places of the field and of its mirror image, mean of the two."""
        content = look_at(x, box, self.side)
        return (self.places(content) + self.places(content.flip([3])).flip([3])) / 2

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        box = field_box(x)
        closer = torch.cat([box[:, :2], box[:, 2:] * 0.92], dim=1)
        # The places of the closer look count as those of the field: they differ by half a place.
        evidence = (self.looks(x, box) + self.looks(x, closer)) / 2
        evidence = evidence * self.scale + self.shift
        scores = torch.sigmoid(evidence.mean(dim=[2, 3]))
        heat = F.interpolate(evidence, size=(self.heat_side, self.heat_side), mode="bilinear",
                             align_corners=False)
        return scores, put_back(torch.sigmoid(heat), box, self.heat_side)
