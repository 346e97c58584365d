"""Images from integer arithmetic only, so that another language computes the same bytes."""

import numpy as np


def lcg(count, seed):
    """x = (1664525 x + 1013904223) mod 2^32 from x = seed; byte = x >> 24, the first byte after the first step."""
    out = np.empty(count, dtype=np.uint8)
    x = seed
    for i in range(count):
        x = (1664525 * x + 1013904223) & 0xFFFFFFFF
        out[i] = x >> 24
    return out


def noise(width, height, seed):
    return lcg(width * height * 3, seed).reshape(height, width, 3)


def smooth(width, height, seed=0):
    """red along x, green along y, blue along both; seed unused"""
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x // max(1, width - 1)
    green = 255 * y // max(1, height - 1)
    blue = 255 * (x + y) // max(1, width + height - 2)
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def scene(width, height, seed):
    """Similar to a photograph: a smooth background, a bright disc, dark stripes, noise of five bits."""
    y, x = np.mgrid[0:height, 0:width]
    base = smooth(width, height).astype(np.int64) * 3 // 4
    disc = 9 * ((2 * x - width) ** 2 + (2 * y - height) ** 2) < 4 * min(width, height) ** 2
    base[disc] = base[disc] // 2 + np.array([120, 90, 40])
    base[(x + 2 * y) % 37 < 5] //= 3
    grain = lcg(width * height * 3, seed).reshape(height, width, 3).astype(np.int64) >> 3
    return np.minimum(255, base + grain).astype(np.uint8)


def shapes(size):
    """A square, a disc, a bar and a checkerboard on grey."""
    y, x = np.mgrid[0:size, 0:size]
    out = np.full((size, size, 3), 110, dtype=np.uint8)
    out[(x > size // 12) & (x < size * 5 // 12) & (y > size // 12) & (y < size * 5 // 12)] = [230, 30, 20]
    out[(x - size * 3 // 4) ** 2 + (y - size // 4) ** 2 < (size // 5) ** 2] = [20, 60, 240]
    out[(y > size * 2 // 3) & (y < size * 3 // 4)] = [250, 240, 10]
    out[(x > size // 2) & (y > size * 4 // 5) & ((x // 3 + y // 3) % 2 == 0)] = [0, 0, 0]
    return out


GENERATORS = {"noise": noise, "smooth": smooth, "scene": scene}
