# SPDX-License-Identifier: Apache-2.0
"""Trains models/cxr-phantom on phantoms and fixes its thresholds; see train-cxr-phantom."""
import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import measure
from average import Average
from package import write_package
from phantom_net import FINDINGS, PhantomNet
from phantom_set import TRAINING_SEEDS, VALIDATION_SEEDS, PhantomSet, augment

HEAT_WEIGHT = 4.0


def loss_of(score, heat, masks) -> torch.Tensor:
    present = (masks.amax(dim=[2, 3]) > 0.5).float()
    score_loss = F.binary_cross_entropy_with_logits(score, present)
    weight = 1 + 4 * masks  # a missed lesion pixel costs more than a false one
    pixel_loss = F.binary_cross_entropy_with_logits(heat, masks, weight=weight)
    # Dice gives every lesion the same weight, a nodule of ten pixels or a large pneumothorax.
    probable = torch.sigmoid(heat)
    both = (probable * masks).sum(dim=[2, 3])
    either = probable.sum(dim=[2, 3]) + masks.sum(dim=[2, 3])
    dice = 1 - (2 * both + 1) / (either + 1)
    dice_loss = (dice * present).sum() / present.sum().clamp(min=1)
    return score_loss + HEAT_WEIGHT * pixel_loss + 0.5 * dice_loss


def train(training: PhantomSet, epochs: int, batch: int, seed: int) -> PhantomNet:
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    net = PhantomNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-3)
    average = Average(net)
    steps = epochs * (len(training) // batch)
    started = time.time()
    step, running = 0, 0.0
    for epoch in range(epochs):
        order = np.random.default_rng(seed + epoch).permutation(len(training))
        for first in range(0, len(order) - batch + 1, batch):
            # Warm-up, then a cosine to zero. It depends on steps, never on the clock: the same
            # command makes the same weights on a slow machine.
            rate = 4e-3 * min(1, step / 150) * 0.5 * (1 + math.cos(math.pi * step / steps))
            optimizer.param_groups[0]["lr"] = rate
            picks = np.sort(order[first:first + batch])
            images, masks = augment(*training.batch(picks, mask_step=2), random)
            score, heat = net.logits(images.to(memory_format=torch.channels_last))
            loss = loss_of(score, heat, masks)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            average.follow(net, step)
            step += 1
            running += (loss.item() - running) * max(0.01, 1 / step)
            if step % 50 == 0:
                print(f"epoch {epoch + 1}/{epochs}, step {step}/{steps}, loss {running:.4f}, "
                      f"{time.time() - started:.0f} s", flush=True)
    return average.net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maker", required=True, help="path of bucky-phantom-set")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the phantoms")
    parser.add_argument("--package", type=Path, required=True, help="the model package's folder")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2,
                        help="another number gives other weights: sums are split among them")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    training = PhantomSet(options.maker, options.cache, "train", TRAINING_SEEDS)
    net = train(training, options.epochs, options.batch, options.seed)
    validation = PhantomSet(options.maker, options.cache, "val", VALIDATION_SEEDS)
    answers = measure.run(net, validation)
    thresholds = [measure.best_threshold(answers.scores[:, k], answers.present[:, k])
                  for k in range(len(FINDINGS))]
    heat_thresholds = [measure.best_heat_threshold(answers, k, thresholds[k])
                       for k in range(len(FINDINGS))]
    write_package(net, options.package, thresholds, heat_thresholds)


if __name__ == "__main__":
    main()
