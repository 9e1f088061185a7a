# SPDX-License-Identifier: Apache-2.0
"""Trains models/cxr-gate; see tools/model/train-cxr-gate."""
import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import gate_set
from gate_net import GateNet
from gate_set import Variation

CHESTS, PHANTOMS, OTHERS = 26, 8, 30  # in a batch of 64


class Drawer:
    """Draws batches in fixed shares. Adult and paediatric chests have equal shares, although there
    are eight times as many of the latter."""

    def __init__(self, real, squeezed, phantoms, others, seed: int):
        self.real, self.phantoms, self.others = real, phantoms, others
        self.pools = [np.flatnonzero(squeezed), np.flatnonzero(~squeezed)]
        self.random = np.random.default_rng(seed)
        self.vary = Variation(seed)

    def batch(self):
        half = CHESTS // 2
        picks = [self.random.choice(pool, half) for pool in self.pools]
        pictures = np.concatenate([
            self.real[picks[0]], self.real[picks[1]],
            self.phantoms[self.random.integers(len(self.phantoms), size=PHANTOMS)],
            self.others[self.random.integers(len(self.others), size=OTHERS)]])
        aspect = torch.cat([self.vary.uniform(half, 1.1, 1.75), self.vary.uniform(half, 0.8, 1.25),
                            self.vary.uniform(PHANTOMS, 0.95, 1.05),
                            self.vary.uniform(OTHERS, 0.6, 1.75)])
        return self.vary(pictures, aspect)


def loss_of(net: GateNet, x, quarters, inverted, flips) -> torch.Tensor:
    chest, turned, dark, mirrored = net(x)
    is_chest = torch.zeros(len(x))
    is_chest[:CHESTS + PHANTOMS] = 1
    n = CHESTS + PHANTOMS
    # Label smoothing of 0.02: without extreme scores a threshold is easier to choose.
    loss = F.binary_cross_entropy_with_logits(chest, is_chest * 0.96 + 0.02)
    loss = loss + 0.5 * F.cross_entropy(turned[:n], quarters[:n], label_smoothing=0.02)
    loss = loss + 0.5 * F.binary_cross_entropy_with_logits(dark[:n], inverted[:n].float())
    return loss + 0.5 * F.binary_cross_entropy_with_logits(mirrored[:n], flips[:n].float())


def train(drawer: Drawer, options, keep: Path) -> GateNet:
    minutes, steps = options.minutes, options.steps
    torch.manual_seed(options.seed)
    net = GateNet()
    if options.start:
        net.load_state_dict(torch.load(options.start))
    mean = copy.deepcopy(net).eval()  # running mean of the weights, generalises better
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=2e-3)
    started, running = time.time(), 0.0
    for step in range(steps):
        progress = max(step / steps, (time.time() - started) / (60 * minutes))
        if progress >= 1:
            break
        rate = options.rate * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * progress))
        optimizer.param_groups[0]["lr"] = rate
        loss = loss_of(net, *drawer.batch())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            share = min(0.997, (1 + step) / (10 + step))
            for mine, theirs in zip(mean.state_dict().values(), net.state_dict().values()):
                if mine.dtype.is_floating_point:
                    mine.mul_(share).add_(theirs, alpha=1 - share)
                else:
                    mine.copy_(theirs)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}/{steps}, loss {running:.4f}, {time.time() - started:.0f} s",
                  flush=True)
            torch.save(mean.state_dict(), keep)
    torch.save(mean.state_dict(), keep)
    return mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=Path, required=True, help="LABELS.csv and its pictures")
    parser.add_argument("--samples", type=Path, required=True, help="patients to leave out")
    parser.add_argument("--maker", required=True, help="path of bucky-phantom-set")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the drawn pictures")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=90, help="longest time of training")
    parser.add_argument("--rate", type=float, default=3e-3, help="largest learning rate")
    parser.add_argument("--start", type=Path, help="gate.pt to continue from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.cache.mkdir(parents=True, exist_ok=True)

    real, squeezed = gate_set.chests(options.training, options.samples, "train")
    phantoms = gate_set.phantoms(options.maker, options.cache, "train")
    others, _ = gate_set.others(options.cache, "train", real)
    print(f"{len(real)} chests ({int((~squeezed).sum())} adult), {len(phantoms)} phantoms, "
          f"{len(others)} others", flush=True)
    drawer = Drawer(real, squeezed, phantoms, others, options.seed)
    train(drawer, options, options.cache / "gate.pt")


if __name__ == "__main__":
    main()
