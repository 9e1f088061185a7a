# SPDX-License-Identifier: Apache-2.0
"""The pictures for training and measuring the gate.

Real chests come from the training folder, split by patient; one of its sources is held out as a
whole. Phantoms come from bucky-phantom-set, projections from the CT in projections.py. All other
pictures are made here: other bodies, no bodies, parts of real chests (of the same split only).
"""
import csv
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
from PIL import Image

import near_chests
import no_bodies
import other_bodies
import projections
import torn_chests
from rays import SIDE as SOURCE
from same_film import TWIN, tiny

PHANTOMS = {"train": (4_000_000, 3_000), "val": (4_100_000, 500), "test": (4_200_000, 500)}
OTHERS = {"train": (11, 14_000), "val": (12, 1_600), "test": (13, 2_000)}  # seed, count
FRONTS = {"train": (21, 400), "val": (22, 60), "test": (23, 60)}
GROUPS = ("other bodies", "near chests", "torn chests", "no bodies", "near chests", "projections",
          "other bodies", "torn chests")  # in turn
HELD_OUT = "rsna_normal_224"  # this source is in no training and chose no limit
# People found these pictures upside down or rotated: the label "upright" would be wrong.
LYING = {"nih512/00003490_011.jpg"}


@dataclass
class Chest:
    file: str
    patient: str  # the file, where it is unknown
    source: str   # kermany, nih512, or a folder of adult/

    @property
    def squeezed(self) -> bool:
        return self.source == "kermany"  # to a square


def split_of(patient: str) -> str:
    """Train, val or test, from the patient alone: eight, one and one of ten."""
    digit = hashlib.sha256(patient.encode()).digest()[0] % 10
    return "val" if digit == 8 else "test" if digit == 9 else "train"


def held_out(samples: Path) -> set:
    """Patients that are in the samples, too, which are test data: they are in no split."""
    names = set()
    for file in (samples / "cxr").glob("*"):
        stem = file.stem
        if stem.startswith("NIH_"):
            names.add("NIH" + str(int(stem[4:12])))
        elif stem.startswith("KER_person"):
            names.add("P" + stem[len("KER_person"):].split("_")[0])
        elif stem.startswith("KER_"):
            names.add("N" + stem[4:].replace("-0001", "").replace("IM-", ""))
    return names


def listed(training: Path, samples: Path, split: str) -> List[Chest]:
    out = held_out(samples)
    found = []
    with open(training / "LABELS.csv", newline="", encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            if row["patient"] not in out and row["file"] not in LYING:
                found.append(Chest(row["file"], row["patient"], row["file"].split("/")[0]))
    with open(training / "adult" / "PICTURES.csv", newline="", encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            source = row["file"].split("/")[0]
            if source in ("rsna_opacity", "rsna_normal"):
                found.append(Chest("adult/" + row["file"], row["file"], source))
    return [chest for chest in found if split_of(chest.patient) == split]


def of_held_out_source(training: Path, every: int = 4) -> List[Chest]:
    files = sorted((training / "adult" / HELD_OUT).glob("*.jpg"))[::every]
    return [Chest(f"adult/{HELD_OUT}/{file.name}", file.name, HELD_OUT) for file in files]


def grey(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("L"))


def chests(training: Path, samples: Path, split: str, every: int = 1
           ) -> Tuple[np.ndarray, List[Chest]]:
    """Pictures [n, 160, 160] uint8. RSNA does not name its patients: a picture that looks like one
    of the samples is left out."""
    known = np.stack([tiny(grey(file)) for file in sorted((samples / "cxr").glob("*"))])
    pictures, kept = [], []
    for chest in listed(training, samples, split)[::every]:
        whole = grey(training / chest.file)
        if chest.source.startswith("rsna") and (known @ tiny(whole)).max() > TWIN:
            continue
        how = Image.BOX if whole.shape[1] > 300 else Image.BILINEAR
        pictures.append(np.asarray(Image.fromarray(whole).resize((SOURCE, SOURCE), how)))
        kept.append(chest)
    return np.stack(pictures), kept


def phantoms(maker: str, cache: Path, split: str, few: int = 0) -> np.ndarray:
    first, count = PHANTOMS[split]
    count = few or count
    images, masks = cache / f"phantoms-{split}.images", cache / f"phantoms-{split}.masks"
    if not masks.exists() or masks.stat().st_size != count * SOURCE * SOURCE:
        subprocess.run([maker, str(first), str(count), str(SOURCE), str(images), str(masks)],
                       check=True)
    whole = np.fromfile(images, "<u2").reshape(count, SOURCE, SOURCE)
    return (whole >> 8).astype(np.uint8)


def families() -> Dict[str, List]:
    return {"other bodies": list(other_bodies.FAMILIES), "no bodies": list(no_bodies.FAMILIES),
            "torn chests": list(torn_chests.FAMILIES), "near chests": list(near_chests.FAMILIES),
            "projections": list(projections.FAMILIES)}


def bytes_of(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture * 255, 0, 255).astype(np.uint8)


def fronts(cache: Path, split: str, few: int = 0) -> np.ndarray:
    """Frontal projections of the CT: chests."""
    seed, count = FRONTS[split]
    count = few or count
    kept = cache / f"fronts-{split}.npy"
    if not kept.exists():
        random, thorax = np.random.default_rng(seed), projections.read_thorax()
        np.save(kept, np.stack([bytes_of(projections.front(random, thorax))
                                for _ in range(count)]))
    return np.load(kept)


def others(cache: Path, split: str, real: np.ndarray, few: int = 0
           ) -> Tuple[np.ndarray, np.ndarray]:
    """Pictures without a chest, and the family of each; a few for a trial."""
    seed, count = OTHERS[split]
    count = few or count
    kept = cache / f"others-{split}.npz"
    if kept.exists():
        stored = np.load(kept)
        return stored["pictures"], stored["names"]
    random, thorax = np.random.default_rng(seed), projections.read_thorax()
    groups = families()
    pictures, names = np.empty((count, SOURCE, SOURCE), np.uint8), []
    for k in range(count):
        group = GROUPS[k % len(GROUPS)]
        family = groups[group][random.integers(len(groups[group]))]
        if group in ("torn chests", "near chests"):
            pick = real[random.integers(len(real), size=2)].astype(np.float32) / 255
            picture = family(random, pick[0], pick[1])
        else:
            picture = family(random, thorax) if group == "projections" else family(random)
        pictures[k] = bytes_of(picture)
        names.append(group + ": " + family.__name__)
    np.savez(kept, pictures=pictures, names=np.array(names))
    return pictures, np.array(names)
