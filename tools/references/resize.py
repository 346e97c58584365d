"""Writes test/fixtures/resize.json: the result of Pillow's Image.resize(BICUBIC), byte for byte.

Pillow 12 and before: the horizontal pass first, except for images more than a hundred times as tall as wide ("tall").
Pillow 13 runs the vertical pass first for more shapes, and rounds differently there: the old order is what every
published number was made with, so this script refuses the new one.
"""

import hashlib
import os
import pathlib

import numpy as np
import PIL
from PIL import Image

from arrays import pack, write
from pictures import GENERATORS

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("ALFA_SHARED_DATA", ROOT.parent / "shared" / "data"))

# generator, width, height, seed -> width, height
SQUASH = [
    ("noise", 48, 48, 1, 24, 24),
    ("noise", 17, 13, 2, 31, 29),
    ("noise", 31, 29, 3, 17, 13),
    ("noise", 1, 9, 4, 5, 5),
    ("noise", 9, 1, 5, 5, 5),
    ("noise", 1, 1, 6, 7, 3),
    ("noise", 7, 5, 7, 1, 1),
    ("noise", 2, 2, 8, 33, 35),
    ("noise", 20, 30, 9, 20, 15),
    ("noise", 20, 30, 10, 10, 30),
    ("noise", 16, 16, 11, 16, 16),
    ("smooth", 33, 21, 0, 16, 40),
    ("smooth", 64, 64, 0, 15, 15),
    ("scene", 61, 47, 12, 32, 32),
    ("scene", 40, 25, 13, 64, 64),
    ("noise", 255, 3, 14, 7, 7),
    ("noise", 640, 480, 20, 240, 240),
    ("noise", 300, 300, 21, 240, 240),
    ("noise", 100, 37, 22, 240, 240),
    ("noise", 1023, 769, 23, 240, 240),
    ("smooth", 801, 533, 0, 240, 240),
    ("scene", 640, 480, 24, 240, 240),
    ("scene", 500, 700, 25, 224, 224),
    ("scene", 320, 200, 26, 963, 641),
    ("scene", 239, 241, 27, 240, 240),
    ("noise", 2000, 11, 28, 96, 96),
    ("noise", 15, 1500, 29, 48, 48),
    ("scene", 1200, 900, 30, 1, 240),
]
# Taller than 100 times the width, and reduced in height: Pillow takes the vertical pass first.
TALL = [("noise", 3, 330, 60, 24, 24), ("noise", 5, 501, 61, 32, 100), ("noise", 1, 2000, 62, 48, 48)]
# generator, width, height, seed -> size: shortest side to size, then the middle square
CROP = [
    ("scene", 61, 47, 40, 32),
    ("scene", 47, 61, 41, 32),
    ("noise", 35, 32, 42, 32),
    ("noise", 32, 33, 43, 32),
    ("noise", 37, 32, 44, 32),
    ("noise", 32, 39, 45, 32),
    ("noise", 20, 50, 46, 24),
    ("noise", 24, 24, 47, 24),
    ("scene", 640, 480, 48, 240),
    ("scene", 480, 641, 49, 224),
    ("scene", 701, 331, 50, 240),
    ("noise", 1, 4, 51, 8),
]
PHOTOGRAPHS = ["leather/train/good/000.png", "leather/test/cut/000.png"]
PHOTOGRAPH_SIZES = [240, 224, 96, 1500]
STORED = 3500  # outputs of at most this many bytes are stored in full beside their hash


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def squash(pixels, width, height):
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def resized_size(width, height, size):
    """torchvision's Resize(size): the long side is truncated to an integer, not rounded"""
    short, long = min(width, height), max(width, height)
    other = int(size * long / short)
    return (size, other) if width <= height else (other, size)


def crop(pixels, size):
    height, width = pixels.shape[:2]
    resized_width, resized_height = resized_size(width, height, size)
    resized = squash(pixels, resized_width, resized_height)
    # torchvision's CenterCrop rounds as Python does: halves to the even number
    top, left = round((resized_height - size) / 2), round((resized_width - size) / 2)
    return resized[top : top + size, left : left + size], [resized_width, resized_height], [left, top]


def described(pixels):
    full = {"full": pack(pixels, "uint8")} if pixels.size <= STORED else {}
    return {"width": pixels.shape[1], "height": pixels.shape[0], "sha256": sha256(pixels), **full}


def source(generator, width, height, seed):
    pixels = GENERATORS[generator](width, height, seed)
    return pixels, {"generator": generator, "seed": seed, **described(pixels)}


def squash_cases(sizes):
    for generator, width, height, seed, *to in sizes:
        pixels, told = source(generator, width, height, seed)
        yield {"fit": "squash", "input": told, "output": described(squash(pixels, *to))}


def crop_cases():
    for generator, width, height, seed, size in CROP:
        pixels, told = source(generator, width, height, seed)
        out, resized, offset = crop(pixels, size)
        yield {"fit": "crop", "input": told, "resized": resized, "offset": offset, "output": described(out)}


def photograph_cases():
    for path in PHOTOGRAPHS:
        pixels = np.asarray(Image.open(DATA / path).convert("RGB"))
        for size in PHOTOGRAPH_SIZES:
            yield {
                "fit": "squash",
                "input": {"file": path, **described(pixels)},
                "output": described(squash(pixels, size, size)),
            }


def main():
    if int(PIL.__version__.split(".")[0]) > 12:
        raise SystemExit("Pillow 13 orders the passes differently: install the version in requirements.txt")
    write(
        FIXTURES / "resize.json",
        {
            "made_by": "tools/references/resize.py",
            "versions": {"pillow": PIL.__version__},
            "squash": list(squash_cases(SQUASH)),
            "crop": list(crop_cases()),
            "photographs": list(photograph_cases()),
        },
    )


if __name__ == "__main__":
    main()
