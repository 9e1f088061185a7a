# SPDX-License-Identifier: Apache-2.0
"""How models/cxr-opacity tells opacities from normal lungs and from other disease, per view."""
from typing import List, Tuple

import numpy as np

from adult_films import Films
from adult_measure import VIEWS, answers, area, sets_threshold, share
from opacity_net import SIDE

SOURCES = (("adult/rsna_opacity/", "opacity", "Lung Opacity, RSNA, 299 px"),
           ("nih512", "opacity", "Lung Opacity, NIH, 512 px"),
           ("adult/rsna_normal/", "normal", "Normal, RSNA, 299 px"),
           ("nih512", "normal", "Normal or No Finding, NIH, 512 px"),
           ("adult/rsna_normal_224/", "normal", "Normal, RSNA, 224 px"),
           ("nih512", "other", "other disease, NIH, 512 px"))


class Answers:
    """Scores of the held-out films, with what is known about each."""

    def __init__(self, net, films: Films):
        self.ids: List[int] = []
        source: List[int] = []
        for number, (folder, kind, _) in enumerate(SOURCES):
            ids = films.where(True, kind, folder)
            self.ids += ids
            source += [number] * len(ids)
        self.scores, _ = answers(net, films, self.ids, SIDE)
        mine = [films.films[i] for i in self.ids]
        self.view = np.array([film.view for film in mine])
        self.kind = np.array([film.kind for film in mine])
        self.patients = [film.patient for film in mine]
        self.of = np.array(source)
        self.first = np.array([sets_threshold(film) for film in mine])

    def picked(self, mine: np.ndarray) -> Tuple[np.ndarray, List[str]]:
        return self.scores[mine], [p for p, m in zip(self.patients, mine) if m]

    def against(self, ill: np.ndarray, well: np.ndarray) -> str:
        (a, a_patients), (b, b_patients) = self.picked(ill), self.picked(well)
        return area(a, b, a_patients, b_patients)


def cell_weights(view: np.ndarray, ill: np.ndarray) -> np.ndarray:
    """Every (class, view) cell weighs alike."""
    weights = np.zeros(len(view))
    for name in VIEWS:
        for truth in (True, False):
            cell = (view == name) & (ill == truth)
            weights[cell] = 1.0 / max(1, cell.sum())
    return weights


def report(net, films: Films, threshold: float) -> str:
    said = Answers(net, films)
    lines = ["films at or above the threshold, of those that did not set it (of other disease: all",
             "that were held out):"]
    for number, (_, kind, words) in enumerate(SOURCES):
        for view in VIEWS:
            mine = (said.of == number) & (said.view == view)
            mine &= ~said.first | (kind == "other")
            lines.append(f"  {words + ', ' + view:40} {share(said.scores[mine] >= threshold)}")
    lines += ["", "AUC of all held-out films; no threshold is in it (95 % by patients; films):"]
    for view in VIEWS:
        here = said.view == view
        ill, well = here & (said.kind == "opacity"), here & (said.kind == "normal")
        nih = np.isin(said.of, (1, 3))
        for words, yes, no in (
                ("opacity against normal lungs, all sources", ill, well),
                ("the same, RSNA 299 px alone", here & (said.of == 0), here & (said.of == 2)),
                ("the same, NIH alone", ill & nih, well & nih),
                ("opacity against other disease, NIH alone", ill & nih,
                 here & (said.kind == "other"))):
            lines.append(f"  {view}, {words:42} {said.against(yes, no)}; "
                         f"{int(yes.sum())} against {int(no.sum())}")
    return "\n".join(lines)
