# SPDX-License-Identifier: Apache-2.0
"""Pictures of no body at all: test patterns, pages, noise, shapes, blanks."""
import numpy as np
from PIL import Image, ImageDraw

from rays import SIDE, X, Y, clouds, ellipse, stretched


def _canvas(grey: float):
    image = Image.new("L", (SIDE, SIDE), int(grey * 255))
    return image, ImageDraw.Draw(image)


def _array(image) -> np.ndarray:
    return np.asarray(image, dtype=np.float32) / 255


def _grey(random) -> int:
    return int(random.integers(0, 256))


def test_pattern(random):
    """Test patterns of monitors: grey steps in a ring, bars, grids, resolution wedges."""
    image, draw = _canvas(random.uniform(0.2, 0.8))
    line = _grey(random)
    step = int(random.integers(8, 40))
    if random.random() < 0.8:
        for at in range(0, SIDE, step):
            draw.line((at, 0, at, SIDE), fill=line)
            draw.line((0, at, SIDE, at), fill=line)
    size = int(random.integers(10, 24))
    around = int(random.integers(2, 6))
    left = SIDE // 2 - size * around // 2
    for i in range(around):
        for j in range(around):
            if 0 < i < around - 1 and 0 < j < around - 1 and random.random() < 0.7:
                continue
            x, y = left + i * size, left + j * size
            draw.rectangle((x, y, x + size, y + size), fill=_grey(random))
    for _ in range(random.integers(0, 5)):
        x, y = random.integers(0, SIDE - 20, 2)
        width = int(random.integers(1, 4))
        for k in range(int(random.integers(3, 12))):
            at = 2 * k * width
            if random.random() < 0.5:
                draw.rectangle((x + at, y, x + at + width - 1, y + 16), fill=line)
            else:
                draw.rectangle((x, y + at, x + 16, y + at + width - 1), fill=line)
    if random.random() < 0.6:
        for y in (random.integers(5, 40), random.integers(110, 150)):
            draw.rectangle((20, int(y), 140, int(y) + 12), fill=255)
            draw.rectangle((50, int(y) + 3, 110, int(y) + 8), fill=0)
    return _array(image)


def squares(random):
    image, draw = _canvas(random.random())
    for _ in range(random.integers(3, 60)):
        x, y = random.integers(-10, SIDE, 2)
        w, h = random.integers(3, 70, 2)
        draw.rectangle((int(x), int(y), int(x + w), int(y + h)), fill=_grey(random))
    return _array(image)


def leaves(random):
    """Discs and blobs that cover each other, with the statistics of a photograph."""
    image, draw = _canvas(random.random())
    for _ in range(random.integers(20, 200)):
        x, y = random.integers(-20, SIDE + 20, 2)
        r = 60 / (1 + random.exponential(4))
        s = r * random.uniform(0.3, 1.5)
        if random.random() < 0.5:
            draw.ellipse((x - r, y - s, x + r, y + s), fill=_grey(random))
        else:
            points = [(x + r * np.cos(a) * random.uniform(0.5, 1),
                       y + s * np.sin(a) * random.uniform(0.5, 1))
                      for a in np.linspace(0, 6.28, int(random.integers(3, 8)), endpoint=False)]
            draw.polygon(points, fill=_grey(random))
    return stretched(_array(image) * (0.6 + 0.4 * clouds(random, 1.2)))


def page(random):
    """Lines of text, perhaps with a table or a figure: a scanned report, a screen."""
    dark = random.random() < 0.3
    image, draw = _canvas(0.05 if dark else 0.95)
    ink = 230 if dark else 20
    y = int(random.integers(4, 20))
    height = int(random.integers(2, 7))
    while y < SIDE - 8:
        x = int(random.integers(5, 25))
        end = SIDE - int(random.integers(5, 90))
        while x < end:
            width = int(random.integers(2, 14))
            draw.rectangle((x, y, x + width, y + height), fill=ink)
            x += width + int(random.integers(2, 5))
        y += height + int(random.integers(2, 9))
        if random.random() < 0.1:
            box = int(random.integers(10, 50))
            draw.rectangle((10, y, SIDE - 20, y + box), outline=ink, fill=_grey(random))
            y += box + 4
    return _array(image)


def stripes(random):
    angle, count = random.uniform(0, np.pi), random.uniform(0.5, 20)
    wave = np.sin((X * np.cos(angle) + Y * np.sin(angle)) * count + random.uniform(0, 6))
    if random.random() < 0.4:
        wave = np.sin(np.hypot(X - random.uniform(-1, 1), Y - random.uniform(-1, 1)) * count)
    return stretched(np.sign(wave) if random.random() < 0.5 else wave)


def wedge(random):
    steps = int(random.integers(2, 20))
    ramp = np.floor((X + 1) / 2 * steps) / steps
    rows = np.floor((Y + 1) * random.integers(1, 5))
    return stretched(ramp + (rows % 2) * random.uniform(0, 1))


def noise(random):
    return clouds(random, random.uniform(0, 2.5))


def blank(random):
    """No exposure or full exposure: a level, a gradient, a disc of light."""
    picture = np.full_like(X, random.random())
    if random.random() < 0.7:
        picture = picture + random.uniform(-0.5, 0.5) * X + random.uniform(-0.5, 0.5) * Y
    if random.random() < 0.4:
        picture = picture - random.uniform(0, 1) * (X ** 2 + Y ** 2)
    if random.random() < 0.5:
        picture = np.where(np.hypot(X, Y) < random.uniform(0.3, 1.2), picture, 0)
    return np.clip(picture + random.normal(size=X.shape) * random.uniform(0, 0.1), 0, 1)


def two_ovals(random):
    """Two dark ovals in a bright frame, nothing else: like a drawing of a chest, but no chest."""
    count = int(random.integers(1, 5))
    picture = np.full_like(X, 0.8)
    for _ in range(count):
        hole = ellipse(random.uniform(-0.8, 0.8), random.uniform(-0.8, 0.8),
                       random.uniform(0.1, 0.6), random.uniform(0.1, 0.6), random.uniform(0, 3))
        picture = picture - random.uniform(0.5, 2) * hole
    return stretched(picture + random.uniform(0, 0.3) * clouds(random, 1.2))


FAMILIES = (test_pattern, test_pattern, squares, leaves, leaves, page, stripes, wedge, noise, blank,
            two_ovals)
