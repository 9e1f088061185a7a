# SPDX-License-Identifier: Apache-2.0
"""How models/cxr-nodule finds nodules: planted ones of held-out CTs in held-out films, false marks
in normal films, and films whose report names a nodule or mass.

A mark is a peak of the heatmap, the best within 25 mm of it. A nodule is found by a mark within
25 mm of its centre.
"""
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np
import torch

from adult_films import Films, letterboxed
from adult_measure import VIEWS, answers, area, sets_threshold, share
from nodule_net import SIDE, STEP
from nodule_plant import Nodules, Planter

NEAR_MM = 25.0
FALSE_MARKS = 0.25        # a normal film, at the operating point of the comparison
PER_FILM = 2              # nodules planted in each held-out film, one at a time
PLANT_SEED = 9


def peaks(heat: np.ndarray, place_mm: float, least: float = 0.01) -> List[Tuple[float, int, int]]:
    """(value, row, column) of each mark, best first."""
    heat, reach, found = heat.copy(), int(np.ceil(NEAR_MM / place_mm)), []
    while len(found) < 12:
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        if heat[row, column] < least:
            break
        found.append((float(heat[row, column]), int(row), int(column)))
        heat[max(0, row - reach):row + reach + 1, max(0, column - reach):column + reach + 1] = 0
    return found


@dataclass
class Planted:
    film: int
    mm: float          # diameter
    visible: float     # its greatest difference of display values by the spread around it
    score: float
    hit: float         # value of the best mark within 25 mm, 0 if none
    best: bool         # the best mark of all is that one


def visibility(plain: torch.Tensor, with_it: torch.Tensor, there: torch.Tensor) -> float:
    """Contrast of the nodule over the variation of the film in a ring of its size around it."""
    added = with_it - plain
    rows, columns = torch.nonzero(there > 0, as_tuple=True)
    reach = max(6, int(0.5 * (rows.max() - rows.min())))
    top, bottom = max(0, int(rows.min()) - reach), int(rows.max()) + reach
    left, right = max(0, int(columns.min()) - reach), int(columns.max()) + reach
    return float(added.max() / (plain[top:bottom, left:right].std() + 0.01))


@torch.no_grad()
def planted_answers(net, planter: Planter, ids: List[int]) -> List[Planted]:
    rows = []
    for film in ids:
        for _ in range(PER_FILM):
            plain, with_it, there, at, mm = planter.plant(film)
            x = letterboxed((with_it.numpy() * 255).round(), SIDE)
            score, heat = net(torch.from_numpy(x)[None, None])
            place_mm = planter.films.films[film].mm * 512 / SIDE * STEP
            marks = peaks(heat[0, 0].numpy(), place_mm)
            away = [np.hypot(row + 0.5 - at[1] * SIDE / STEP, column + 0.5 - at[0] * SIDE / STEP)
                    * place_mm <= NEAR_MM for _, row, column in marks]
            hit = max((mark[0] for mark, near in zip(marks, away) if near), default=0.0)
            rows.append(Planted(film, mm, visibility(plain, with_it, there), float(score), hit,
                                bool(away and away[0])))
    return rows


def limit_for(heats: np.ndarray, mms: List[float], false_marks: float) -> float:
    """The limit with so many marks a normal film."""
    values = sorted((mark[0] for heat, mm in zip(heats, mms)
                     for mark in peaks(heat, mm * 512 / SIDE * STEP)), reverse=True)
    at = int(false_marks * len(heats))
    return values[at] if at < len(values) else 0.01


def threshold_for(scores_by_source: List[np.ndarray], share_marked: float = 0.05) -> float:
    """The lowest threshold, to three digits, at which no source has more films with a mark."""
    worst = 0.0
    for scores in scores_by_source:
        allowed = int(np.floor(share_marked * len(scores)))
        worst = max(worst, float(np.sort(scores)[::-1][allowed]))
    return float(np.floor(worst * 1000 + 1) / 1000)


def normal_sources(films: Films) -> List[Tuple[str, List[int]]]:
    """The held-out normal films of each source."""
    folders = (("nih512", "NIH, 512 px"), ("adult/rsna_normal/", "RSNA, 299 px"),
               ("adult/rsna_normal_224/", "RSNA, 224 px"))
    return [(words, films.where(True, "normal", folder)) for folder, words in folders]


def planted_lines(rows: List[Planted], threshold: float, limit: float, films: Films,
                  normal: List[int], normal_scores: np.ndarray) -> List[str]:
    lines = ["                          found at the threshold        found at 0.25 false marks"
             "    best mark within 25 mm"]
    cut = float(np.median([row.visible for row in rows]))
    for words, mine in (("all", rows), ("clearer half", [r for r in rows if r.visible >= cut]),
                        ("fainter half", [r for r in rows if r.visible < cut]),
                        ("8 to 15 mm", [r for r in rows if r.mm < 15]),
                        ("15 to 45 mm", [r for r in rows if r.mm >= 15]),
                        ("PA", [r for r in rows if films.films[r.film].view == "PA"]),
                        ("AP", [r for r in rows if films.films[r.film].view == "AP"])):
        hits = np.array([r.hit for r in mine])
        best = np.array([r.best for r in mine])
        lines.append(f"  {words:13} {share(hits >= threshold):34} {share(hits >= limit):34} "
                     f"{share(best)}")
    lines.append("film with a planted nodule against normal film, AUC (95 % by patients):")
    for view in VIEWS:
        mine = [r for r in rows if films.films[r.film].view == view]
        for words, some in (("all", mine), ("clearer half", [r for r in mine if r.visible >= cut])):
            well = [k for k, i in enumerate(normal) if films.films[i].view == view]
            lines.append(f"  {view}, {words:13} " + area(
                np.array([r.score for r in some]), normal_scores[well],
                [films.films[r.film].patient for r in some],
                [films.films[normal[k]].patient for k in well]))
    return lines


def real_lines(net, films: Films, threshold: float, normal: List[int],
               normal_scores: np.ndarray) -> List[str]:
    ids = films.where(True, "nodule")
    scores, _ = answers(net, films, ids, SIDE)
    lines = []
    for view in VIEWS:
        mine = [k for k, i in enumerate(ids) if films.films[i].view == view]
        well = [k for k, i in enumerate(normal) if films.films[i].view == view]
        said = share(scores[mine] >= threshold)
        lines.append(f"  {view}: marked {said}; AUC against normal films "
                     + area(scores[mine], normal_scores[well],
                            [films.films[ids[k]].patient for k in mine],
                            [films.films[normal[k]].patient for k in well]))
    return lines


def report(net, films: Films, nodules: Nodules, maps, threshold: float) -> str:
    random = torch.Generator().manual_seed(PLANT_SEED)
    planter = Planter(films, *maps, nodules, random)
    lines = ["normal films with a mark, of those that did not set the threshold:"]
    nih, nih_scores, nih_heats = [], None, None
    for words, ids in normal_sources(films):
        measured = ids if nih_scores is None else [
            i for i in ids if not sets_threshold(films.films[i])]
        scores, heats = answers(net, films, measured, SIDE)
        if nih_scores is None:
            nih, nih_scores, nih_heats = ids, scores, heats
        for view in VIEWS:
            mine = np.array([films.films[i].view == view and not sets_threshold(films.films[i])
                             for i in measured])
            lines.append(f"  {words}, {view}: {share(scores[mine] >= threshold)}")
    other = films.where(True, "other opacity ill", "nih512")
    scores, _ = answers(net, films, [i for i in other if not films.films[i].nodules], SIDE)
    lines.append(f"films with other disease (NIH) with a mark: {share(scores >= threshold)}")
    limit = limit_for(nih_heats, [films.films[i].mm for i in nih], FALSE_MARKS)
    usable = [i for i in nih if planter.lungs[i].float().mean() > 0.05]
    rows = planted_answers(net, planter, usable)
    lines += ["", f"{len(rows)} nodules of {nodules.series} held-out CT series, planted in "
              f"{len(usable)} held-out NIH films:"]
    lines += planted_lines(rows, threshold, limit, films, nih, nih_scores)
    lines += ["", "real films whose report names a nodule or mass (NIH, large and many, no "
              "outlines):"]
    lines += real_lines(net, films, threshold, nih, nih_scores)
    return "\n".join(lines)
