# SPDX-License-Identifier: Apache-2.0
"""Phantoms as arrays: bucky-phantom-set writes them once, then the files are mapped.

The seeds of the three sets are disjoint. Phantoms for people (`bucky phantom`) start at seed 0, so
none of them was used for training.
"""
import subprocess
from pathlib import Path
from typing import Tuple

import numpy as np
import torch
from torch.nn import functional as F

from phantom_net import FINDINGS, SIDE

TRAINING_SEEDS = (1_000_000, 7_000)      # first, count
VALIDATION_SEEDS = (2_000_000, 1_000)
TEST_SEEDS = (3_000_000, 1_500)


class PhantomSet:
    def __init__(self, maker: str, folder: Path, name: str, seeds: Tuple[int, int]):
        first, count = seeds
        images = folder / f"{name}.images"
        masks = folder / f"{name}.masks"
        complete = images.exists() and masks.exists() and \
            masks.stat().st_size == count * SIDE * SIDE
        if not complete:
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run([maker, str(first), str(count), str(SIDE), str(images), str(masks)],
                           check=True)
        self.images = np.memmap(images, "<u2", "r", shape=(count, SIDE, SIDE))
        self.masks = np.memmap(masks, "u1", "r", shape=(count, SIDE, SIDE))

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, picks: np.ndarray, mask_step: int = 1) -> Tuple[torch.Tensor, torch.Tensor]:
        """Images [n, 1, 256, 256] and masks [n, 4, 256, 256], both float32 0..1.

        With mask_step 2, every second pixel of the masks: enough for training, in a quarter of the
        time.
        """
        images = torch.from_numpy(self.images[picks].astype(np.float32) / 65535)
        bits = self.masks[picks][:, ::mask_step, ::mask_step]
        bits = torch.from_numpy(np.ascontiguousarray(bits))
        masks = torch.stack([(bits >> k) & 1 for k in range(len(FINDINGS))], dim=1)
        return images.unsqueeze(1), masks.float()


def augment(images: torch.Tensor, masks: torch.Tensor,
            random: torch.Generator) -> Tuple[torch.Tensor, torch.Tensor]:
    """Variation as between sites, films and consoles, of the same patient.

    Images are 256 x 256, masks 128 x 128, as the network's heatmaps.
    """
    n = len(images)

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=random)

    def pixelwise(values: torch.Tensor) -> torch.Tensor:
        return values.view(n, 1, 1, 1)

    angle = uniform(-0.07, 0.07)
    zoom = uniform(0.9, 1.12)
    stretch = uniform(0.94, 1.06)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * zoom * stretch
    theta[:, 0, 1] = -torch.sin(angle) * zoom
    theta[:, 1, 0] = torch.sin(angle) * zoom
    theta[:, 1, 1] = torch.cos(angle) * zoom / stretch
    theta[:, :, 2] = torch.stack([uniform(-0.06, 0.06), uniform(-0.06, 0.06)], dim=1)
    small = SIDE // 2
    at_full = F.affine_grid(theta, [n, 1, SIDE, SIDE], align_corners=False)
    at_half = F.affine_grid(theta, [n, 1, small, small], align_corners=False)
    images = F.grid_sample(images, at_full, mode="bilinear", align_corners=False)
    masks = F.grid_sample(masks, at_half, mode="bilinear", align_corners=False)

    low, high = pixelwise(uniform(-0.15, 0.10)), pixelwise(uniform(0.88, 1.18))
    gamma = pixelwise(torch.exp(uniform(-0.38, 0.38)))
    windowed = ((images - low) / (high - low)).clamp(1e-4, 1) ** gamma
    images = torch.where(images > 0, windowed, images)  # bars stay black
    blur = pixelwise(uniform(-0.8, 0.8).clamp(min=0))
    images = images * (1 - blur) + F.avg_pool2d(images, 3, 1, 1) * blur
    noise = pixelwise(uniform(-0.015, 0.025).clamp(min=0))
    images = images + noise * torch.randn(images.shape, generator=random)
    return letterbox_again(images.clamp(0, 1), random), masks


def letterbox_again(images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Blackens a narrow border of some images: other aspect ratios, tighter collimation."""
    for image in images:
        if torch.rand(1, generator=random) < 0.3:
            widths = torch.rand(4, generator=random) * 0.06 * SIDE
            top, bottom, left, right = widths.int().tolist()
            image[:, :top] = 0
            image[:, SIDE - bottom:] = 0
            image[:, :, :left] = 0
            image[:, :, SIDE - right:] = 0
    return images
