# SPDX-License-Identifier: Apache-2.0
"""Trains models/cxr-gate; see tools/model/train-cxr-gate."""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import gate_set
from average import Average
from gate_net import GateNet
from gate_variation import Variation

REAL, FRONTS, PHANTOMS, OTHERS = 21, 3, 6, 34  # in a batch of 64
CHESTS = REAL + FRONTS + PHANTOMS


class Drawer:
    """Draws batches in fixed shares: children, adults in two kinds of processing, projections,
    phantoms, others, although there are many more of some than of the rest."""

    def __init__(self, real, kinds, fronts, phantoms, others, seed: int):
        self.real, self.fronts, self.phantoms, self.others = real, fronts, phantoms, others
        sources = np.array([kind.source for kind in kinds])
        self.pools = [np.flatnonzero(sources == "kermany"), np.flatnonzero(sources == "nih512"),
                      np.flatnonzero(np.char.startswith(sources, "rsna"))]
        self.random = np.random.default_rng(seed)
        self.vary = Variation(seed)

    def batch(self):
        third = REAL // 3
        picks = np.concatenate([self.random.choice(pool, third) for pool in self.pools])

        def some(pictures, count):
            return pictures[self.random.integers(len(pictures), size=count)]
        pictures = np.concatenate([self.real[picks], some(self.fronts, FRONTS),
                                   some(self.phantoms, PHANTOMS), some(self.others, OTHERS)])
        aspect = torch.cat([self.vary.uniform(third, 1.05, 1.8),
                            self.vary.uniform(2 * third, 0.78, 1.3),
                            self.vary.uniform(FRONTS, 0.8, 1.3),
                            self.vary.uniform(PHANTOMS, 0.95, 1.05),
                            self.vary.uniform(OTHERS, 0.6, 1.75)])
        return self.vary(pictures, aspect)


def loss_of(net: GateNet, x, quarters, inverted, flips) -> torch.Tensor:
    chest, turned, dark, mirrored = net(x)
    is_chest = torch.zeros(len(x))
    is_chest[:CHESTS] = 1
    n = CHESTS
    # Label smoothing of 0.02: without extreme scores a threshold is easier to choose.
    loss = F.binary_cross_entropy_with_logits(chest, is_chest * 0.96 + 0.02)
    loss = loss + 0.5 * F.cross_entropy(turned[:n], quarters[:n], label_smoothing=0.02)
    loss = loss + 0.5 * F.binary_cross_entropy_with_logits(dark[:n], inverted[:n].float())
    return loss + 0.6 * F.binary_cross_entropy_with_logits(mirrored[:n], flips[:n].float())


def train(drawer: Drawer, options, keep: Path) -> GateNet:
    torch.manual_seed(options.seed)
    net = GateNet().to(memory_format=torch.channels_last)
    if options.start:
        net.load_state_dict(torch.load(options.start))
    average = Average(net, 0.997)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=2e-3)
    started, running, steps = time.time(), 0.0, options.steps
    for step in range(steps):
        rate = options.rate * min(1, (step + 1) / 100)
        optimizer.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        x, *truths = drawer.batch()
        loss = loss_of(net, x.contiguous(memory_format=torch.channels_last), *truths)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        average.follow(net, step)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}/{steps}, loss {running:.4f}, {time.time() - started:.0f} s",
                  flush=True)
        if (step + 1) % 200 == 0:
            torch.save(average.net.state_dict(), keep)
    torch.save(average.net.state_dict(), keep)
    return average.net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=Path, required=True, help="LABELS.csv and its pictures")
    parser.add_argument("--samples", type=Path, required=True, help="patients to leave out")
    parser.add_argument("--maker", required=True, help="path of bucky-phantom-set")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the drawn pictures")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--rate", type=float, default=4e-3, help="largest learning rate")
    parser.add_argument("--start", type=Path, help="gate.pt to continue from")
    parser.add_argument("--few", type=int, default=0,
                        help="only so many pictures of each kind are drawn, for a trial")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.cache.mkdir(parents=True, exist_ok=True)

    few = options.few
    real, kinds = gate_set.chests(options.training, options.samples, "train", 40 if few else 1)
    fronts = gate_set.fronts(options.cache, "train", few)
    phantoms = gate_set.phantoms(options.maker, options.cache, "train", few)
    others, _ = gate_set.others(options.cache, "train", real, few)
    print(f"{len(real)} chests, {len(fronts)} projections, {len(phantoms)} phantoms, "
          f"{len(others)} others", flush=True)
    drawer = Drawer(real, kinds, fronts, phantoms, others, options.seed)
    train(drawer, options, options.cache / "gate.pt")


if __name__ == "__main__":
    main()
