# SPDX-License-Identifier: Apache-2.0
"""The gate's answers to pictures as the node prepares them, and to what may happen to a picture."""
from pathlib import Path
from typing import Callable, Dict, List

import numpy as np
import torch

import gate_set
from gate_set import Chest, grey
from node_input import letterboxed

CHEST, UPRIGHT, LEFT, DOWN, RIGHT, INVERTED, MIRRORED = range(7)
PAEDIATRIC_ASPECT = 1.4  # of the originals, which the training folder holds as squares
MOST = 60                # pictures of a source for what happens to a picture


@torch.no_grad()
def asked(gate, pictures) -> np.ndarray:
    """Answers [n, 7] for prepared pictures, float32 0..1 [n, side, side]."""
    parts = [gate(torch.from_numpy(np.stack(pictures[i:i + 16])).unsqueeze(1)).numpy()
             for i in range(0, len(pictures), 16)]
    return np.concatenate(parts)


def aspect_of(chest: Chest) -> float:
    return PAEDIATRIC_ASPECT if chest.squeezed else 0


def on_detector(picture: np.ndarray, share: float, border: str, random) -> np.ndarray:
    """On a detector of which it fills this share of both sides, somewhere."""
    rows, columns = picture.shape
    high, wide = int(round(rows / share)), int(round(columns / share))
    level = {"black": 0, "white": 255, "grey": int(random.integers(40, 216))}[border]
    out = np.full((high, wide), level, np.float32)
    if border == "grey":
        out += random.normal(size=out.shape) * 4
    r, c = int(random.integers(0, high - rows + 1)), int(random.integers(0, wide - columns + 1))
    out[r:r + rows, c:c + columns] = picture
    return np.clip(out, 0, 255).astype(np.uint8)


def faint(x: np.ndarray) -> np.ndarray:
    return 0.4 + 0.25 * x


def white_out(x: np.ndarray) -> np.ndarray:
    """One lung is as dense as the middle."""
    side = x.shape[0]
    across = np.linspace(-1, 1, side)[None]
    cover = np.clip((across + 0.05) * 8, 0, 1) if x[:, :side // 2].mean() < 0.5 else \
        np.clip((-across + 0.05) * 8, 0, 1)
    return (x * (1 - 0.85 * cover) + 0.85 * cover * np.quantile(x, 0.85)).astype(np.float32)


def inverted(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, 1 - x, 0).astype(np.float32)  # bars stay black


def refused(answers: np.ndarray, limits: Dict[str, float], view: bool = True) -> np.ndarray:
    chest = limits["chest"] if view else limits["chest_without_view"]
    return (answers[:, CHEST] < chest) | (answers[:, UPRIGHT] < limits["upright"]) | \
        (answers[:, INVERTED] >= limits["inverted"])


def share(count: int, of: int) -> str:
    return f"{count:5d} of {of:4d} ({100 * count / max(1, of):5.1f} %)"


def line(words: str, hit: np.ndarray) -> str:
    return f"  {words:36}{share(int(hit.sum()), len(hit))}"


def chest_lines(gate, side: int, name: str, pictures: List[np.ndarray], aspects: List[float],
                limits: Dict[str, float]) -> List[str]:
    """What the gate says of chests, and of some of them after what happens to pictures."""
    random = np.random.default_rng(5)

    def ask(change: Callable, some: int = MOST) -> np.ndarray:
        step = max(1, len(pictures) // some)
        return asked(gate, [change(p, a) for p, a in zip(pictures[::step], aspects[::step])])

    def plain(p, a):
        return letterboxed(p, side, a)

    as_is = ask(plain, 10 ** 6)
    lines = [f"{name}: {len(pictures)} pictures",
             line("refused as they are", refused(as_is, limits)),
             line("refused where the view is unknown", refused(as_is, limits, False)),
             line("warned of as mirrored", as_is[:, MIRRORED] >= limits["mirrored"])]
    for words, part, border in (("1 : 2 of the side, black", 1 / 2, "black"),
                                ("1 : 2 of the side, white", 1 / 2, "white"),
                                ("1 : 2 of the side, grey", 1 / 2, "grey"),
                                ("1 : 2.5 of the side, black", 1 / 2.5, "black"),
                                ("1 : 3 of the side, black", 1 / 3, "black")):
        found = ask(lambda p, a: letterboxed(on_detector(p, part, border, random), side, a))
        lines.append(line("refused at " + words, refused(found, limits)))
    for words, change in (("when faint", faint), ("when one lung is white", white_out)):
        found = ask(lambda p, a: change(plain(p, a)))
        lines.append(line("refused " + words, refused(found, limits)))
    for words, turn in (("turned left", 1), ("upside down", 2), ("turned right", 3)):
        found = ask(lambda p, a: np.rot90(plain(p, a), turn).copy())
        lines.append(line("refused when " + words, refused(found, limits)))
    found = ask(lambda p, a: inverted(plain(p, a)))
    lines.append(line("refused when inverted", refused(found, limits)))
    found = ask(lambda p, a: plain(p, a)[:, ::-1].copy(), 10 ** 6)
    lines.append(line("warned of when mirrored", found[:, MIRRORED] >= limits["mirrored"]))
    return lines


def read(training: Path, chests: List[Chest]) -> List[np.ndarray]:
    return [grey(training / chest.file) for chest in chests]


def some(chests: List[Chest], most: int) -> List[Chest]:
    return chests[::-(-len(chests) // most)]


def other_lines(gate, side: int, pictures: np.ndarray, names: np.ndarray,
                limits: Dict[str, float]) -> List[str]:
    scores = asked(gate, [letterboxed(p, side) for p in pictures])[:, CHEST]
    lines = ["made pictures of no chest, let through: view known, view unknown"]
    groups = np.array([name.split(": ")[0] for name in names])
    for of, all_of in ((groups, gate_set.families()), (names, sorted(set(names)))):
        for name in all_of:
            mine = scores[of == name]
            if of is names and not (mine >= limits["chest"]).any():
                continue
            lines.append(f"  {name:28}{share(int((mine >= limits['chest']).sum()), len(mine))}"
                         f"  {share(int((mine >= limits['chest_without_view']).sum()), len(mine))}")
    return lines
