# SPDX-License-Identifier: Apache-2.0
"""A picture as the node prepares it for a package: resampled by area, letterboxed."""
import numpy as np


def area_weights(source: int, target: int) -> np.ndarray:
    """[target, source]: which share of each source pixel an output pixel covers, as in the node."""
    edges = np.arange(target + 1) * (source / target)
    first, last = edges[:-1, None], edges[1:, None]
    pixel = np.arange(source)[None]
    shares = np.clip(np.minimum(last, pixel + 1) - np.maximum(first, pixel), 0, None)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def letterboxed(picture: np.ndarray, side: int, aspect: float = 0) -> np.ndarray:
    """Float32 0..1 [side, side]: the longer side fills the square, the rest is 0. `aspect` is the
    width over the height of what was squeezed into this picture, if that is another."""
    rows, columns = picture.shape
    if aspect:
        rows, columns = max(rows, columns), max(rows, columns) * aspect
    scale = side / max(rows, columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    small = area_weights(picture.shape[0], height) @ (picture.astype(np.float32) / 255) \
        @ area_weights(picture.shape[1], width).T
    out = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    out[top:top + height, left:left + width] = small
    return out
