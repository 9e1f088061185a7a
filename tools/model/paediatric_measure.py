# SPDX-License-Identifier: Apache-2.0
"""How good and how well calibrated a score is where the truth is known, and a plot of it."""
from pathlib import Path
from typing import List, Tuple

import numpy as np
from PIL import Image, ImageDraw

from measure import area_under_curve

SENSITIVITY_AIM = 0.95
BINS = 10


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def calibrated(logits: np.ndarray, truth: np.ndarray) -> Tuple[float, float]:
    """Scale and shift that turn logits into probabilities (Platt 1999), by Newton's method."""
    x = np.stack([logits, np.ones_like(logits)], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        said = logistic(x @ weights)
        gradient = x.T @ (said - truth) + 1e-3 * (weights - [1.0, 0.0])
        curvature = (x * (said * (1 - said))[:, None]).T @ x + 1e-3 * np.eye(2)
        weights = weights - np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def threshold_for(scores: np.ndarray, truth: np.ndarray, sensitivity: float) -> float:
    """The highest threshold, to three digits, that at least this share of the sick reaches."""
    sick = np.sort(scores[truth])
    allowed = int(np.floor((1 - sensitivity) * len(sick)))  # sick that may be missed
    return float(np.floor(sick[allowed] * 1000) / 1000)


def wilson(count: int, whole: int) -> Tuple[float, float]:
    """95 % confidence interval of a share (Wilson 1927)."""
    z = 1.96
    share = count / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * np.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole)) / \
        (1 + z * z / whole)
    return middle - half, middle + half


def operating_point(scores: np.ndarray, truth: np.ndarray, threshold: float, words: str) -> str:
    said = scores >= threshold

    def part(right: np.ndarray, of: np.ndarray) -> str:
        count, whole = int((right & of).sum()), int(of.sum())
        low, high = wilson(count, whole)
        return f"{100 * count / whole:5.1f} % ({100 * low:.1f}-{100 * high:.1f})"

    return f"{threshold:9.3f}  {part(said, truth):22}  {part(~said, ~truth):22}  {words}"


def auc_interval(scores: np.ndarray, truth: np.ndarray, patients: List[str]) -> Tuple[float, float]:
    """95 % interval by bootstrap over patients, not over images."""
    random = np.random.default_rng(7)
    names, where = np.unique(patients, return_inverse=True)
    of_patient = [np.flatnonzero(where == i) for i in range(len(names))]
    areas = []
    for _ in range(500):
        picks = np.concatenate([of_patient[i] for i in random.integers(0, len(names), len(names))])
        areas.append(area_under_curve(scores[picks], truth[picks]))
    return float(np.quantile(areas, 0.025)), float(np.quantile(areas, 0.975))


def bins_of(scores: np.ndarray, truth: np.ndarray) -> List[Tuple[float, float, int]]:
    """Mean score, share of sick and number of images for each tenth of the scores, if not empty."""
    at = np.minimum((scores * BINS).astype(int), BINS - 1)
    return [(float(scores[at == b].mean()), float(truth[at == b].mean()), int((at == b).sum()))
            for b in range(BINS) if (at == b).any()]


def calibration_error(scores: np.ndarray, truth: np.ndarray) -> float:
    return sum(n * abs(said - sick) for said, sick, n in bins_of(scores, truth)) / len(scores)


def draw_calibration(scores: np.ndarray, truth: np.ndarray, file: Path) -> None:
    side, left, top = 360, 50, 20
    picture = Image.new("L", (side + left + 20, side + top + 50), 255)
    draw = ImageDraw.Draw(picture)

    def at(score: float, share: float) -> Tuple[float, float]:
        return left + score * side, top + (1 - share) * side

    draw.rectangle([at(0, 1), at(1, 0)], outline=0)
    for tick in (0, 0.25, 0.5, 0.75, 1):
        draw.line([at(tick, 0), at(tick, 1)], fill=225)
        draw.line([at(0, tick), at(1, tick)], fill=225)
        draw.text((at(tick, 0)[0] - 10, at(0, 0)[1] + 5), f"{tick:.2f}", fill=0)
        draw.text((left - 32, at(0, tick)[1] - 6), f"{tick:.2f}", fill=0)
    draw.line([at(0, 0), at(1, 1)], fill=150)
    points = bins_of(scores, truth)
    for said, sick, n in points:
        radius = 3 + 9 * np.sqrt(n / len(scores))
        x, y = at(said, sick)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=0, width=2)
    draw.text((left + 60, side + top + 22), "score  (y: share with pneumonia; area: images)",
              fill=0)
    picture.quantize(8).save(file, optimize=True)


def report(scores: np.ndarray, truth: np.ndarray, patients: List[str], threshold: float) -> str:
    low, high = auc_interval(scores, truth, patients)
    area = area_under_curve(scores, truth)
    return "\n".join([
        f"{len(scores)} images of {len(set(patients))} patients, {int(truth.sum())} with pneumonia",
        f"AUC {area:.4f} (95 % by patients: {low:.4f} to {high:.4f})",
        f"calibration error {calibration_error(scores, truth):.3f} "
        f"(mean distance of score and share, by tenths)", "",
        "threshold  sensitivity             specificity             how it was chosen",
        operating_point(scores, truth, threshold, "in the package, by strangers"),
        operating_point(scores, truth, threshold_for(scores, truth, SENSITIVITY_AIM),
                        "in hindsight, 95 % sensitivity here"),
        operating_point(scores, truth, 0.5, "0.5")])
