# SPDX-License-Identifier: Apache-2.0
"""Chest radiographs of children as arrays, split by patient and by source.

LABELS.csv names file, set, patient, label, licence. All images of one patient are in the same part.
The part depends on the patient's name alone, so it does not change when the set grows.

Children of one series resemble each other more than those of the next: the same room, plates and
months. So a part also has two halves without a series in common (half_of). A network that learnt
one half is asked about the other: that is how it meets another set of pictures.
"""
import copy
import csv
import hashlib
import re
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from exposed_field import content_box, look_at
from paediatric_net import INPUT_SIDE, SIDE

FOLDER = "kermany"
PARTS = {"train": range(0, 70), "validation": range(70, 84), "test": range(84, 100)}
FIRST_SICK = 900   # the numbers of sick children up to it are the first half


def part_of(patient: str) -> str:
    percent = int(hashlib.sha256(patient.encode()).hexdigest(), 16) % 100
    return next(name for name, share in PARTS.items() if percent in share)


def half_of(file: str) -> int:
    """0 or 1. The healthy are in two series of names, IM and NORMAL2-IM; the sick are numbered."""
    name = file.split("/")[-1]
    if name.startswith("person"):
        return int(int(re.match(r"person(\d+)", name).group(1)) > FIRST_SICK)
    return int(name.startswith("NORMAL2"))


class ChildSet:
    """images [n, 224, 224] uint8, labels [n] (1 = pneumonia), files, patients and halves."""

    def __init__(self, rows: List[Dict[str, str]], folder: Path):
        self.files = [folder / row["file"] for row in rows]
        self.patients = [row["patient"] for row in rows]
        self.labels = np.array([row["label"] == "PNEUMONIA" for row in rows])
        self.halves = np.array([half_of(row["file"]) for row in rows])
        self.images = np.stack([np.asarray(Image.open(file).convert("L")) for file in self.files])

    def __len__(self) -> int:
        return len(self.labels)

    def of_half(self, half: int) -> "ChildSet":
        rows = np.flatnonzero(self.halves == half)
        part = copy.copy(self)
        part.files = [self.files[row] for row in rows]
        part.patients = [self.patients[row] for row in rows]
        part.labels, part.halves, part.images = \
            self.labels[rows], self.halves[rows], self.images[rows]
        return part

    def batch(self, picks: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(self.images[picks].astype(np.float32) / 255).unsqueeze(1)

    def input(self, picks: np.ndarray) -> torch.Tensor:
        """Enlarged by area, as in the node, which doubles every pixel."""
        assert INPUT_SIDE == 2 * SIDE
        return self.batch(picks).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def read_sets(folder: Path) -> Dict[str, ChildSet]:
    with open(folder / "LABELS.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(FOLDER + "/")]
    rows.sort(key=lambda row: row["file"])
    return {part: ChildSet([row for row in rows if part_of(row["patient"]) == part], folder)
            for part in PARTS}


def contents(images: torch.Tensor, side: int) -> torch.Tensor:
    """The images after the steps before the first convolution, at a smaller size."""
    content = look_at(images, content_box(images), SIDE)
    return content if side == SIDE else F.interpolate(content, size=(side, side), mode="area")


def augment(images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Variation as between sites, plates and consoles, of the same child."""
    n, side = len(images), images.size(3)

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=random)

    def pixelwise(values: torch.Tensor) -> torch.Tensor:
        return values.view(n, 1, 1, 1)

    angle, zoom, stretch = uniform(-0.14, 0.14), uniform(0.82, 1.1), uniform(0.9, 1.11)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * zoom * stretch
    theta[:, 0, 1] = -torch.sin(angle) * zoom
    theta[:, 1, 0] = torch.sin(angle) * zoom
    theta[:, 1, 1] = torch.cos(angle) * zoom / stretch
    theta[:, :, 2] = torch.stack([uniform(-0.08, 0.08), uniform(-0.08, 0.08)], dim=1)
    grid = F.affine_grid(theta, [n, 1, side, side], align_corners=False)
    images = F.grid_sample(images, grid, mode="bilinear", align_corners=False)

    low, high = pixelwise(uniform(-0.12, 0.10)), pixelwise(uniform(0.88, 1.15))
    gamma = pixelwise(torch.exp(uniform(-0.45, 0.45)))
    images = ((images - low) / (high - low)).clamp(1e-4, 1) ** gamma
    blur = pixelwise(uniform(-0.8, 0.9).clamp(min=0))
    images = images * (1 - blur) + F.avg_pool2d(images, 3, 1, 1) * blur
    noise = pixelwise(uniform(-0.01, 0.03).clamp(min=0))
    images = images + noise * torch.randn(images.shape, generator=random)
    return without_marks(images.clamp(0, 1), random)


def without_marks(images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Covers corners and edges of some images: side markers and lettering differ between the sick
    and the healthy of this source, and a network would learn them."""
    side = images.size(3)
    for image in images:
        for corner in range(4):
            if torch.rand(1, generator=random) < 0.35:
                size = (torch.rand(2, generator=random) * 0.25 * side).int().tolist()
                rows = slice(0, size[0]) if corner < 2 else slice(side - size[0], side)
                columns = slice(0, size[1]) if corner % 2 == 0 else slice(side - size[1], side)
                image[:, rows, columns] = torch.rand(1, generator=random) * 0.5
    return images
