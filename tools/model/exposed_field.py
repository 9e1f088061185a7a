# SPDX-License-Identifier: Apache-2.0
"""Finds the exposed field of a radiograph and looks at it. The gate and the model of children do
this inside their networks, before the first convolution, so that training and node cut alike.

A border is what was not exposed: black, white or one grey; at one side or around; with noise or a
letter in it. A box is [N, 4]: centre x, centre y, half width, half height, in the coordinates of
grid_sample, where the picture is from -1 to 1. All functions can be scripted.
"""
from typing import Tuple

import torch
from torch.nn import functional as F


def extent(seen: torch.Tensor, least: float) -> Tuple[torch.Tensor, torch.Tensor]:
    """[N, L] of 0 and 1: centre and half length of what is 1, in the coordinates of grid_sample.
    All, if that is less than this share of the length: a nearly empty picture is not cut."""
    length = seen.size(1)
    first = seen.argmax(dim=1).float()
    end = float(length) - seen.flip([1]).argmax(dim=1).float()
    empty = (end - first) < least * length
    first = torch.where(empty, torch.zeros_like(first), first)
    end = torch.where(empty, torch.full_like(end, float(length)), end)
    return (first + end) / float(length) - 1.0, (end - first) / float(length)


def content_box(x: torch.Tensor, black: float = 0.06, share: float = 0.05,
                least: float = 0.25) -> torch.Tensor:
    """The content of a picture with a border of at most `black`.

    A row belongs to the content if it has at least this share of the brighter pixels of the
    fullest row, however wide the border is.
    """
    bright = (x[:, 0] > black).float()
    columns, rows = bright.mean(dim=1), bright.mean(dim=2)
    column, half_width = extent((columns >= share * columns.amax(dim=1, keepdim=True)).int(), least)
    row, half_height = extent((rows >= share * rows.amax(dim=1, keepdim=True)).int(), least)
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


def within(outer: torch.Tensor, inner: torch.Tensor) -> torch.Tensor:
    """The box of the whole picture that `inner` is of what `outer` shows."""
    return torch.cat([outer[:, :2] + inner[:, :2] * outer[:, 2:], outer[:, 2:] * inner[:, 2:]],
                     dim=1)


def edge_grey(x: torch.Tensor) -> torch.Tensor:
    """[N, 1, 1, 1]: the median of the outermost pixels."""
    k = max(1, x.size(2) // 64)
    ring = torch.cat([x[:, :, :k].flatten(1), x[:, :, -k:].flatten(1),
                      x[:, :, :, :k].flatten(1), x[:, :, :, -k:].flatten(1)], dim=1)
    return ring.median(dim=1).values.view(-1, 1, 1, 1)


def field_box(x: torch.Tensor) -> torch.Tensor:
    """The exposed field: a black border is cut away, then a border of any one grey in the rest."""
    box = content_box(x, least=0.2)
    seen = look_at(x, box, 128)
    return within(box, content_box((seen - edge_grey(seen)).abs(), 0.08, least=0.2))
