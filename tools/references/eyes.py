"""The images of the recipes, and the features that a tower computes from them."""

import numpy as np
import torch

from detect import look
from pictures import noise, scene
from towers import normalised, run, window_rows

SIZE, PATCH = 48, 8


def references():
    return np.stack([np.roll(scene(SIZE, SIZE, 11 + i), 7 * i, axis=1) for i in range(6)])


def batch():
    out = np.stack([np.roll(scene(SIZE, SIZE, 21 + i), 5 * i, axis=0) for i in range(5)])
    out[1, 8:20, 24:36] = noise(12, 12, 31)
    out[3, 26:34, 6:22] = [250, 240, 10]
    return out


def rotated(pictures):
    """Each image in its four orientations, counter-clockwise"""
    return np.stack([np.rot90(each, turns) for each in pictures for turns in range(4)])


class Eyes:
    """The features of images that the recipes need"""

    def __init__(self, tower, preprocess, dtype):
        self.tower, self.preprocess, self.dtype = tower, preprocess, dtype

    def tokens(self, pictures):
        with torch.no_grad():
            return self.tower.tokens(normalised(pictures, self.preprocess, self.dtype))

    def look(self, pictures, scales=(2, 3), raw=False):
        value = (lambda x: self.tower.qkv(-1, x)[2]) if raw else None
        seen = look(self.tower, self.preprocess, pictures, scales, value, self.dtype)
        with torch.no_grad():
            hidden = run(self.tower, self.tokens(pictures))[2]
        for p, each in enumerate(seen):
            each["hidden"] = {layer: hidden[layer][p, 1:].numpy() for layer in range(1, len(hidden))}
        return seen

    @torch.no_grad()
    def look_zeroed(self, pictures, scales=(2, 3)):
        """Each window as a complete image that is black outside the window"""
        seen, grid = self.look(pictures, scales), SIZE // PATCH
        for picture, each in zip(pictures, seen):
            for k in scales:
                rows, side = window_rows(grid, k, 1), grid - k + 1
                shown = np.zeros((len(rows), *picture.shape), np.uint8)
                for w in range(len(rows)):
                    y, x = (slice(PATCH * i, PATCH * (i + k)) for i in divmod(w, side))
                    shown[w, y, x] = picture[y, x]
                image, value, _ = run(self.tower, self.tokens(shown))
                each["windows"][k] = image.numpy()
                each["window_value"][k] = np.stack([value[w, rows[w]].numpy() for w in range(len(rows))])
        return seen
