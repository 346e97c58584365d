"""Colours of materials. Each comes from a narrow range, so that a class keeps its look."""

import colorsys
import numpy as np


def hsv(h, s, v):
    return np.array(colorsys.hsv_to_rgb(h % 1, np.clip(s, 0, 1), np.clip(v, 0, 1)), np.float32)


def metal(rng):
    base = [(0.60, 0.03, 0.72), (0.60, 0.05, 0.58), (0.12, 0.40, 0.75), (0.06, 0.45, 0.68), (0.10, 0.10, 0.62)]
    h, s, v = base[rng.choice(5, p=[0.4, 0.25, 0.15, 0.1, 0.1])]
    return hsv(h, s + rng.uniform(-0.02, 0.03), v + rng.uniform(-0.06, 0.06))


def steel(rng):
    return hsv(0.6 + rng.uniform(-0.05, 0.05), rng.uniform(0.01, 0.07), rng.uniform(0.55, 0.78))


def plastic(rng):
    return hsv(rng.uniform(), rng.uniform(0.35, 0.8), rng.uniform(0.5, 0.9))


def pastel(rng):
    return hsv(rng.uniform(), rng.uniform(0.1, 0.35), rng.uniform(0.75, 0.95))


def dark(rng):
    return hsv(rng.uniform(), rng.uniform(0, 0.15), rng.uniform(0.13, 0.28))


def white(rng):
    return hsv(rng.uniform(0.08, 0.15), rng.uniform(0, 0.06), rng.uniform(0.85, 0.96))


def brown(rng, v=0.6):
    return hsv(rng.uniform(0.05, 0.09), rng.uniform(0.4, 0.65), v + rng.uniform(-0.1, 0.1))


def baked(rng):
    return hsv(rng.uniform(0.075, 0.105), rng.uniform(0.42, 0.6), rng.uniform(0.68, 0.85))


def green(rng):
    return hsv(rng.uniform(0.24, 0.36), rng.uniform(0.45, 0.75), rng.uniform(0.35, 0.6))


def clay(rng):
    return hsv(rng.uniform(0.02, 0.06), rng.uniform(0.4, 0.6), rng.uniform(0.5, 0.7))
