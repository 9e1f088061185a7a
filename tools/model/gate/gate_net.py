# SPDX-License-Identifier: Apache-2.0
"""The network of models/cxr-gate: input a picture of 96 x 96, output what kind of picture it is.

One pass answers four questions: is the picture a frontal chest, by how many quarter turns is it
rotated, is its grey inverted, is it mirrored. The gate asks this for all eight turned and mirrored
copies and turns the answers back: whether a picture shows a chest does not depend on its
orientation, and a picture without a chest seldom deceives the network in all eight.
"""
from typing import Tuple

import torch
from torch import nn
from torch.nn import functional as F

SIDE = 96


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
            conv(1, 16, 5, 2), conv(16, 32, 3, 2), Residual(32), conv(32, 48, 3, 2), Residual(48),
            conv(48, 64, 3, 2), Residual(64))
        self.spare = nn.Dropout(0.2)
        self.answers = nn.Linear(2 * 64, 7)

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor,
                                                torch.Tensor]:
        # Exposure and window do not depend on the subject: every picture gets mean 0, spread 1.
        mean = x.mean(dim=[1, 2, 3], keepdim=True)
        spread = (x - mean).square().mean(dim=[1, 2, 3], keepdim=True).sqrt()
        seen = self.body((x - mean) / (spread + 0.02))
        pooled = torch.cat([seen.mean(dim=[2, 3]), seen.amax(dim=[2, 3])], dim=1)
        answer = self.answers(self.spare(pooled))
        return answer[:, 0], answer[:, 1:5], answer[:, 5], answer[:, 6]


class Gate(nn.Module):
    """What the package holds: scores [n, 7] of a picture [n, 1, 96, 96].

    chest, upright, turned left, upside down, turned right, inverted, mirrored; each 0..1, the four
    of rotation add up to 1.
    """

    def __init__(self, net: GateNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
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
        return torch.cat([torch.sigmoid(chest).unsqueeze(1), torch.softmax(turned, dim=1),
                          torch.sigmoid(inverted).unsqueeze(1),
                          torch.sigmoid(mirrored).unsqueeze(1)], dim=1)
