# SPDX-License-Identifier: Apache-2.0
"""Radiographs of one real thorax, projected through its CT: from the front, the side and between;
of its abdomen, shoulders and neck; and slices of it.

thorax.npz is subject LIDC-IDRI-0001 of the LIDC-IDRI (Armato et al. 2011, CC BY 3.0), 95 x 103 x
103 voxels of 3.5 mm, density relative to water times 110, without the table. Each picture bends,
stretches and aerates it anew, so it is another body each time, but never another person: what the
network learns of laterals here is their geometry, and the frontal views keep it from taking a
projection for a sign of anything.
"""
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from rays import SIDE as SOURCE, clouds, stretched

VIEW, DEPTH = 96, 48   # pixels of a projection, and samples along each ray
LUNG_TOP, LUNG_END = 0.83, -0.2  # where the lungs are, -1 to 1 from the feet to the head


def read_thorax() -> torch.Tensor:
    stored = np.load(Path(__file__).with_name("thorax.npz"))["density"]
    return torch.from_numpy(stored.astype(np.float32) / 110)[None, None]


def another_body(random, thorax: torch.Tensor) -> torch.Tensor:
    """More or less air in the lungs, harder bones."""
    noise = torch.from_numpy(random.normal(size=(1, 1, 4, 4, 4)).astype(np.float32))
    smooth = F.interpolate(noise, size=thorax.shape[2:], mode="trilinear", align_corners=True)
    lung = (thorax < 0.6) & (thorax > 0.02)
    haze = smooth * random.uniform(0, 0.12) + random.uniform(-0.05, 0.2)
    body = thorax + lung * haze.clamp(-0.1)
    return body + (body - 1.08).clamp(min=0) * random.uniform(0.5, 5)


def projected(random, thorax: torch.Tensor, angle: float, centre, half) -> np.ndarray:
    """Seen at `angle` degrees from the front, around `centre` (across, up), of this half width and
    height, as display values at SOURCE x SOURCE."""
    across = torch.linspace(-1, 1, VIEW) * half[0] + centre[0]
    up = -torch.linspace(-1, 1, VIEW) * half[1] + centre[1]
    deep = torch.linspace(-0.75, 0.75, DEPTH)
    z, u, w = torch.meshgrid(up, across, deep, indexing="ij")
    u = u * (1 + w * random.uniform(-0.12, 0.12))  # rays diverge
    tilt = np.radians(random.uniform(-10, 10))
    z = z + w * np.sin(tilt)
    turn = np.radians(angle)
    x = (u * np.cos(turn) - w * np.sin(turn)) * random.uniform(0.85, 1.15)
    y = (u * np.sin(turn) + w * np.cos(turn)) * random.uniform(0.8, 1.2)
    grid = torch.stack([x, y, z], dim=3)
    noise = torch.from_numpy(random.normal(size=(1, 3, 4, 4, 4)).astype(np.float32))
    bend = F.interpolate(noise, size=grid.shape[:3], mode="trilinear", align_corners=True)
    grid = grid + bend[0].permute(1, 2, 3, 0) * random.uniform(0, 0.05)
    body = F.grid_sample(another_body(random, thorax), grid[None], padding_mode="border",
                         align_corners=False)
    return developed(random, body[0, 0].sum(dim=2).numpy())


def developed(random, thick: np.ndarray) -> np.ndarray:
    picture = 1 - np.exp(-thick / max(thick.max(), 1e-3) * random.uniform(0.6, 4))
    sharp = Image.fromarray((stretched(picture) * 255).astype(np.uint8))
    picture = np.asarray(sharp.resize((SOURCE, SOURCE), Image.BICUBIC), np.float32) / 255
    grain = (clouds(random, random.uniform(0, 1)) - 0.5) * random.uniform(0, 0.12)
    return stretched(np.clip(picture + grain * picture, 0, 1))


def _chest_window(random):
    up = random.uniform(0.2, 0.42)
    high = min(random.uniform(0.55, 0.85), 0.98 - up)
    return (random.uniform(-0.08, 0.08), up), (high * random.uniform(1.05, 1.45), high)


def front(random, thorax):
    centre, half = _chest_window(random)
    return projected(random, thorax, random.uniform(-9, 9), centre, half)


def lateral(random, thorax):
    centre, half = _chest_window(random)
    half = (half[0] * random.uniform(0.6, 0.95), half[1])
    angle = random.choice([-90, 90]) + random.uniform(-14, 14)
    return projected(random, thorax, angle, centre, half)


def oblique(random, thorax):
    centre, half = _chest_window(random)
    return projected(random, thorax, random.choice([-1, 1]) * random.uniform(50, 76), centre, half)


def belly(random, thorax):
    """An abdomen, perhaps with the bases of the lungs."""
    half = random.uniform(0.3, 0.6)
    top = random.uniform(LUNG_END - 0.1, LUNG_END + 0.5 * half)
    return projected(random, thorax, random.uniform(-15, 15) + random.choice([0, 0, 90]),
                     (random.uniform(-0.2, 0.2), top - half), (random.uniform(0.5, 1), half))


def shoulder(random, thorax):
    half = random.uniform(0.2, 0.42)
    return projected(random, thorax, random.uniform(-30, 30),
                     (random.choice([-1, 1]) * random.uniform(0.45, 0.85),
                      random.uniform(0.6, 0.95)), (half, half * random.uniform(0.8, 1.2)))


def neck(random, thorax):
    half = random.uniform(0.25, 0.5)
    return projected(random, thorax, random.choice([0, 90, -90]) + random.uniform(-15, 15),
                     (random.uniform(-0.15, 0.15), LUNG_TOP + half * random.uniform(0.35, 0.9)),
                     (half * random.uniform(0.9, 1.6), half))


def slice_of_ct(random, thorax):
    """Across the body or along its middle, in a window of lung or of soft tissue."""
    body = another_body(random, thorax)[0, 0].numpy()
    cut = body[random.integers(4, 91)] if random.random() < 0.75 else \
        body[::-1, :, random.integers(25, 78)]
    low, width = (0.0, 1.1) if random.random() < 0.5 else (0.85, 0.4)
    cut = np.clip((cut - low) / width, 0, 1)
    if random.random() < 0.5:
        cut = cut[::-1]
    sharp = Image.fromarray((cut * 255).astype(np.uint8)).resize((SOURCE, SOURCE), Image.BILINEAR)
    return np.asarray(sharp, np.float32) / 255


FAMILIES = (lateral, lateral, lateral, lateral, oblique, belly, belly, shoulder, neck, slice_of_ct)
