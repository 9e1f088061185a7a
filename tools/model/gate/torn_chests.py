# SPDX-License-Identifier: Apache-2.0
"""Pictures made of parts of real chest radiographs that are no longer a chest.

They keep the grain, contrast and markers of real film, so the network cannot use these to recognise
a chest: it must learn the positions of the lungs, the heart and the ribs.
"""
import numpy as np
from PIL import Image

import other_bodies
from rays import SIDE, X, Y, clouds, stretched


def _resized(picture: np.ndarray, rows: int, columns: int) -> np.ndarray:
    image = Image.fromarray(np.clip(picture * 255, 0, 255).astype(np.uint8))
    return np.asarray(image.resize((columns, rows), Image.BILINEAR), dtype=np.float32) / 255


def detail(random, chest, _):
    """A small part of the picture, enlarged: a shoulder, a flank, a piece of lung."""
    side = int(SIDE * random.uniform(0.15, 0.42))
    row, column = random.integers(0, SIDE - side, 2)
    return _resized(chest[row:row + side, column:column + side], SIDE, SIDE)


def shuffled(random, chest, _):
    count = int(random.integers(2, 5))
    size = SIDE // count
    tiles = [(r, c) for r in range(count) for c in range(count)]
    order = random.permutation(len(tiles))
    while (order == np.arange(len(tiles))).mean() > 0.5:
        order = random.permutation(len(tiles))
    out = chest.copy()
    for (row, column), k in zip(tiles, order):
        r, c = tiles[k]
        tile = chest[r * size:(r + 1) * size, c * size:(c + 1) * size]
        out[row * size:(row + 1) * size, column * size:(column + 1) * size] = tile
    return out


def rolled(random, chest, _):
    """The picture cut through the middle, with its halves exchanged."""
    by = int(SIDE * random.uniform(0.35, 0.65))
    return np.roll(chest, by, axis=int(random.integers(0, 2)))


def spectrum(random, chest, other):
    """The same frequencies in another order: like a chest in everything but its shape."""
    wave = np.fft.rfft2(chest)
    phase = np.angle(np.fft.rfft2(clouds(random, 1)))
    if random.random() < 0.3:
        phase = np.angle(np.fft.rfft2(other_bodies.FAMILIES[
            random.integers(len(other_bodies.FAMILIES))](random)))
    return stretched(np.fft.irfft2(np.abs(wave) * np.exp(1j * phase), s=(SIDE, SIDE)))


def warped(random, chest, _):
    """The picture bent and swirled until it cannot be recognised."""
    turn = random.choice([-1, 1]) * random.uniform(2.0, 5.0)
    radius = np.hypot(X, Y)
    angle = np.arctan2(Y, X) + turn * np.clip(1 - radius, 0, 1)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    rows = np.clip((y + 1) / 2 * SIDE, 0, SIDE - 1).astype(int)
    columns = np.clip((x + 1) / 2 * SIDE, 0, SIDE - 1).astype(int)
    return chest[rows, columns]


def clothed(random, chest, other):
    """Another body part with the grain of a radiograph."""
    body = other_bodies.FAMILIES[random.integers(len(other_bodies.FAMILIES))](random)
    grain = detail(random, chest, other)
    if random.random() < 0.5:
        grain = grain - _resized(_resized(grain, 20, 20), SIDE, SIDE) + 0.5
    mix = random.uniform(0.25, 0.7)
    return stretched(body * (1 - mix) + grain * mix * (0.3 + body))


def sheet(random, chest, other):
    """Several pictures in one: a contact sheet, a comparison of two dates."""
    across, down = ((2, 1), (1, 2), (2, 2), (3, 2), (3, 3))[random.integers(5)]
    out = np.zeros((SIDE, SIDE), np.float32)
    rows, columns = SIDE // down, SIDE // across
    for r in range(down):
        for c in range(across):
            part = _resized(chest if random.random() < 0.5 else other, rows, columns)
            out[r * rows:(r + 1) * rows, c * columns:(c + 1) * columns] = part
    return out


def half(random, chest, _):
    """Less than half of the picture is there; the rest was not exposed."""
    keep = int(SIDE * random.uniform(0.15, 0.42))
    out = np.full_like(chest, 0 if random.random() < 0.7 else 1)
    if random.random() < 0.5:
        out[:, :keep] = chest[:, SIDE - keep:] if random.random() < 0.5 else chest[:, :keep]
    else:
        out[:keep] = chest[SIDE - keep:] if random.random() < 0.5 else chest[:keep]
    return out


def halves_of_two(random, chest, other):
    """The same side of the body twice, from two patients, back to back."""
    out = chest.copy()
    middle = SIDE // 2
    cut = int(random.uniform(0.25, 0.4) * SIDE)
    out[:, :middle] = other[:, cut - SIDE // 4:cut - SIDE // 4 + middle]
    out[:, middle:] = chest[::-1, :SIDE - middle]
    return out


FAMILIES = (detail, detail, shuffled, shuffled, rolled, spectrum, warped, clothed, clothed, clothed,
            sheet, half, halves_of_two)
