# SPDX-License-Identifier: Apache-2.0
"""Finds the lung field of a frontal chest radiograph.

No source has lung masks. So rough masks are grown in normal films by rule, the implausible ones are
thrown away, and a small network learns the rest. It smooths the errors of single films, and it
finds lungs where growing fails: in faint films and behind opacities.
"""
import math
from pathlib import Path
from typing import List, Tuple

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from adult_films import Films
from phantom_net import Merge, Residual, Stage, conv

SIDE = 112
CORES = ((0.33, 0.42), (0.67, 0.42))  # centres of the lungs in a usual film: across, down
HALF = (0.15, 0.29)                   # half width and height of what may be lung, at most


def standard(x: torch.Tensor) -> torch.Tensor:
    """Mean 0 and spread 1 over each picture."""
    mean = x.mean(dim=[1, 2, 3], keepdim=True)
    spread = (x - mean).square().mean(dim=[1, 2, 3], keepdim=True).sqrt()
    return ((x - mean) / (spread + 0.02)).clamp(-4.0, 4.0)


class LungNet(nn.Module):
    """In: display values [N, 1, 112, 112]. Out: logits of "lung" [N, 1, 112, 112]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(1, 12, 5, 2), Residual(12))  # 56 x 56
        self.stage28 = Stage(12, 24, 1)
        self.stage14 = Stage(24, 40, 1)
        self.stage7 = Stage(40, 48, 1)
        self.merge14 = Merge(48, 40)
        self.merge28 = Merge(40, 24)
        self.merge56 = Merge(24, 12)
        self.last = nn.Conv2d(12, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        at56 = self.stem(standard(x))
        at28 = self.stage28(at56)
        at14 = self.stage14(at28)
        at14 = self.merge14(self.stage7(at14), at14)
        at28 = self.merge28(at14, at28)
        logits = self.last(self.merge56(at28, at56))
        return F.interpolate(logits, scale_factor=2.0, mode="bilinear", align_corners=False)


def small(pictures: List[np.ndarray]) -> torch.Tensor:
    """[n, 1, 112, 112], 0..1."""
    resized = [np.asarray(Image.fromarray(p).resize((SIDE, SIDE), Image.BOX)) for p in pictures]
    return torch.from_numpy(np.stack(resized).astype(np.float32) / 255).unsqueeze(1)


def spread_out(mask: torch.Tensor, by: int) -> torch.Tensor:
    rows = F.max_pool2d(mask, [2 * by + 1, 1], [1, 1], [by, 0])
    return F.max_pool2d(rows, [1, 2 * by + 1], [1, 1], [0, by])


def grown(x: torch.Tensor, core: Tuple[float, float]) -> torch.Tensor:
    """One lung of each picture: the largest dark region around its centre that stays in bounds.

    Zero where no threshold gives a plausible region.
    """
    n = len(x)
    along = (torch.arange(SIDE) + 0.5) / SIDE
    across = (along.view(1, -1) - core[0]) / HALF[0]
    down = (along.view(-1, 1) - core[1]) / HALF[1]
    distance = (across.square() + down.square()).sqrt()
    bounds, centre = (distance < 1.15).float(), (distance < 0.35).float()
    level = (x * centre).sum(dim=[1, 2, 3]) / centre.sum()
    top = torch.quantile(x.view(n, -1), 0.95, dim=1)
    best = torch.zeros_like(x)
    for share in (0.06, 0.1, 0.15, 0.2, 0.26, 0.32, 0.4):
        dark = (x < (level + share * (top - level)).view(-1, 1, 1, 1)).float()
        region = dark * centre
        for _ in range(60):
            region = spread_out(region, 1) * dark
        area = region.mean(dim=[1, 2, 3])
        stray = (region * (1 - bounds)).mean(dim=[1, 2, 3])
        fine = (area > 0.05) & (area < 0.16) & (stray < 0.06 * area)
        best = torch.where(fine.view(-1, 1, 1, 1), region, best)
    return best


def lung(logits: torch.Tensor) -> torch.Tensor:
    """Where lung is, 0 or 1, with ribs and other things before and behind it."""
    return closed((logits > 0).float(), 7)


def field(logits: torch.Tensor) -> torch.Tensor:
    """Where lung may be, 0 or 1: with a margin of two centimetres."""
    return spread_out(closed((logits > -1.0).float(), 8), 5)


def closed(mask: torch.Tensor, by: int) -> torch.Tensor:
    """Fills holes and notches, such as ribs and vessels."""
    return 1 - spread_out(1 - spread_out(mask, by), by)


def rough_masks(x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """Masks [m, 1, 112, 112] of the m pictures in which both lungs are plausible; their indices."""
    calm = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    right, left = (torch.cat([grown(part, core) for part in calm.split(32)]) for core in CORES)
    areas = torch.stack([right.mean(dim=[1, 2, 3]), left.mean(dim=[1, 2, 3])])
    ratio = areas[0] / areas[1].clamp(min=1e-6)
    good = (areas.min(dim=0)[0] > 0) & (ratio > 0.6) & (ratio < 1.8)
    return closed(torch.maximum(right, left)[good], 5), torch.nonzero(good).flatten()


def varied(x: torch.Tensor, mask: torch.Tensor, random: torch.Generator
           ) -> Tuple[torch.Tensor, torch.Tensor]:
    """Pose, exposure, and shadows that hide a part of the lung."""
    n = len(x)

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=random)

    angle, zoom, stretch = uniform(-0.12, 0.12), uniform(0.75, 1.3), uniform(0.88, 1.13)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = torch.cos(angle) * zoom * stretch, -torch.sin(angle) * zoom
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(angle) * zoom, torch.cos(angle) * zoom / stretch
    theta[:, :, 2] = torch.stack([uniform(-0.12, 0.12), uniform(-0.12, 0.12)], dim=1)
    theta[:, 0] *= torch.where(uniform(0, 1) < 0.5, -1.0, 1.0).view(-1, 1)
    grid = F.affine_grid(theta, [n, 1, SIDE, SIDE], align_corners=False)
    both = F.grid_sample(torch.cat([x, mask], dim=1), grid, mode="bilinear", align_corners=False)
    x, mask = both[:, :1], both[:, 1:]

    def pixelwise(values: torch.Tensor) -> torch.Tensor:
        return values.view(n, 1, 1, 1)

    along = torch.linspace(0, 1, SIDE)
    for chance in (0.5, 0.3):
        across = (along.view(1, 1, 1, -1) - pixelwise(uniform(0.15, 0.85))) / \
            pixelwise(uniform(0.05, 0.25))
        down = (along.view(1, 1, -1, 1) - pixelwise(uniform(0.2, 0.9))) / \
            pixelwise(uniform(0.05, 0.25))
        dense = pixelwise(uniform(0, 0.5) * (uniform(0, 1) < chance))
        x = x + (0.9 - x).clamp(min=0) * dense * torch.exp(-across ** 2 - down ** 2)
    gamma = pixelwise(torch.exp(uniform(-0.5, 0.5)))
    x = x.clamp(1e-4, 1) ** gamma + 0.02 * torch.randn(x.shape, generator=random)
    return x, mask


def train_lungs(pictures: List[np.ndarray], steps: int, seed: int, batch: int = 16) -> LungNet:
    x = small(pictures)
    masks, good = rough_masks(x)
    x = x[good]
    print(f"lung field: {len(x)} of {len(pictures)} films have plausible rough masks",
          flush=True)
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    net = LungNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-3)
    for step in range(steps):
        rate = 4e-3 * min(1, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimizer.param_groups[0]["lr"] = rate
        picks = torch.randint(0, len(x), (batch,), generator=random)
        seen, truth = varied(x[picks], masks[picks], random)
        logits = net(seen.to(memory_format=torch.channels_last))
        probable = torch.sigmoid(logits)
        overlap = (2 * (probable * truth).sum() + 1) / (probable.sum() + truth.sum() + 1)
        loss = F.binary_cross_entropy_with_logits(logits, truth) + 0.5 * (1 - overlap)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 50 == 0:
            print(f"lung field: step {step + 1}/{steps}, overlap {overlap.item():.3f}", flush=True)
    return net.eval()


def read_or_train(films: Films, file: Path, steps: int, seed: int) -> LungNet:
    """The network of `file`, else a new one, from half of the normal films for training."""
    if file.exists():
        net = LungNet()
        net.load_state_dict(torch.load(file))
        return net.eval()
    normal = films.where(False, "normal")
    net = train_lungs([films.pictures[i] for i in normal[::2]], steps, seed)
    torch.save(net.state_dict(), file)
    return net


@torch.no_grad()
def lung_maps(net: LungNet, films: Films) -> Tuple[torch.Tensor, torch.Tensor]:
    """The lungs and the lung field of all films, each [n, 112, 112] bool."""
    lungs, fields = [], []
    for first in range(0, len(films.pictures), 32):
        logits = net(small(films.pictures[first:first + 32]))
        lungs.append(lung(logits)[:, 0] > 0.5)
        fields.append(field(logits)[:, 0] > 0.5)
    return torch.cat(lungs), torch.cat(fields)
