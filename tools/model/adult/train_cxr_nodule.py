# SPDX-License-Identifier: Apache-2.0
"""Trains the network of models/cxr-nodule; see train-cxr-nodule."""
import math
import time
from dataclasses import dataclass
from typing import List, Tuple

import torch
from torch.nn import functional as F

from adult_films import Films, letterboxed, training_options
from average import Average
from lung_field import LungNet, lung_maps, read_or_train
from nodule_net import STEP, NoduleNet, contrast
from nodule_plant import MARGIN, Kinds, Nodules, Planter, targets, tone

# Shares of a batch. nih512 is the sharpest; opacities and ill films are hard negatives.
MIX = (("normal", "nih512", 0.3), ("opacity other ill", "nih512", 0.15),
       ("normal", "adult/rsna_normal/", 0.3), ("normal", "adult/rsna_normal_224/", 0.2),
       ("opacity", "adult/rsna_opacity/", 0.05))
FILMS_MINED = 320
HARD = 0.25                  # of a batch


@dataclass
class Round:
    """A part of the training, with a warm-up and an end of its own."""
    rate: float
    kinds: Kinds
    mined: Tuple[float, ...]  # of the steps: when mistakes are looked for in whole films


# Usual nodules first; then larger and denser ones, too, up to masses.
ROUNDS = (Round(4e-3, Kinds((8.0, 32.0), (0.012, 0.055), math.inf), (0.35, 0.55, 0.75)),
          Round(2.5e-3, Kinds(), (0.0, 0.4, 0.7)))


def loss_of(logits: torch.Tensor, maps: torch.Tensor, fields: torch.Tensor) -> torch.Tensor:
    """Logits [2n, 1, h, w], the first n without nodules; maps and fields [n, H, W]."""
    inside, ring = targets(maps)
    n = len(maps)
    truth = torch.cat([torch.zeros_like(inside), inside])
    counts = (F.avg_pool2d(fields.unsqueeze(1), STEP) > 0.5).float() * 0.9 + 0.1
    counts = torch.cat([counts, counts * (1 - ring)])
    probable = torch.sigmoid(logits)
    # Focal (Lin et al. 2017): what is easy counts little. A nodule counts alike, small or large.
    area = inside.sum(dim=[1, 2, 3]).clamp(min=1)
    hit = -(1 - probable[n:]).square() * F.logsigmoid(logits[n:]) * inside
    missed = (hit.sum(dim=[1, 2, 3]) / area).mean()
    false = (probable.square() * F.softplus(logits) * (1 - truth) * counts).sum() / n
    # The best place decides about a film, so each pair is told apart by its best place, too.
    calm = F.avg_pool2d(logits, 3, 1, 1, count_include_pad=False)
    best = (calm + 30 * (counts.clamp(min=0.5) - 1) * (counts < 0.5)).amax(dim=[1, 2, 3])
    there = (area > 0).float()
    label = torch.cat([torch.zeros(n), there])
    return missed + 0.12 * false + 0.3 * F.binary_cross_entropy_with_logits(best, label)


@torch.no_grad()
def mine(net: NoduleNet, planter: Planter, picks: List[int]) -> None:
    """Remembers the places of films without nodules that look most like one."""
    planter.spots = {}
    for film in picks:
        x = torch.from_numpy(letterboxed(planter.films.pictures[film], 448))[None, None]
        _, heat = net(x)
        heat = heat[0, 0]
        spots = []
        for _ in range(3):
            at = int(heat.argmax())
            row, column = at // heat.size(1), at % heat.size(1)
            if heat[row, column] < 0.03:
                break
            spots.append(((column + 0.5) / heat.size(1), (row + 0.5) / heat.size(0)))
            heat[max(0, row - 8):row + 9, max(0, column - 8):column + 9] = 0
        if spots:
            planter.spots[film] = spots
    print(f"mined {sum(len(s) for s in planter.spots.values())} places in {len(picks)} films",
          flush=True)


def chosen(films: Films, n: int, random: torch.Generator) -> List[int]:
    """n films for training, drawn from the sources as MIX says."""
    shares = torch.tensor([share if ids else 0.0
                           for (_, _, share), ids in zip(MIX, films.training)])
    picks = []
    for group in torch.multinomial(shares, n, replacement=True, generator=random).tolist():
        ids = films.training[group]
        picks.append(ids[int(torch.randint(0, len(ids), (1,), generator=random))])
    return picks


def train(net: NoduleNet, films: Films, nodules: Nodules, part: Round, steps: int, batch: int,
          seed: int) -> NoduleNet:
    random = torch.Generator().manual_seed(seed)
    planter = Planter(films, *lung_maps(net.lungs, films), nodules, random, part.kinds)
    usable = planter.lungs.flatten(1).float().mean(dim=1) > 0.05
    films.training = [[i for i in films.where(False, kinds, folder)
                       if usable[i] and not films.films[i].nodules] for kinds, folder, _ in MIX]
    net = net.to(memory_format=torch.channels_last)
    learnt = [p for name, p in net.named_parameters() if not name.startswith("lungs.")]
    optimizer = torch.optim.AdamW(learnt, lr=1e-3, weight_decay=2e-3)
    average = Average(net, 0.997)
    mined = {int(steps * at) for at in part.mined}
    running, started = 0.0, time.time()
    core = slice(MARGIN, -MARGIN)
    for step in range(steps):
        if step in mined:
            mine(average.net, planter, sorted(set(chosen(films, FILMS_MINED, random))))
        net.train()
        net.lungs.eval()
        rate = part.rate * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimizer.param_groups[0]["lr"] = rate
        hard = int(HARD * batch) if planter.spots else 0
        picks = chosen(films, batch - hard, random)
        if hard:
            known = sorted(planter.spots)
            drawn = torch.randint(0, len(known), (hard,), generator=random).tolist()
            picks = [known[i] for i in drawn] + picks
        crops = planter.batch(picks, hard)
        pairs = tone(crops[:, :2], random)
        seen = contrast(torch.cat([pairs[:, :1], pairs[:, 1:]]))[:, :, core, core]
        logits = net.places(seen.contiguous(memory_format=torch.channels_last))
        loss = loss_of(logits, crops[:, 2, core, core], crops[:, 3, core, core])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        average.follow(net, step)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        if (step + 1) % 25 == 0:
            print(f"step {step + 1}/{steps}, loss {running:.4f}, {time.time() - started:.0f} s",
                  flush=True)
    return average.net


def main() -> None:
    parser = training_options(__doc__)
    parser.add_argument("--steps", type=int, nargs=2, default=[1100, 700], help="of each round")
    parser.add_argument("--batch", type=int, default=16, help="pairs of crops")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    films = Films(options.data, options.films)
    lungs = read_or_train(films, options.work / "lungs.pt", options.lung_steps, options.seed)
    nodules = Nodules(options.data / "adult" / "nodule_thickness_maps.npz", False)
    print(f"{len(films.films)} films, {films.left_out} left out; {len(nodules)} maps of "
          f"{nodules.series} CT series", flush=True)
    torch.manual_seed(options.seed)
    net = NoduleNet(lungs)
    for number, part in enumerate(ROUNDS, 1):
        kept = options.work / f"nodule-{number}.pt"  # a round that is done is not repeated
        if not kept.exists():
            trained = train(net, films, nodules, part, options.steps[number - 1], options.batch,
                            options.seed + number - 1)
            torch.save(trained.state_dict(), kept)
        net.load_state_dict(torch.load(kept))
    torch.save(net.state_dict(), options.work / "nodule.pt")


if __name__ == "__main__":
    main()
