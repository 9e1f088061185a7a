# SPDX-License-Identifier: Apache-2.0
"""Trains models/pneumonia-paediatric; see train-pneumonia-paediatric."""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from average import Average
from paediatric_net import SIDE, PaediatricNet
from paediatric_set import ChildSet, augment, contents, read_sets

SMALL_SIDE = 144      # most epochs use smaller pictures: 2.4 times as fast
SMOOTHING = 0.05      # labels come from reports, which have errors


def loss_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    # Three in four are sick: the weights balance the classes.
    weight = torch.where(labels > 0.5, torch.tensor(0.68), torch.tensor(1.93))
    smooth = labels * (1 - 2 * SMOOTHING) + SMOOTHING
    return F.binary_cross_entropy_with_logits(logits, smooth, weight=weight)


def train(training: ChildSet, options, keep: Path) -> PaediatricNet:
    batch, seed = options.batch, options.seed
    epochs = options.epochs or (12 if options.half is not None else 20)
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    net = PaediatricNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=2e-3)
    average = Average(net, 0.99)
    steps = options.steps or epochs * (len(training) // batch)
    labels = torch.from_numpy(training.labels.astype(np.float32))
    step, running, started = 0, 0.7, time.time()
    for epoch in range(epochs):
        side = SMALL_SIDE if epoch < 0.7 * epochs else SIDE
        order = np.random.default_rng(seed + epoch).permutation(len(training))
        for first in range(0, len(order) - batch + 1, batch):
            if step == steps:
                break
            rate = 4e-3 * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
            optimizer.param_groups[0]["lr"] = rate
            picks = order[first:first + batch]
            images = contents(training.batch(picks), side)
            images = torch.where((torch.rand(batch, generator=random) < 0.5).view(-1, 1, 1, 1),
                                 images.flip([3]), images)
            images = augment(images, random).to(memory_format=torch.channels_last)
            logits = net.places(images).mean(dim=[1, 2, 3])
            loss = loss_of(logits, labels[picks])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            average.follow(net, step)
            step += 1
            running += (loss.item() - running) * 0.02
            if step % 25 == 0:
                print(f"epoch {epoch + 1}/{epochs}, step {step}/{steps}, loss {running:.4f}, "
                      f"{time.time() - started:.0f} s", flush=True)
        torch.save(average.net.state_dict(), keep)
    return average.net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with LABELS.csv")
    parser.add_argument("--work", type=Path, required=True, help="folder of the training")
    parser.add_argument("--half", type=int, choices=[0, 1], help="train on one half of the part")
    parser.add_argument("--epochs", type=int, help="default 20, of a half 12")
    parser.add_argument("--steps", type=int, help="fewer steps, for a trial")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1,
                        help="another number gives other weights: sums are split among them")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    sets = read_sets(options.data)
    print({part: (len(s), int(s.labels.sum()), len(set(s.patients))) for part, s in sets.items()})
    if options.half is None:
        train(sets["train"], options, options.work / "net.pt")
    else:
        half = sets["train"].of_half(options.half)
        train(half, options, options.work / f"half-{options.half}.pt")


if __name__ == "__main__":
    main()
