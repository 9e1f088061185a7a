# SPDX-License-Identifier: Apache-2.0
"""The gate's answers to pictures as they are: letterboxed, not varied."""
from pathlib import Path
from typing import Dict, List

import numpy as np
import torch
from PIL import Image

import gate_set
from gate_net import SIDE

CHEST, UPRIGHT, LEFT, DOWN, RIGHT, INVERTED, MIRRORED = range(7)
PAEDIATRIC_ASPECT = 1.4  # of the originals, which the training folder holds as squares
# Chosen by hand, and low. Validation chests, like those of the training, score above 0.9 and would
# allow 0.7. Chests of other devices score lower; refusing a chest is worse than accepting a jaw.
CHEST_LIMIT = 0.3


def letterboxed(picture: np.ndarray, aspect: float = 0) -> np.ndarray:
    """A picture (uint8) fitted into 96 x 96 with 0 around it, 0..1; aspect: its width by height."""
    rows, columns = picture.shape
    wide = aspect or columns / rows
    w, h = (SIDE, max(1, round(SIDE / wide))) if wide >= 1 else (max(1, round(SIDE * wide)), SIDE)
    small = np.asarray(Image.fromarray(picture).resize((w, h), Image.BOX), dtype=np.float32) / 255
    out = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - h) // 2, (SIDE - w) // 2
    out[top:top + h, left:left + w] = small
    return out


@torch.no_grad()
def asked(gate, pictures: np.ndarray) -> np.ndarray:
    """Answers [n, 7] for letterboxed pictures [n, 96, 96]."""
    parts = [gate(torch.from_numpy(pictures[i:i + 32]).unsqueeze(1)).numpy()
             for i in range(0, len(pictures), 32)]
    return np.concatenate(parts)


def real_chests(training: Path, samples: Path, split: str) -> np.ndarray:
    pictures, squeezed = gate_set.chests(training, samples, split)
    return np.stack([letterboxed(p, PAEDIATRIC_ASPECT if s else 0)
                     for p, s in zip(pictures, squeezed)])


def sample_chests(samples: Path) -> np.ndarray:
    files = sorted((samples / "cxr").glob("*"))
    return np.stack([letterboxed(np.asarray(Image.open(file).convert("L"))) for file in files])


def plain(pictures: np.ndarray) -> np.ndarray:
    return np.stack([letterboxed(p) for p in pictures])


def inverted(pictures: np.ndarray) -> np.ndarray:
    return np.where(pictures > 0, 1 - pictures, 0).astype(np.float32)  # bars stay black


def limits_for(gate, chests: np.ndarray, others: np.ndarray) -> Dict[str, float]:
    """Only the limit of the warning depends on figures: one of two hundred chests gets it."""
    yes, no = asked(gate, chests), asked(gate, others)
    print(f"validation at {CHEST_LIMIT}: {(yes[:, CHEST] < CHEST_LIMIT).sum()} of {len(yes)} "
          f"chests refused, {(no[:, CHEST] >= CHEST_LIMIT).sum()} of {len(no)} others let through")
    mirrored = max(0.5, float(np.quantile(yes[:, MIRRORED], 0.995)))
    return {"chest": CHEST_LIMIT, "upright": 0.5, "inverted": 0.5,
            "mirrored": min(0.99, round(mirrored + 0.005, 2))}


def share(count: int, of: int) -> str:
    return f"{count:5d} of {of:4d} ({100 * count / max(1, of):5.1f} %)"


def chest_lines(gate, name: str, pictures: np.ndarray, limits: Dict[str, float]) -> List[str]:
    def refused(answers: np.ndarray) -> np.ndarray:
        return (answers[:, CHEST] < limits["chest"]) | (answers[:, UPRIGHT] < limits["upright"]) | \
            (answers[:, INVERTED] >= limits["inverted"])
    n = len(pictures)
    as_is = asked(gate, pictures)
    lines = [f"{name}: {n} pictures",
             f"  refused as they are          {share(int(refused(as_is).sum()), n)}",
             f"  warned of as mirrored        "
             f"{share(int((as_is[:, MIRRORED] >= limits['mirrored']).sum()), n)}"]
    for words, turn in (("turned left", 1), ("upside down", 2), ("turned right", 3)):
        turned = asked(gate, np.rot90(pictures, turn, (1, 2)).copy())
        lines.append(f"  refused when {words:16}{share(int(refused(turned).sum()), n)}")
    dark = asked(gate, inverted(pictures))
    lines.append(f"  refused when inverted        {share(int(refused(dark).sum()), n)}")
    flipped = asked(gate, pictures[:, :, ::-1].copy())
    lines.append(f"  warned of when mirrored      "
                 f"{share(int((flipped[:, MIRRORED] >= limits['mirrored']).sum()), n)}")
    return lines


def other_lines(gate, pictures: np.ndarray, names: np.ndarray,
                limits: Dict[str, float]) -> List[str]:
    passed = asked(gate, pictures)[:, CHEST] >= limits["chest"]
    lines = ["drawn pictures of no chest, let through:"]
    for group, families in gate_set.families().items():
        mine = np.isin(names, [family.__name__ for family in families])
        lines.append(f"  {group:27}{share(int(passed[mine].sum()), int(mine.sum()))}")
    for name in sorted(set(names[passed])):
        mine = names == name
        lines.append(f"    {name:25}{share(int(passed[mine].sum()), int(mine.sum()))}")
    return lines
