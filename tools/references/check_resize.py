"""Checks resize.json a second way: bicubic with antialias written out, weights of 22 fraction bits, rounded to bytes
after each pass. Every byte must agree."""

import json

import numpy as np
from PIL import Image

from arrays import unpack
from pictures import GENERATORS
from resize import DATA, FIXTURES, sha256, squash


def kernel(x, a=-0.5):
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def matrix(length, to):
    """[to, length], rows summing to 1"""
    ratio = length / to
    stretch = max(1.0, ratio)
    centre = (np.arange(to) + 0.5) * ratio
    low = np.maximum(0, (centre - 2 * stretch + 0.5).astype(int))
    high = np.minimum(length, (centre + 2 * stretch + 0.5).astype(int))
    at = np.arange(length)
    weights = kernel((at[None] + 0.5 - centre[:, None]) / stretch)
    weights[(at[None] < low[:, None]) | (at[None] >= high[:, None])] = 0
    return weights / weights.sum(1, keepdims=True)


def one_pass(x, to, axis):
    """x: uint8 values -> the same, `axis` resized. Sums of integers below 2^53 are exact in float64."""
    if x.shape[axis] == to:
        return x
    weights = matrix(x.shape[axis], to) * 2**22
    weights = np.trunc(weights + np.where(weights < 0, -0.5, 0.5))
    sums = np.moveaxis(np.tensordot(weights, x.astype(np.float64), (1, axis)), 0, axis)
    return np.clip(np.floor((sums + 2**21) / 2**22), 0, 255)


def second(pixels, width, height):
    if pixels.shape[0] > 100 * pixels.shape[1] and height < pixels.shape[0]:
        return one_pass(one_pass(pixels, height, 0), width, 1)
    return one_pass(one_pass(pixels, width, 1), height, 0)


def load(told):
    if "file" in told:
        return np.asarray(Image.open(DATA / told["file"]).convert("RGB"))
    return GENERATORS[told["generator"]](told["width"], told["height"], told["seed"])


def main():
    stored = json.loads((FIXTURES / "resize.json").read_text(encoding="utf-8"))
    unequal, total = 0, 0
    for case in stored["squash"] + stored["crop"] + stored["photographs"]:
        pixels, out = load(case["input"]), case["output"]
        assert sha256(pixels) == case["input"]["sha256"]
        size = case.get("resized", [out["width"], out["height"]])
        expected, found = squash(pixels, *size), second(pixels, *size)
        if case["fit"] == "crop":
            left, top = case["offset"]
            expected = expected[top : top + out["height"], left : left + out["width"]]
            found = found[top : top + out["height"], left : left + out["width"]]
        assert sha256(expected) == out["sha256"]
        if "full" in out:
            assert np.array_equal(unpack(out["full"]), expected)
        unequal, total = unequal + int((found != expected).sum()), total + found.size
    print(f"second way: {unequal} of {total} bytes differ")
    assert unequal == 0


if __name__ == "__main__":
    main()
