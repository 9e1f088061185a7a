# SPDX-License-Identifier: Apache-2.0
"""Trains the network of models/cxr-opacity; see train-cxr-opacity."""
import math
import time
from typing import Dict, List, Tuple

import numpy as np
import torch
from torch.nn import functional as F

from adult_films import Films, letterboxed, training_options
from average import Average
from exposed_field import content_box, look_at
from lung_field import LungNet, field, read_or_train
from opacity_net import LOOK_SIDE, SIDE, OpacityNet

KEPT_SIDE, WIDER = 200, 1.2   # what is kept of each film: the lung field and a margin to vary in
SMOOTHING = 0.05              # readers differ
# Cells that count alike, so that the view says nothing; in each, the shares of the sources.
CELLS = {
    ("opacity", "PA"): (("adult/rsna_opacity/", 0.8), ("nih512", 0.2)),
    ("opacity", "AP"): (("adult/rsna_opacity/", 0.8), ("nih512", 0.2)),
    ("normal", "PA"): (("adult/rsna_normal/", 0.55), ("nih512", 0.2),
                       ("adult/rsna_normal_224/", 0.25)),
    ("normal", "AP"): (("adult/rsna_normal/", 0.5), ("nih512", 0.25),
                       ("adult/rsna_normal_224/", 0.25)),
}
OTHER_SHARE = 0.12            # of a batch: other disease without opacity, as hard negatives


@torch.no_grad()
def lung_views(films: Films, lungs: LungNet, ids: List[int]) -> Tuple[np.ndarray, np.ndarray]:
    """Around the lung field of each film: the film and the field, uint8 [n, 200, 200]."""
    seen, inside = [], []
    for film in ids:
        x = torch.from_numpy(letterboxed(films.pictures[film], SIDE))[None, None]
        lung = field(lungs(F.avg_pool2d(x, 4)))
        box = content_box(lung, 0.5)
        box[:, 2:] *= WIDER
        seen.append((look_at(x, box, KEPT_SIDE)[0, 0] * 255).round().byte().numpy())
        inside.append((look_at(lung, box, KEPT_SIDE)[0, 0] * 255).round().byte().numpy())
    return np.stack(seen), np.stack(inside)


def varied(seen: torch.Tensor, inside: torch.Tensor, random: torch.Generator
           ) -> Tuple[torch.Tensor, torch.Tensor]:
    """Another pose, exposure, contrast, sharpness of the same films, at 160 x 160."""
    n = len(seen)

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=random)

    def pixelwise(values: torch.Tensor) -> torch.Tensor:
        return values.view(n, 1, 1, 1)

    angle, stretch = uniform(-0.12, 0.12), uniform(0.93, 1.08)
    zoom = uniform(0.9, 1.12) / WIDER
    flip = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * zoom * stretch * flip
    theta[:, 0, 1] = -torch.sin(angle) * zoom
    theta[:, 1, 0] = torch.sin(angle) * zoom * flip
    theta[:, 1, 1] = torch.cos(angle) * zoom / stretch
    theta[:, :, 2] = torch.stack([uniform(-0.07, 0.07), uniform(-0.07, 0.07)], dim=1)
    grid = F.affine_grid(theta, [n, 1, LOOK_SIDE, LOOK_SIDE], align_corners=False)
    both = F.grid_sample(torch.cat([seen, inside], dim=1), grid, align_corners=False)
    x, inside = both[:, :1], both[:, 1:]
    low, high = pixelwise(uniform(-0.3, 0.12)), pixelwise(uniform(0.85, 1.4))
    x = ((x - low) / (high - low)).clamp(1e-4, 1) ** pixelwise(torch.exp(uniform(-0.5, 0.5)))
    soft = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = x + (x - soft) * pixelwise(uniform(-1.0, 1.0))
    x = x + pixelwise(uniform(-0.01, 0.025).clamp(min=0)) * torch.randn(x.shape, generator=random)
    return x.clamp(0, 1), inside


def chosen(groups: Dict, n: int, random: torch.Generator) -> List[int]:
    """n films, every (class, view) cell alike; some are other disease instead."""
    cells, picks = list(CELLS), []
    for k in range(n):
        cell = cells[k % len(cells)]
        other = groups[("other", cell[1])]
        if other and torch.rand(1, generator=random).item() < OTHER_SHARE:
            cell = ("other", cell[1])
        shares = torch.tensor([share for share, _ in groups[cell]])
        _, ids = groups[cell][int(torch.multinomial(shares, 1, generator=random))]
        picks.append(ids[int(torch.randint(0, len(ids), (1,), generator=random))])
    return picks


def groups_of(films: Films) -> Dict:
    """Of each cell, the sources that have such films for training: share of the cell, films."""
    wanted = dict(CELLS)
    wanted.update({("other", view): (("nih512", 1.0),) for view in ("PA", "AP")})
    groups = {}
    for (kind, view), sources in wanted.items():
        found = [(share, [i for i in films.where(False, kind, folder)
                          if films.films[i].view == view]) for folder, share in sources]
        groups[(kind, view)] = [(share, ids) for share, ids in found if ids]
    return groups


def train(films: Films, lungs: LungNet, steps: int, batch: int, seed: int) -> OpacityNet:
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    groups = groups_of(films)
    ids = sorted({i for sources in groups.values() for _, source in sources for i in source})
    row_of = {film: row for row, film in enumerate(ids)}
    seen, inside = lung_views(films, lungs, ids)
    net = OpacityNet(lungs).to(memory_format=torch.channels_last)
    learnt = [p for name, p in net.named_parameters()
              if p.requires_grad and not name.startswith("lungs.")]
    optimizer = torch.optim.AdamW(learnt, lr=1e-3, weight_decay=3e-3)
    average = Average(net, 0.99)
    running, started = 0.7, time.time()
    print(f"{len(ids)} films", {cell: [len(s) for _, s in sources]
                                for cell, sources in groups.items()}, flush=True)
    for step in range(steps):
        net.train()
        net.lungs.eval()
        rate = 4e-3 * min(1, (step + 1) / 80) * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimizer.param_groups[0]["lr"] = rate
        picks = chosen(groups, batch, random)
        rows = [row_of[i] for i in picks]
        x, lung = (torch.from_numpy(a[rows].astype(np.float32) / 255).unsqueeze(1)
                   for a in (seen, inside))
        x, lung = varied(x, lung, random)
        logit = net.logit(net.places(x.contiguous(memory_format=torch.channels_last)), lung)[:, 0]
        truth = torch.tensor([float(films.films[i].kind == "opacity") for i in picks])
        loss = F.binary_cross_entropy_with_logits(logit, truth * (1 - 2 * SMOOTHING) + SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        average.follow(net, step)
        running += (loss.item() - running) * 0.03
        if (step + 1) % 25 == 0:
            print(f"step {step + 1}/{steps}, loss {running:.4f}, {time.time() - started:.0f} s",
                  flush=True)
    return average.net


def main() -> None:
    parser = training_options(__doc__)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    films = Films(options.data, options.films)
    lungs = read_or_train(films, options.work / "lungs.pt", options.lung_steps, options.seed)
    net = train(films, lungs, options.steps, options.batch, options.seed)
    torch.save(net.state_dict(), options.work / "opacity.pt")


if __name__ == "__main__":
    main()
