# SPDX-License-Identifier: Apache-2.0
"""The variation of a batch for the gate: pose, exposure, polarity, processing, size on the
detector, collimation, markers, lines."""
import numpy as np
import torch
from torch.nn import functional as F

from gate_net import SIDE, field_of

INNER = 128    # side of the varied picture
CANVAS = 192   # side of the detector on which it is laid
WHOLE = 0.45   # share of the pictures that fill the detector


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
        zoom = torch.exp(self.uniform(n, -0.25, 0.25))  # above 1: smaller
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
        return F.affine_grid(theta, [n, 1, INNER, INNER], align_corners=False)

    def tone(self, x: torch.Tensor) -> torch.Tensor:
        n = len(x)
        shape = (n, 1, 1, 1)
        low = self.uniform(n, -0.25, 0.15).view(shape)
        high = self.uniform(n, 0.8, 1.35).view(shape)
        gamma = torch.exp(self.uniform(n, -0.7, 0.7)).view(shape)
        x = ((x - low) / (high - low)).clamp(1e-4, 1) ** gamma
        # The lamp of a scanner or a tilted grid: brighter on one side.
        ramp = torch.linspace(-1, 1, INNER)
        shade = self.uniform(n, -0.15, 0.15).view(shape) * ramp.view(1, 1, 1, INNER) + \
            self.uniform(n, -0.15, 0.15).view(shape) * ramp.view(1, 1, INNER, 1)
        x = x + shade * self.chance(n, 0.4).view(shape)
        faint = torch.where(self.chance(n, 0.15), self.uniform(n, 0.15, 0.6), torch.ones(n))
        level = self.uniform(n, 0.1, 0.9).view(shape)
        return (level + (x - level) * faint.view(shape)).clamp(0, 1)

    def process(self, x: torch.Tensor) -> torch.Tensor:
        """Processing at the console: edges and local contrast enhanced, weakly or strongly."""
        n = len(x)
        out = x
        for coarse in (4, 8, 12):
            near = F.avg_pool2d(F.avg_pool2d(x, coarse), 3, 1, 1, count_include_pad=False)
            near = F.interpolate(near, size=x.shape[2:], mode="bilinear", align_corners=False)
            strength = self.uniform(n, 0, 2.5) * self.chance(n, 0.2)
            out = out + strength.view(n, 1, 1, 1) * (x - near)
        return out.clamp(0, 1)

    def shadow(self, x: torch.Tensor) -> torch.Tensor:
        """Soft opacities and lucencies, up to half of the picture: white-out, collapse, gas."""
        n = len(x)
        rows = torch.linspace(-1, 1, INNER).view(1, INNER, 1)
        columns = torch.linspace(-1, 1, INNER).view(1, 1, INNER)
        for share in (0.35, 0.2):
            shape = (n, 1, 1)
            across = (columns - self.uniform(n, -0.8, 0.8).view(shape)) / \
                self.uniform(n, 0.15, 0.6).view(shape)
            down = (rows - self.uniform(n, -0.8, 0.8).view(shape)) / \
                self.uniform(n, 0.15, 0.6).view(shape)
            dense = (self.uniform(n, -0.35, 1.1) * self.chance(n, share)).view(shape)
            x = x + (dense * torch.exp(-across ** 2 - down ** 2)).unsqueeze(1)
        return x.clamp(0, 1)

    def mark(self, x: torch.Tensor) -> None:
        """Letters, plugs and wires, as bright or dark boxes and lines."""
        side = x.size(2)
        for picture in x:
            for _ in range(int(self.numpy.integers(0, 4))):
                h, w = self.numpy.integers(2, side // 9, 2)
                r, c = self.numpy.integers(0, side - side // 9, 2)
                picture[:, r:r + h, c:c + w] = float(self.numpy.choice([0, 1, 1]))
            for _ in range(int(self.numpy.integers(0, 4)) if self.numpy.random() < 0.3 else 0):
                ends = self.numpy.random((3, 2)) * (side - 2)
                along = np.linspace(0, 1, 2 * side)[:, None]
                line = (1 - along) ** 2 * ends[0] + 2 * along * (1 - along) * ends[1] + \
                    along ** 2 * ends[2]
                r, c = line.astype(int).T
                dense = float(self.numpy.uniform(0.2, 0.7))
                picture[:, r, c] = (picture[:, r, c] + dense).clamp(0, 1)

    def laid(self, x: torch.Tensor) -> torch.Tensor:
        """On a detector that it fills, or on a larger one: from the whole side to a third of it."""
        n = len(x)
        whole = self.chance(n, WHOLE)
        scale = self.uniform(n, 0.32, 1.0)
        high = torch.where(whole, torch.ones(n), (scale * self.uniform(n, 0.85, 1.2)).clamp(0.3, 1))
        wide = torch.where(whole, torch.ones(n), (scale * self.uniform(n, 0.85, 1.2)).clamp(0.3, 1))
        theta = torch.zeros(n, 2, 3)
        theta[:, 0, 0], theta[:, 1, 1] = 1 / wide, 1 / high
        theta[:, 0, 2] = self.uniform(n, -1, 1) * (1 - wide) / wide
        theta[:, 1, 2] = self.uniform(n, -1, 1) * (1 - high) / high
        grid = F.affine_grid(theta, [n, 1, CANVAS, CANVAS], align_corners=False)
        inside = (grid.abs() <= 1).all(dim=3).unsqueeze(1)
        shape = (n, 1, 1, 1)
        kind = self.uniform(n, 0, 1)
        level = torch.where(kind < 0.55, torch.zeros(n), torch.where(kind < 0.72, torch.ones(n),
                                                                     self.uniform(n, 0, 1)))
        border = level.view(shape).expand(n, 1, CANVAS, CANVAS).clone()
        grain = self.uniform(n, -0.04, 0.05).clamp(min=0).view(shape)
        border = (border + grain * torch.randn(border.shape, generator=self.random)).clamp(0, 1)
        ramp = self.uniform(n, -0.15, 0.15) * self.chance(n, 0.3)
        border = border + ramp.view(shape) * torch.linspace(-1, 1, CANVAS).view(1, 1, 1, CANVAS)
        letters = border.clone()
        self.mark(letters)
        border = torch.where(self.chance(n, 0.3).view(shape), letters, border).clamp(0, 1)
        laid = F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
        return torch.where(inside, laid, border)

    def __call__(self, pictures: np.ndarray, aspect: torch.Tensor):
        """Batch [n, 1, 96, 96] as the network sees it, quarters, inverted, mirrored."""
        n = len(pictures)
        source = torch.from_numpy(pictures.astype(np.float32) / 255).unsqueeze(1)
        quarters = torch.randint(0, 4, (n,), generator=self.random)
        flips, inverted = self.chance(n, 0.5), self.chance(n, 0.5)
        grid = self.pose(n, aspect, quarters, flips)
        x = F.grid_sample(source, grid, mode="bilinear", align_corners=False)
        inside = (grid.abs() <= 1).all(dim=3).unsqueeze(1)
        x = self.tone(self.process(self.shadow(x)))
        border = torch.where(self.chance(n, 0.12), self.uniform(n, 0, 1), torch.zeros(n))
        x = torch.where(inside, x, border.view(n, 1, 1, 1))
        blur = self.uniform(n, -1, 1).clamp(min=0).view(n, 1, 1, 1)
        x = x * (1 - blur) + F.avg_pool2d(x, 3, 1, 1) * blur
        grain = self.uniform(n, -0.04, 0.04).clamp(min=0).view(n, 1, 1, 1)
        x = (x + grain * torch.randn(x.shape, generator=self.random)).clamp(0, 1)
        self.mark(x)
        x = self.laid(x)
        x = torch.where(inverted.view(n, 1, 1, 1), 1 - x, x)
        return field_of(x, SIDE, 2), quarters, inverted, flips
