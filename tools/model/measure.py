# SPDX-License-Identifier: Apache-2.0
"""The answers of a model to phantoms, compared with the lesions that they contain."""
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np
import torch
from torch.nn import functional as F

from phantom_net import FINDINGS, SIDE
from phantom_set import PhantomSet

OVERLAP_IOU = 0.3
FRAGMENT_PX = 12  # the thin end of a pneumothorax breaks up; a nodule has 40 and more


@dataclass
class Answers:
    scores: np.ndarray    # [n, 4]
    heat: np.ndarray      # [n, 4, 128, 128], uint8 (255 = 1) to spare memory
    present: np.ndarray   # [n, 4] bool
    planted: np.ndarray   # [n, 256, 256], bit k = finding k


@torch.no_grad()
def run(net, phantoms: PhantomSet, batch: int = 25) -> Answers:
    scores, heats, present = [], [], []
    for first in range(0, len(phantoms), batch):
        images, masks = phantoms.batch(np.arange(first, min(first + batch, len(phantoms))))
        score, heat = net(images)
        scores.append(score.numpy())
        heats.append((heat * 255).round().byte().numpy())
        present.append((masks.amax(dim=[2, 3]) > 0.5).numpy())
    return Answers(np.concatenate(scores), np.concatenate(heats), np.concatenate(present),
                   phantoms.masks)


def best_threshold(scores: np.ndarray, present: np.ndarray) -> float:
    """The threshold with the fewest errors; the middle of a range with as few (or one more)."""
    candidates = np.linspace(0.05, 0.95, 91)
    wrong = np.array([((scores >= t) != present).sum() for t in candidates])
    best = candidates[wrong <= wrong.min() + 1]
    return float(round(np.median(best), 2))


def components(mask: np.ndarray) -> List[np.ndarray]:
    """The connected parts of a mask (4 neighbours), largest first, each as a boolean mask."""
    left = set(map(tuple, np.argwhere(mask)))
    parts = []
    while left:
        part, todo = [], [left.pop()]
        while todo:
            row, column = todo.pop()
            part.append((row, column))
            for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                near = (row + down, column + right)
                if near in left:
                    left.remove(near)
                    todo.append(near)
        whole = np.zeros_like(mask)
        whole[tuple(np.array(part).T)] = True
        parts.append(whole)
    return sorted(parts, key=lambda part: -part.sum())


def outlines(heat: np.ndarray, threshold: float) -> List[np.ndarray]:
    """A heatmap (uint8) at the size of the input, thresholded and split into its parts."""
    small = torch.from_numpy(heat.astype(np.float32) / 255)[None, None]
    large = F.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return components(large[0, 0].numpy() >= threshold)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum()) / max(1.0, float((a | b).sum()))


@dataclass
class Located:
    positives: int = 0   # true positives: planted and found
    overlap: int = 0     # largest outline has IoU >= 0.3 with a planted lesion
    touch: int = 0       # largest outline touches a planted lesion
    centred: int = 0     # centre of the largest outline lies in a planted lesion
    iou_sum: float = 0
    lesions: int = 0     # planted lesions of the true positives
    lesions_found: int = 0  # of those: some outline has IoU >= 0.3
    stray: int = 0       # further outlines that touch no planted lesion


def locate(answers: Answers, k: int, threshold: float, heat_threshold: float) -> Located:
    found = Located()
    hits = (answers.scores[:, k] >= threshold) & answers.present[:, k]
    for i in np.flatnonzero(hits):
        planted = ((answers.planted[i] >> k) & 1).astype(bool)
        lesions = [part for part in components(planted) if part.sum() >= FRAGMENT_PX]
        drawn = outlines(answers.heat[i, k], heat_threshold)
        found.positives += 1
        found.lesions += len(lesions)
        found.lesions_found += sum(any(iou(d, lesion) >= OVERLAP_IOU for d in drawn)
                                   for lesion in lesions)
        found.stray += sum(not (d & planted).any() for d in drawn)
        if not drawn:
            continue
        best = max(iou(drawn[0], lesion) for lesion in lesions)
        rows, columns = np.nonzero(drawn[0])
        found.iou_sum += best
        found.overlap += best >= OVERLAP_IOU
        found.touch += bool((drawn[0] & planted).any())
        found.centred += bool(planted[int(round(rows.mean())), int(round(columns.mean()))])
    return found


def best_heat_threshold(answers: Answers, k: int, threshold: float) -> float:
    def worth(heat_threshold: float) -> Tuple[float, float]:
        found = locate(answers, k, threshold, heat_threshold)
        return found.overlap / max(1, found.positives), found.iou_sum / max(1, found.positives)
    return max((0.3, 0.4, 0.5, 0.6), key=lambda t: sum(worth(t)))


def area_under_curve(scores: np.ndarray, present: np.ndarray) -> float:
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positives = present.sum()
    negatives = len(present) - positives
    return float((ranks[present].sum() - positives * (positives + 1) / 2) /
                 max(1, positives * negatives))


def report(answers: Answers, thresholds: List[float], heat_thresholds: List[float]) -> str:
    def part(count: float, whole: float) -> str:
        return f"{100 * count / whole:6.1f} %" if whole else "     - "

    lines = [f"phantoms {len(answers.scores)}, healthy {int((~answers.present.any(1)).sum())}", ""]
    lines.append("finding       planted  accuracy  sensitivity  specificity    AUC  threshold")
    for k, name in enumerate(FINDINGS):
        said = answers.scores[:, k] >= thresholds[k]
        truth = answers.present[:, k]
        lines.append(
            f"{name:13} {truth.sum():7}  {part((said == truth).sum(), len(truth))}     "
            f"{part((said & truth).sum(), truth.sum())}     "
            f"{part((~said & ~truth).sum(), (~truth).sum())}  "
            f"{area_under_curve(answers.scores[:, k], truth):.4f}  {thresholds[k]:9.2f}")
    lines += ["", "finding       true pos.  IoU>=0.3  any overlap  centre hit  mean IoU  "
              "lesions found  stray"]
    total = Located()
    for k, name in enumerate(FINDINGS):
        found = locate(answers, k, thresholds[k], heat_thresholds[k])
        lines.append(located_line(name, found, part))
        for field in vars(total):
            setattr(total, field, getattr(total, field) + getattr(found, field))
    lines.append(located_line("all", total, part))
    said = answers.scores >= np.array(thresholds)
    healthy = ~answers.present.any(1)
    lines += ["", f"healthy phantoms with a false outline: {int(said[healthy].any(1).sum())} of "
              f"{int(healthy.sum())} ({part(said[healthy].any(1).sum(), healthy.sum()).strip()})"]
    return "\n".join(lines)


def located_line(name: str, found: Located, part) -> str:
    whole = found.positives
    return (f"{name:13} {whole:9}  {part(found.overlap, whole)}     {part(found.touch, whole)}    "
            f"{part(found.centred, whole)}  {found.iou_sum / max(1, whole):8.3f}  "
            f"     {part(found.lesions_found, found.lesions)}  {found.stray:5}")
