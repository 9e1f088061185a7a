# SPDX-License-Identifier: Apache-2.0
"""The pictures for training and measuring the gate, at 160 x 160, and the variation of a batch.

Real chests come from the training folder, split by patient. Phantoms come from bucky-phantom-set.
All other pictures are made here: other bodies, no bodies, torn chests (of the same split only).
"""
import csv
import hashlib
import subprocess
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

import no_bodies
import other_bodies
import torn_chests
from gate_net import SIDE
from rays import SIDE as SOURCE

PHANTOMS = {"train": (4_000_000, 3_000), "val": (4_100_000, 500), "test": (4_200_000, 500)}
OTHERS = {"train": (11, 18_000), "val": (12, 2_000), "test": (13, 2_000)}  # seed, count
# People found these pictures upside down or rotated: the label "upright" would be wrong.
LYING = {"nih512/00003490_011.jpg"}


def split_of(patient: str) -> str:
    """Train, val or test, from the patient alone: eight, one and one of ten."""
    digit = hashlib.sha256(patient.encode()).digest()[0] % 10
    return "val" if digit == 8 else "test" if digit == 9 else "train"


def held_out(samples: Path) -> set:
    """Patients that are in the samples, too, which are test data: they are in no split."""
    names = set()
    for file in (samples / "cxr").glob("*"):
        stem = file.stem
        if stem.startswith("NIH_"):
            names.add("NIH" + str(int(stem[4:12])))
        elif stem.startswith("KER_person"):
            names.add("P" + stem[len("KER_person"):].split("_")[0])
        elif stem.startswith("KER_"):
            names.add("N" + stem[4:].replace("-0001", "").replace("IM-", ""))
    return names


def chests(training: Path, samples: Path, split: str) -> Tuple[np.ndarray, np.ndarray]:
    """Pictures [n, 160, 160] uint8, and which of them are Kermany's (squeezed to a square)."""
    out = held_out(samples)
    pictures, squeezed = [], []
    with open(training / "LABELS.csv", newline="") as labels:
        for row in csv.DictReader(labels):
            if row["patient"] in out or row["file"] in LYING or split_of(row["patient"]) != split:
                continue
            with Image.open(training / row["file"]) as image:
                small = image.convert("L").resize((SOURCE, SOURCE), Image.BOX if image.width > 300
                                                  else Image.BILINEAR)
            pictures.append(np.asarray(small))
            squeezed.append(row["set"].startswith("kermany"))
    return np.stack(pictures), np.array(squeezed)


def phantoms(maker: str, cache: Path, split: str) -> np.ndarray:
    first, count = PHANTOMS[split]
    images, masks = cache / f"phantoms-{split}.images", cache / f"phantoms-{split}.masks"
    if not masks.exists() or masks.stat().st_size != count * SOURCE * SOURCE:
        subprocess.run([maker, str(first), str(count), str(SOURCE), str(images), str(masks)],
                       check=True)
    whole = np.fromfile(images, "<u2").reshape(count, SOURCE, SOURCE)
    return (whole >> 8).astype(np.uint8)


def families() -> Dict[str, List]:
    return {"other bodies": list(other_bodies.FAMILIES), "no bodies": list(no_bodies.FAMILIES),
            "torn chests": list(torn_chests.FAMILIES)}


def others(cache: Path, split: str, real: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Pictures without a chest, and the family of each."""
    seed, count = OTHERS[split]
    kept = cache / f"others-{split}.npz"
    if kept.exists():
        stored = np.load(kept)
        return stored["pictures"], stored["names"]
    random = np.random.default_rng(seed)
    groups = list(families().values())
    pictures, names = np.empty((count, SOURCE, SOURCE), np.uint8), []
    for k in range(count):
        group = groups[k % 3]
        family = group[random.integers(len(group))]
        if group is groups[2]:
            pick = real[random.integers(len(real), size=2)].astype(np.float32) / 255
            picture = family(random, pick[0], pick[1])
        else:
            picture = family(random)
        pictures[k] = np.clip(picture * 255, 0, 255).astype(np.uint8)
        names.append(family.__name__)
    np.savez(kept, pictures=pictures, names=np.array(names))
    return pictures, np.array(names)


class Variation:
    """Variation as between sites: pose, exposure, polarity, collimation, markers.

    Every picture of a batch is also rotated by quarters, mirrored and inverted at random; the
    network is trained to tell which.
    """

    def __init__(self, seed: int):
        self.random = torch.Generator().manual_seed(seed)
        self.numpy = np.random.default_rng(seed)

    def uniform(self, n: int, low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=self.random)

    def chance(self, n: int, share: float) -> torch.Tensor:
        return torch.rand(n, generator=self.random) < share

    def pose(self, n: int, aspect: torch.Tensor, quarters: torch.Tensor, flips: torch.Tensor):
        """Sampling grids from the output picture to the source."""
        angle = self.uniform(n, -0.2, 0.2) + quarters * (torch.pi / 2)
        zoom = torch.exp(self.uniform(n, -0.22, 0.28))  # above 1: smaller
        shear = self.uniform(n, -0.06, 0.06)
        wide = torch.maximum(aspect, torch.ones(n))  # a wide picture has bars above and below
        tall = torch.maximum(1 / aspect, torch.ones(n))
        theta = torch.zeros(n, 2, 3)
        c, s = torch.cos(angle), torch.sin(angle)
        sign = torch.where(flips, -1.0, 1.0)
        across, down = zoom * tall * sign, zoom * wide
        theta[:, 0, 0], theta[:, 0, 1] = across * c, -across * (s + shear * c)
        theta[:, 1, 0], theta[:, 1, 1] = down * s, down * (c - shear * s)
        theta[:, :, 2] = torch.stack([self.uniform(n, -0.12, 0.12),
                                      self.uniform(n, -0.12, 0.12)], dim=1)
        return F.affine_grid(theta, [n, 1, SIDE, SIDE], align_corners=False)

    def tone(self, x: torch.Tensor, inverted: torch.Tensor) -> torch.Tensor:
        n = len(x)
        shape = (n, 1, 1, 1)
        low = self.uniform(n, -0.25, 0.15).view(shape)
        high = self.uniform(n, 0.8, 1.35).view(shape)
        gamma = torch.exp(self.uniform(n, -0.7, 0.7)).view(shape)
        x = ((x - low) / (high - low)).clamp(1e-4, 1) ** gamma
        # The lamp of a scanner or a tilted grid: brighter on one side.
        ramp = torch.linspace(-1, 1, SIDE)
        shade = self.uniform(n, -0.15, 0.15).view(shape) * ramp.view(1, 1, 1, SIDE) + \
            self.uniform(n, -0.15, 0.15).view(shape) * ramp.view(1, 1, SIDE, 1)
        x = (x + shade * self.chance(n, 0.4).view(shape)).clamp(0, 1)
        return torch.where(inverted.view(shape), 1 - x, x)

    def process(self, x: torch.Tensor) -> torch.Tensor:
        """Processing at the console: edges and local contrast enhanced, weakly or strongly."""
        n = len(x)
        out = x
        for width in (9, 17, 31):
            near = F.avg_pool2d(x, width, 1, width // 2, count_include_pad=False)
            strength = self.uniform(n, 0, 2.5) * self.chance(n, 0.2)
            out = out + strength.view(n, 1, 1, 1) * (x - near)
        return out.clamp(0, 1)

    def shadow(self, x: torch.Tensor) -> torch.Tensor:
        """Soft opacities and lucencies, up to half of the picture: effusion, collapse, gas."""
        n = len(x)
        rows = torch.linspace(-1, 1, SIDE).view(1, SIDE, 1)
        columns = torch.linspace(-1, 1, SIDE).view(1, 1, SIDE)
        for share in (0.35, 0.2):
            shape = (n, 1, 1)
            across = (columns - self.uniform(n, -0.8, 0.8).view(shape)) / \
                self.uniform(n, 0.15, 0.6).view(shape)
            down = (rows - self.uniform(n, -0.8, 0.8).view(shape)) / \
                self.uniform(n, 0.15, 0.6).view(shape)
            dense = (self.uniform(n, -0.35, 0.9) * self.chance(n, share)).view(shape)
            x = x + (dense * torch.exp(-across ** 2 - down ** 2)).unsqueeze(1)
        return x.clamp(0, 1)

    def mark(self, x: torch.Tensor) -> None:
        """Letters, plugs, wires and black bars, as bright or dark boxes."""
        for picture in x:
            for _ in range(int(self.numpy.integers(0, 4))):
                h, w = self.numpy.integers(2, 12, 2)
                r, c = self.numpy.integers(0, SIDE - 12, 2)
                picture[:, r:r + h, c:c + w] = float(self.numpy.choice([0, 1, 1]))
            if self.numpy.random() < 0.25:  # collimated: a border never exposed, or white
                level = float(self.numpy.choice([0, 0, 1]))
                widths = (self.numpy.random(4) ** 2 * 0.16 * SIDE).astype(int)
                top, bottom, left, right = widths
                picture[:, :top] = level
                picture[:, SIDE - bottom:] = level
                picture[:, :, :left] = level
                picture[:, :, SIDE - right:] = level

    def __call__(self, pictures: np.ndarray, aspect: torch.Tensor, fixed: bool = False):
        """Batch [n, 1, 96, 96], quarters, inverted, mirrored. fixed: not varied, upright."""
        n = len(pictures)
        source = torch.from_numpy(pictures.astype(np.float32) / 255).unsqueeze(1)
        quarters = torch.randint(0, 4, (n,), generator=self.random)
        flips, inverted = self.chance(n, 0.5), self.chance(n, 0.5)
        if fixed:
            quarters, flips, inverted = torch.zeros_like(quarters), flips & False, inverted & False
        grid = self.pose(n, aspect, quarters, flips)
        x = F.grid_sample(source, grid, mode="bilinear", align_corners=False)
        inside = (grid.abs() <= 1).all(dim=3).unsqueeze(1)
        x = self.tone(self.process(self.shadow(x)), inverted)
        border = torch.where(self.chance(n, 0.12), self.uniform(n, 0, 1), torch.zeros(n))
        x = torch.where(inside, x, border.view(n, 1, 1, 1))
        blur = self.uniform(n, -1, 1).clamp(min=0).view(n, 1, 1, 1)
        x = x * (1 - blur) + F.avg_pool2d(x, 3, 1, 1) * blur
        grain = self.uniform(n, -0.04, 0.04).clamp(min=0).view(n, 1, 1, 1)
        x = (x + grain * torch.randn(x.shape, generator=self.random)).clamp(0, 1)
        self.mark(x)
        return x, quarters, inverted, flips
