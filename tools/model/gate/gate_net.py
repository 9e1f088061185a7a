# SPDX-License-Identifier: Apache-2.0
"""The network of models/cxr-gate: input a picture of 320 x 320, output what kind of picture it is.

First the exposed field is cut out and shrunk to 96 x 96, so that a chest that fills a third of the
detector is seen as large as one that fills it. One pass answers four questions: is the picture a
frontal chest, by how many quarter turns is it rotated, is its grey inverted, is it mirrored. The
gate asks this for all eight turned and mirrored copies and turns the answers back: whether a
picture shows a chest does not depend on its orientation, and a picture without a chest seldom
deceives the network in all eight.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

from exposed_field import field_box, look_at

INPUT_SIDE = 320   # a chest of a third of the side still has more than 96 pixels
SIDE = 96
FINE = 3           # the field is sampled at three times its size and then averaged


def conv(take: int, give: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(take, give, kernel, stride, kernel // 2, bias=False),
                         nn.BatchNorm2d(give), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False),
                                    nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.second(self.first(x)))


class GateNet(nn.Module):
    """Logits: [n] chest, [n, 4] quarter turns (counter-clockwise), [n] inverted, [n] mirrored."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(1, 20, 5, 2), conv(20, 40, 3, 2), Residual(40), conv(40, 64, 3, 2), Residual(64),
            conv(64, 96, 3, 2), Residual(96))
        self.spare = nn.Dropout(0.2)
        self.answers = nn.Linear(2 * 96, 7)

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor,
                                                torch.Tensor]:
        # Exposure and window do not depend on the subject: every picture gets mean 0, spread 1.
        mean = x.mean(dim=[1, 2, 3], keepdim=True)
        spread = (x - mean).square().mean(dim=[1, 2, 3], keepdim=True).sqrt()
        seen = self.body((x - mean) / (spread + 0.02))
        pooled = torch.cat([seen.mean(dim=[2, 3]), seen.amax(dim=[2, 3])], dim=1)
        answer = self.answers(self.spare(pooled))
        return answer[:, 0], answer[:, 1:5], answer[:, 5], answer[:, 6]


def field_of(x: torch.Tensor, side: int, fine: int) -> torch.Tensor:
    """[n, 1, side, side]: the exposed field, each pixel the mean of what it covers."""
    return F.avg_pool2d(look_at(x, field_box(x), side * fine), fine)


class Gate(nn.Module):
    """What the package holds: scores [n, 7] of a picture [n, 1, 320, 320].

    chest, upright, turned left, upside down, turned right, inverted, mirrored; each 0..1, the four
    of rotation add up to 1.
    """

    def __init__(self, net: GateNet) -> None:
        super().__init__()
        self.net = net
        self.side, self.fine = SIDE, FINE

    def forward(self, whole: torch.Tensor) -> torch.Tensor:
        x = field_of(whole, self.side, self.fine)
        chest = torch.zeros(x.size(0), dtype=x.dtype, device=x.device)
        turned = torch.zeros(x.size(0), 4, dtype=x.dtype, device=x.device)
        inverted = torch.zeros_like(chest)
        mirrored = torch.zeros_like(chest)
        for flip in range(2):
            for turn in range(4):
                # The view is the picture, mirrored if flip, then rotated by `turn` quarters.
                view = torch.rot90(torch.flip(x, [3]) if flip == 1 else x, turn, [2, 3])
                c, t, i, m = self.net(view)
                chest += c / 8
                inverted += i / 8
                t = F.log_softmax(t, dim=1)
                if flip == 0:  # a picture rotated by k now shows k + turn
                    turned += torch.roll(t, -turn, 1) / 8
                    mirrored += m / 8
                else:  # mirrored: rotation has the other direction, turn - k
                    turned += torch.roll(torch.flip(t, [1]), turn + 1, 1) / 8
                    mirrored -= m / 8
        turned = torch.softmax(turned, dim=1)
        # A chest has an up: a picture that is alike in all four turns (one grey, squares) is none.
        has_up = ((turned.amax(dim=1) - 0.25) / 0.35).clamp(0.0, 1.0)
        chest = torch.sigmoid(chest) * has_up
        return torch.cat([chest.unsqueeze(1), turned, torch.sigmoid(inverted).unsqueeze(1),
                          torch.sigmoid(mirrored).unsqueeze(1)], dim=1)
