# SPDX-License-Identifier: Apache-2.0
"""Pictures that come near a frontal chest, made of real ones: laterals, abdomens with the bases of
the lungs, necks, shoulders, one side. They have the grain and the ribs of real film, and what
tells them from a chest is that the two sides are not there, side by side.
"""
import numpy as np

import other_bodies
from rays import SIDE, clouds, stretched
from torn_chests import _resized as resized


def folded(random, chest, other):
    """A lateral: both lungs in one place. The frontal chest is folded along its middle, so that the
    mediastinum is at one edge, and a spine or a breastbone is laid behind and before it."""
    middle = int(SIDE * random.uniform(0.45, 0.55))
    width = int(SIDE * random.uniform(0.36, 0.44))
    left = chest[:, middle - width:middle]
    right = (chest if random.random() < 0.7 else other)[:, middle:middle + width][:, ::-1]
    both = left * random.uniform(0.35, 0.65) + right * 0.5
    picture = resized(stretched(both), SIDE, int(SIDE * random.uniform(0.6, 0.95)))
    wide = picture.shape[1]
    rows, columns = np.linspace(-1, 1, SIDE)[:, None], np.linspace(0, 1, wide)[None]
    bow = random.uniform(0.08, 0.2) * (1 - rows ** 2) + random.uniform(0, 0.15)
    spine = np.exp(-((columns - bow) / random.uniform(0.06, 0.13)) ** 2)
    discs = 1 + 0.3 * np.sin(rows * random.uniform(25, 45))
    picture = picture + spine * discs * random.uniform(0.1, 0.45)
    heart = np.exp(-((columns - random.uniform(0.6, 0.85)) / 0.18) ** 2 -
                   ((rows - random.uniform(0.1, 0.4)) / 0.35) ** 2)
    picture = picture + heart * random.uniform(0, 0.4)
    out = np.full((SIDE, SIDE), picture[:8].mean() * random.uniform(0, 1), np.float32)
    at = int(random.integers(0, SIDE - wide + 1))
    out[:, at:at + wide] = picture
    return stretched(out)


def one_side(random, chest, _):
    """One lung with the spine at the edge, stretched over the picture."""
    start = SIDE // 2 - int(SIDE * random.uniform(0, 0.06))
    part = chest[:, start:start + int(SIDE * random.uniform(0.4, 0.5))]
    return resized(part, SIDE, SIDE)


def bases(random, chest, _):
    """An abdomen: the lower end of the chest at the top, bowels below."""
    below = other_bodies.abdomen(random) if random.random() < 0.7 else other_bodies.pelvis(random)
    high = int(SIDE * random.uniform(0.12, 0.33))
    part = resized(chest[int(SIDE * random.uniform(0.6, 0.78)):], high, SIDE)
    fade = np.clip((np.arange(SIDE)[:, None] - high * 0.6) / (high * 0.4), 0, 1)
    top = np.concatenate([part, np.repeat(part[-1:], SIDE - high, axis=0)])
    grain = clouds(random, random.uniform(0.8, 1.6)) * random.uniform(0, 0.3)
    low = 0.3 + 0.5 * below + grain
    return stretched(top * (1 - fade) + low * fade)


def neck(random, chest, _):
    """The lowest part is the top of a chest, the rest is a neck and a jaw or a skull."""
    above = other_bodies.neck(random) if random.random() < 0.6 else other_bodies.skull(random)
    high = int(SIDE * random.uniform(0.15, 0.4))
    part = resized(chest[:int(SIDE * random.uniform(0.14, 0.28))], high, SIDE)
    return stretched(np.concatenate([0.2 + 0.7 * above[:SIDE - high], part]))


def shoulder(random, chest, _):
    """An upper corner of the chest, with more of the arm."""
    side = int(SIDE * random.uniform(0.3, 0.5))
    corner = chest[:side, :side] if random.random() < 0.5 else chest[:side, -side:][:, ::-1]
    picture = resized(corner, SIDE, SIDE)
    if random.random() < 0.6:
        picture = picture + random.uniform(0.2, 0.8) * other_bodies.limb(random)
    return stretched(picture)


def lower_half(random, chest, _):
    """Only the diaphragms and what is above them by a hand."""
    return resized(chest[int(SIDE * random.uniform(0.58, 0.72)):], SIDE, SIDE)


FAMILIES = (folded, folded, folded, one_side, bases, bases, neck, shoulder, lower_half)
