# SPDX-License-Identifier: Apache-2.0
"""A few solids, and the attenuation of a beam through them: the primitives of other_bodies.py.

Coordinates are -1 to 1, x to the right, y down. A solid is the length of the beam inside it at each
pixel, so solids add up as in a radiograph.
"""
import numpy as np

SIDE = 160
_AXIS = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1
X, Y = np.meshgrid(_AXIS, _AXIS)


def ball(square: np.ndarray) -> np.ndarray:
    """Half the chord of a unit ball at this squared distance from its middle."""
    return np.sqrt(np.clip(1 - square, 0, None))


def ellipse(x: float, y: float, a: float, b: float, angle: float = 0.0) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    u, v = (X - x) * c + (Y - y) * s, -(X - x) * s + (Y - y) * c
    return ball((u / a) ** 2 + (v / b) ** 2) * min(a, b)


def capsule(start, end, r0: float, r1: float) -> np.ndarray:
    """A tube that tapers from r0 at its start to r1 at its end."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((X - x0) * dx + (Y - y0) * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
    radius = r0 + (r1 - r0) * along
    square = (X - x0 - along * dx) ** 2 + (Y - y0 - along * dy) ** 2
    return ball(square / radius ** 2) * radius


def bone(start, end, r0: float, r1: float, hollow: float = 0.6) -> np.ndarray:
    """A long bone: a dense cortex around a marrow that attenuates less."""
    return capsule(start, end, r0, r1) - 0.8 * hollow * capsule(start, end, r0 * hollow,
                                                                r1 * hollow)


def tube(points, radius: float) -> np.ndarray:
    """A bent rod through points: a rib, a jaw, a wire."""
    thick = np.zeros_like(X)
    for start, end in zip(points[:-1], points[1:]):
        thick = np.maximum(thick, capsule(start, end, radius, radius))
    return thick


def clouds(random: np.random.Generator, power: float) -> np.ndarray:
    """Noise whose amplitude falls with frequency^power: 0 is white, 1 tissue, 2 haze. 0..1."""
    rows = np.fft.fftfreq(SIDE)[:, None]
    columns = np.fft.rfftfreq(SIDE)[None]
    size = np.sqrt(rows ** 2 + columns ** 2)
    size[0, 0] = 1
    wave = random.normal(size=size.shape) + 1j * random.normal(size=size.shape)
    noise = np.fft.irfft2(wave / size ** power, s=(SIDE, SIDE)).astype(np.float32)
    return stretched(noise)


def stretched(picture: np.ndarray) -> np.ndarray:
    low, high = picture.min(), picture.max()
    return ((picture - low) / max(high - low, 1e-6)).astype(np.float32)


def film(random: np.random.Generator, thick: np.ndarray) -> np.ndarray:
    """The picture of these solids on a plate, dense is bright: saturation, scatter, grain."""
    picture = 1 - np.exp(-thick * random.uniform(0.6, 2.5) / max(thick.max(), 1e-3))
    picture = stretched(picture)
    if random.random() < 0.8:  # soft tissue is never even
        tissue = clouds(random, random.uniform(0.8, 1.6)) - 0.5
        picture = picture + tissue * random.uniform(0.02, 0.3) * (0.3 + picture)
    picture = picture + random.normal(size=picture.shape) * random.uniform(0, 0.03)
    return stretched(picture)
