# SPDX-License-Identifier: Apache-2.0
"""Plants nodules of real CTs in real films: each crop with its nodule, and without it.

A thickness map (millimetres of soft tissue along a ray) is scaled, turned, blurred and added to the
film at the film's own resolution. Display values are about logarithmic in exposure between toe and
shoulder; the sum is made in logits of them, so contrast is lower where the film is dark or bright.
"""
import math
from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np
import torch
from torch.nn import functional as F

from adult_films import Films, percent_of
from nodule_net import SIDE, STEP

HELD_OUT_CTS = 20          # percent of the CT series
LEAST = 0.02               # of the greatest difference of display values; less is not visible
CORE, MARGIN = 192, 48     # pixels of a crop that count, and of what `contrast` needs around it


class Nodules:
    def __init__(self, file, held_out: bool):
        stored = np.load(file)
        mine = np.array([(percent_of(str(uid)) < HELD_OUT_CTS) == held_out
                         for uid in stored["uid"]])
        self.maps = torch.from_numpy(stored["P"][mine].astype(np.float32))
        self.mm = torch.from_numpy(stored["dia"][mine].astype(np.float32))
        self.series = len(set(stored["uid"][mine]))

    def __len__(self) -> int:
        return len(self.mm)


@dataclass
class Kinds:
    """The range of the nodules that are planted."""
    mm: Tuple[float, float] = (8.0, 45.0)           # diameters
    per_mm: Tuple[float, float] = (0.022, 0.09)     # logits of display value for a millimetre
    most_grown: float = 3.0  # a small nodule that is enlarged further is smoother than any is


def number(random: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * torch.rand(1, generator=random).item()


def spread(random: torch.Generator, ends: Tuple[float, float]) -> float:
    """Between the ends, each factor as often."""
    return math.exp(number(random, math.log(ends[0]), math.log(ends[1])))


def whole(random: torch.Generator, below: int) -> int:
    return int(torch.randint(0, below, (1,), generator=random))


def thickness(nodules: Nodules, kinds: Kinds, px_mm: float, random: torch.Generator
              ) -> Tuple[torch.Tensor, float]:
    """[n, n]: millimetres of tissue at the film's pixels, and the diameter in millimetres."""
    grow = math.inf
    while grow == math.inf or grow > kinds.most_grown:
        pick = whole(random, len(nodules))
        mm = spread(random, kinds.mm)
        grow = mm / nodules.mm[pick].item()
    angle, sign = number(random, 0, 2 * math.pi), 1.0 if number(random, 0, 1) < 0.5 else -1.0
    stretch = number(random, 0.9, 1.1)
    n = max(8, 2 * math.ceil(0.9 * mm / px_mm) + 5)
    reach = n * px_mm / (50 * grow)  # of the map, in its own coordinates
    theta = torch.tensor([[math.cos(angle) * sign * reach * stretch, -math.sin(angle) * reach, 0],
                          [math.sin(angle) * sign * reach * stretch, math.cos(angle) * reach, 0]])
    grid = F.affine_grid(theta.unsqueeze(0), [1, 1, n, n], align_corners=False)
    map_ = F.grid_sample(nodules.maps[pick].view(1, 1, 50, 50), grid, align_corners=False) * grow
    for _ in range(whole(random, 1 + max(1, round(1.5 / px_mm)))):
        map_ = F.avg_pool2d(map_, 3, 1, 1)
    return map_[0, 0], mm


def planted(film: torch.Tensor, map_: torch.Tensor, at: Tuple[float, float], per_mm: float
            ) -> Tuple[torch.Tensor, torch.Tensor]:
    """The film [S, S] with the nodule at (across, down) 0..1, and the map at its place."""
    side, n = film.size(0), map_.size(0)
    left, top = (min(max(0, round(p * side - n / 2)), side - n) for p in at)
    there = torch.zeros_like(film)
    there[top:top + n, left:left + n] = map_
    with_it = film.clone()
    old = film[top:top + n, left:left + n].clamp(0.004, 0.996)
    new = torch.sigmoid(torch.logit(old) + per_mm * map_)
    least = (new - old).max().item()
    if least < LEAST:
        new = torch.sigmoid(torch.logit(old) + per_mm * map_ * min(4.0, LEAST / max(least, 1e-4)))
    with_it[top:top + n, left:left + n] = torch.maximum(new, film[top:top + n, left:left + n])
    return with_it, there


class Planter:
    """Draws crops of films. Of each film [112, 112]: `lungs`, and `fields`, where lung may be."""

    def __init__(self, films: Films, lungs: torch.Tensor, fields: torch.Tensor, nodules: Nodules,
                 random: torch.Generator, kinds: Kinds = Kinds()):
        self.kinds = kinds
        self.films, self.lungs, self.fields = films, lungs, fields
        self.nodules, self.random = nodules, random
        self.spots = {}  # film -> places that were mistaken for nodules, (across, down) 0..1

    def somewhere(self, film: int) -> Tuple[float, float]:
        """A place in the lungs."""
        inside = torch.nonzero(self.lungs[film])
        row, column = inside[whole(self.random, len(inside))].tolist()
        jitter = torch.rand(2, generator=self.random).tolist()
        side = self.lungs.size(1)
        return (column + jitter[0]) / side, (row + jitter[1]) / side

    def plant(self, film: int, at: Optional[Tuple[float, float]] = None):
        """The film without and with a nodule, its map, its place, its diameter in millimetres."""
        picture = self.films.pictures[film]
        plain = torch.from_numpy(picture.astype(np.float32) / 255)
        about = self.films.films[film]
        map_, mm = thickness(self.nodules, self.kinds, about.mm * 512 / len(picture), self.random)
        per_mm = spread(self.random, self.kinds.per_mm) * (0.7 if about.low_contrast else 1.0)
        at = at or self.somewhere(film)
        with_it, there = planted(plain, map_, at, per_mm)
        return plain, with_it, there, at, mm

    def crop(self, film: int, spot: Optional[Tuple[float, float]] = None) -> torch.Tensor:
        """[4, 288, 288]: without, with, map, lung field, in one pose. Around `spot` if given."""
        plain, with_it, there, at, _ = self.plant(film)
        if spot is not None and max(abs(spot[0] - at[0]), abs(spot[1] - at[1])) * SIDE > 70:
            near = [s + number(self.random, -60, 60) / SIDE for s in spot]
            plain, with_it, there, at, _ = self.plant(film, (near[0], near[1]))
        random, reach = self.random, (CORE / 2 - 24) / SIDE
        middle = spot or [p + number(random, -reach, reach) for p in at]
        side = CORE + 2 * MARGIN
        zoom = side / SIDE * number(random, 0.82, 1.2)
        angle = number(random, -0.2, 0.2)
        flip = 1.0 if number(random, 0, 1) < 0.5 else -1.0
        theta = torch.tensor([
            [flip * math.cos(angle) * zoom, -math.sin(angle) * zoom, 2 * middle[0] - 1],
            [flip * math.sin(angle) * zoom, math.cos(angle) * zoom, 2 * middle[1] - 1]])
        grid = F.affine_grid(theta.unsqueeze(0), [1, 1, side, side], align_corners=False)
        three = F.grid_sample(torch.stack([plain, with_it, there]).unsqueeze(0), grid,
                              align_corners=False)[0]
        field = F.grid_sample(self.fields[film].view(1, 1, *self.fields.shape[1:]).float(), grid,
                             align_corners=False)[0]
        return torch.cat([three, field])

    def batch(self, picks: List[int], hard: int) -> torch.Tensor:
        """Crops [n, 4, 288, 288]; the first `hard` are around what was mistaken before."""
        crops = []
        for k, film in enumerate(picks):
            spots = self.spots.get(film) if k < hard else None
            crops.append(self.crop(film, spots[whole(self.random, len(spots))] if spots else None))
        return torch.stack(crops)


def tone(pairs: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Exposure, processing and noise of each pair [n, 2, H, W], the same for both."""
    n = len(pairs)

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.empty(n, 1, 1, 1).uniform_(low, high, generator=random)

    low, high = uniform(-0.15, 0.12), uniform(0.85, 1.25)
    x = ((pairs - low) / (high - low)).clamp(1e-3, 1) ** torch.exp(uniform(-0.5, 0.5))
    soft = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = x + (x - soft) * uniform(-1.0, 1.2)  # blurred, or with its edges enhanced
    x = x + uniform(-0.01, 0.02).clamp(min=0) * torch.randn(
        (n, 1) + tuple(pairs.shape[2:]), generator=random)
    return x.clamp(0, 1)


def targets(maps: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """Of thickness maps [n, H, W]: the places of the nodule, and a ring that does not count."""
    places = F.avg_pool2d(maps.unsqueeze(1), STEP)
    most = places.amax(dim=[2, 3], keepdim=True)
    inside = ((places > 0.4 * most) & (most > 0)).float()
    return inside, (F.max_pool2d(inside, 5, 1, 2) - inside)
