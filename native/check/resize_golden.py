"""Writes resize_golden.inc: what Pillow makes of noise, as hashes.

    pip install 'pillow==11.3.0' numpy && python resize_golden.py > resize_golden.inc

Byte i of the noise of a seed is splitmix64(seed, i) >> 56 (random.h); a hash is 64-bit FNV-1a over the RGB bytes.
"""
import numpy as np
import PIL
from PIL import Image

RESIZE = [  # width, height, to width, to height
    (1024, 1024, 240, 240), (640, 480, 240, 240), (900, 900, 240, 240), (2000, 1501, 240, 240), (100, 100, 240, 240),
    (240, 240, 240, 240), (240, 100, 240, 240), (100, 240, 240, 240), (241, 239, 240, 240), (700, 700, 336, 224),
    (37, 53, 101, 17), (53, 37, 17, 101), (1, 1, 5, 7), (1, 9, 3, 3), (9, 1, 3, 3), (1, 3, 1, 2), (2, 2, 1, 1),
    (5000, 3, 7, 11), (90, 2500, 30, 2), (333, 222, 1, 1), (3, 3, 400, 2), (16, 16, 1000, 16), (16, 16, 16, 1000),
]
CROP = [  # width, height, size: torchvision's Resize(size, BICUBIC) and CenterCrop(size)
    (1024, 1024, 240), (640, 480, 240), (480, 640, 240), (641, 479, 240), (479, 641, 240), (240, 301, 240),
    (301, 240, 240), (302, 240, 240), (304, 240, 240), (100, 37, 240), (3, 200, 15), (200, 3, 15), (1, 1, 16),
    (50, 50, 1),
]


def noise(width, height, seed):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, width * height * 3 + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return Image.fromarray((z >> np.uint64(56)).astype(np.uint8).reshape(height, width, 3))


def fnv(image):
    h = 0xCBF29CE484222325
    for byte in np.asarray(image).tobytes():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def crop(image, size):
    width, height = image.size
    long = int(size * max(width, height) / min(width, height))
    width, height = (size, long) if width <= height else (long, size)
    left, top = int(round((width - size) / 2)), int(round((height - size) / 2))
    return image.resize((width, height), Image.BICUBIC).crop((left, top, left + size, top + size))


print(f"// Made by resize_golden.py with Pillow {PIL.__version__}. Seed: 7.")
print("constexpr Golden kResize[] = {")
for w, h, ow, oh in RESIZE:
    print(f"    {{{w}, {h}, {ow}, {oh}, 0x{fnv(noise(w, h, 7).resize((ow, oh), Image.BICUBIC)):016x}u}},")
print("};")
print("constexpr Golden kCrop[] = {")
for w, h, size in CROP:
    print(f"    {{{w}, {h}, {size}, {size}, 0x{fnv(crop(noise(w, h, 7), size)):016x}u}},")
print("};")
