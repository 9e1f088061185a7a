# SPDX-License-Identifier: Apache-2.0
"""Figures that the cards of the adult packages share: shares and areas with intervals, per view."""
from typing import List, Sequence, Tuple

import numpy as np
import torch

from adult_films import Film, Films, letterboxed, percent_of
from measure import area_under_curve
from paediatric_measure import auc_interval, wilson

VIEWS = ("PA", "AP")


@torch.no_grad()
def answers(net, films: Films, ids: Sequence[int], side: int) -> Tuple[np.ndarray, np.ndarray]:
    """Scores [n] and heatmaps [n, h, w] of films as the node shows them to the network."""
    scores, heats = [], []
    for film in ids:
        x = torch.from_numpy(letterboxed(films.pictures[film], side))[None, None]
        score, heat = net(x)
        scores.append(float(score))
        heats.append(heat[0, 0].numpy())
    return np.array(scores), np.stack(heats)


def sets_threshold(film: Film) -> bool:
    """Half of the held-out films, by patient, set thresholds; shares are measured on the rest."""
    return percent_of("half " + film.patient) < 50


def share(said: np.ndarray) -> str:
    """How many of them, with the 95 % interval."""
    count, whole = int(said.sum()), len(said)
    if whole == 0:
        return "none"
    low, high = wilson(count, whole)
    return (f"{count:3d} of {whole:3d}, {100 * count / whole:5.1f} % "
            f"({100 * max(0, low):.1f}-{100 * high:.1f})")


def area(ill: np.ndarray, well: np.ndarray, ill_patients: List[str],
         well_patients: List[str]) -> str:
    """AUC with the 95 % interval by patients."""
    if len(ill) == 0 or len(well) == 0:
        return "none"
    scores = np.concatenate([ill, well])
    truth = np.arange(len(scores)) < len(ill)
    low, high = auc_interval(scores, truth, ill_patients + well_patients)
    return f"{area_under_curve(scores, truth):.3f} ({low:.3f}-{high:.3f})"
