# SPDX-License-Identifier: Apache-2.0
"""The network of models/pneumonia-paediatric.

In:  float32 [N, 1, 448, 448], display values 0..1 (bright = dense), the image stretched over all.
Out: (scores [N, 1], heatmaps [N, 1, 56, 56]), both 0..1.

Two steps before the convolutions make the answer independent of the way in which the picture
arrived: the content is cut out of the black border, at 224 x 224, and its greys are standardised.
The input is twice that size, so that a picture that is half border keeps its detail. The heatmap is
moved back to the position of the content.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

from phantom_net import Residual, Stage, conv

SIDE = 224
INPUT_SIDE = 448
HEAT_SIDE = 56


def extent(seen: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """[N, L] of 0 and 1: centre and half length of what is 1, in the coordinates of grid_sample."""
    length = seen.size(1)
    first = seen.argmax(dim=1).float()
    end = float(length) - seen.flip([1]).argmax(dim=1).float()
    empty = (end - first) < 0.25 * length  # a nearly black image is not cropped
    first = torch.where(empty, torch.zeros_like(first), first)
    end = torch.where(empty, torch.full_like(end, float(length)), end)
    return (first + end) / float(length) - 1.0, (end - first) / float(length)


def content_box(x: torch.Tensor, black: float = 0.06, share: float = 0.05) -> torch.Tensor:
    """[N, 4]: centre x, centre y, half width, half height of the content.

    Display values up to `black` may be border. A row belongs to the content if it has at least
    this share of the brighter pixels of the fullest row, however wide the border is.
    """
    bright = (x[:, 0] > black).float()
    columns, rows = bright.mean(dim=1), bright.mean(dim=2)
    column, half_width = extent((columns >= share * columns.amax(dim=1, keepdim=True)).int())
    row, half_height = extent((rows >= share * rows.amax(dim=1, keepdim=True)).int())
    return torch.stack([column, row, half_width, half_height], dim=1)


def look_at(x: torch.Tensor, box: torch.Tensor, side: int) -> torch.Tensor:
    """The box of each image, at side x side; outside of the image is 0."""
    theta = torch.zeros(x.size(0), 2, 3, dtype=x.dtype, device=x.device)
    theta[:, 0, 0] = box[:, 2]
    theta[:, 1, 1] = box[:, 3]
    theta[:, 0, 2] = box[:, 0]
    theta[:, 1, 2] = box[:, 1]
    grid = F.affine_grid(theta, [x.size(0), x.size(1), side, side], align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def put_back(heat: torch.Tensor, box: torch.Tensor, side: int) -> torch.Tensor:
    """The inverse of look_at."""
    inverse = torch.stack([-box[:, 0] / box[:, 2], -box[:, 1] / box[:, 3],
                           1.0 / box[:, 2], 1.0 / box[:, 3]], dim=1)
    return look_at(heat, inverse, side)


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

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        box = content_box(x)
        evidence = self.places(look_at(x, box, self.side)) * self.scale + self.shift
        scores = torch.sigmoid(evidence.mean(dim=[2, 3]))
        heat = F.interpolate(evidence, size=(self.heat_side, self.heat_side), mode="bilinear",
                             align_corners=False)
        return scores, put_back(torch.sigmoid(heat), box, self.heat_side)
