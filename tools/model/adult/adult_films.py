# SPDX-License-Identifier: Apache-2.0
"""Frontal chest radiographs of adults as arrays, and what is known about each.

Sources, in the folder of the training pictures: nih512 (512 px; patient, view and scale are known)
and adult/ (RSNA's normals and opacities at 299 and 224 px, without patients; nodules and masses at
512 px). The held-out films are nih512's of a third of the patients, and a tenth of RSNA's pictures.
"""
import argparse
import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

import numpy as np
from PIL import Image

from node_input import letterboxed  # noqa: F401: for all who read films
from same_film import TWIN, tiny

HELD_OUT = {"nih": 33, "rsna": 10}   # percent
COMMON_MM = 0.72                     # of a pixel at 512 px where the scale is unknown


@dataclass
class Film:
    file: str          # below the folder of the training pictures
    patient: str       # of RSNA's pictures: the picture itself
    view: str          # PA or AP
    kind: str          # normal, opacity, other (disease without opacity), ill (text only), nodule
    mm: float          # of a pixel, at 512 px
    low_contrast: bool = False  # RSNA's 299 px pictures: compressed by their compiler
    nodules: bool = False       # may show a nodule or mass, as far as is known
    held_out: bool = False


def percent_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100


def table(file: Path) -> List[Dict[str, str]]:
    with open(file, newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def nih_films(training: Path) -> List[Film]:
    """A radiologist's class counts more than a label mined from a report."""
    said = {row["img"][:-4]: row["rsna_class"]
            for row in table(training / "adult" / "rsna_labels_for_nih.csv")}
    classes = {"Normal": "normal", "Lung Opacity": "opacity",
               "No Lung Opacity / Not Normal": "other"}
    films = []
    for row in table(training / "adult" / "nih_view_scale.csv"):
        kind = classes.get(said.get(row["image"], ""))
        if kind is None:
            kind = "normal" if row["label"] == "No Finding" else "ill"
        films.append(Film(f"nih512/{row['image']}.jpg", row["patient"], row["view"], kind,
                          float(row["mm_per_px_at_512"]),
                          nodules="Nodule" in row["label"] or "Mass" in row["label"],
                          held_out=percent_of(row["patient"]) < HELD_OUT["nih"]))
    return films


def adult_films(training: Path) -> List[Film]:
    films = []
    for row in table(training / "adult" / "PICTURES.csv"):
        file, folder = "adult/" + row["file"], row["file"].split("/")[0]
        if folder == "nih_nodule_mass":
            # Films to look at, never to train on: the outlines are unknown.
            films.append(Film(file, row["patient"], row["view_called"], "nodule", COMMON_MM,
                              nodules=True, held_out=True))
        else:
            films.append(Film(file, file, row["view_called"],
                              "opacity" if folder == "rsna_opacity" else "normal", COMMON_MM,
                              low_contrast=not folder.endswith("_224"),
                              held_out=percent_of(file) < HELD_OUT["rsna"]))
    return films


def read(training: Path, film: Film) -> np.ndarray:
    with Image.open(training / film.file) as image:
        return np.asarray(image.convert("L"))


class Films:
    """All films, sorted by name; pictures uint8 at their own size.

    A picture for training that looks like a held-out one is left out: RSNA's patients are unknown,
    and some of its pictures are films of nih512.
    """

    def __init__(self, training: Path, most: int = 0):
        films = sorted(nih_films(training) + adult_films(training), key=lambda film: film.file)
        if most:  # a share, for a trial
            films = films[::max(1, len(films) // most)]
        pictures = [read(training, film) for film in films]
        held = np.array([film.held_out for film in films])
        patients = {film.patient for film in films if film.held_out}
        small = np.stack([tiny(picture) for picture in pictures])
        twin = (small @ small[held].T).max(axis=1) > TWIN if held.any() else np.zeros(len(films))
        keep = [i for i, film in enumerate(films)
                if film.held_out or (not twin[i] and film.patient not in patients)]
        self.left_out = len(films) - len(keep)
        self.films = [films[i] for i in keep]
        self.pictures = [pictures[i] for i in keep]

    def where(self, held_out: bool, kinds: str, folder: str = "") -> List[int]:
        """Indices of the films of these kinds (words), of training or held out."""
        return [i for i, film in enumerate(self.films)
                if film.held_out == held_out and film.kind in kinds.split()
                and film.file.startswith(folder)]


def training_options(what: str) -> argparse.ArgumentParser:
    """The options that every training with these films has."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--data", type=Path, required=True, help="folder with nih512 and adult")
    parser.add_argument("--work", type=Path, required=True, help="folder of the training")
    parser.add_argument("--lung-steps", type=int, default=500)
    parser.add_argument("--films", type=int, default=0, help="about so many films, for a trial")
    parser.add_argument("--threads", type=int, default=1,
                        help="another number gives other weights: sums are split among them")
    parser.add_argument("--seed", type=int, default=1)
    return parser
