"""Grown and baked objects with a different outline each time."""

import numpy as np
import colours as k
from canvas import Surface, dome, paint, smooth, circle


def cookie(s):
    d = s.r - 0.9 + 0.03 * s.noise(4) + 0.01 * s.noise(12)
    c = s.flat(k.baked(s.rng)) * (1 + 0.1 * s.noise(12, 3))[..., None]
    c *= (1 - 0.25 * smooth(s.r, 0.6, 0.92))[..., None]
    h = dome(d, 0.25) + 0.02 * s.noise(16, 2)
    spots = s.rng.permutation(19)[: s.rng.integers(9, 13)]
    for q in spots:
        a, b = q * 2.4, 0.17 * np.sqrt(q + 0.4)
        r = s.rng.uniform(0.07, 0.12)
        chip = circle(s.u - b * np.cos(a), (s.v - b * np.sin(a)) * s.rng.uniform(0.8, 1.25), r)
        paint(c, s.on(chip, 2), k.brown(s.rng, 0.27))
        h = h + 0.05 * smooth(-chip, 0, 0.05)
    return Surface(d, h, c, 0.12)


def leaf(s):
    width = 0.48 * np.maximum(1 - s.u**2, 0) ** 0.8 * (1 - 0.35 * s.u)
    d = np.maximum(np.abs(s.v) - width, np.abs(s.u) - 0.93) * 0.8
    d = np.minimum(d, np.maximum(np.abs(s.v) - 0.025, np.abs(s.u + 0.8) - 0.2))
    vein = np.minimum(np.abs(s.v) - 0.015, np.abs(((s.u - np.abs(s.v) * 0.8) % 0.2) - 0.1) - 0.012)
    c = s.flat(k.green(s.rng)) * (1 + 0.12 * s.noise(10, 3))[..., None]
    paint(c, 0.5 * s.on(vein, 2), c.mean((0, 1)) * 1.6)
    return Surface(d, dome(d, 0.05) + 0.02 * smooth(-vein, -0.02, 0.01), c, 0.25)


def bean(s):
    bend = s.v + 0.28 * s.u**2 - 0.1
    d = (np.hypot(s.u / 0.92, bend / 0.5) - 1) * 0.5
    c = s.flat([k.brown, k.white, k.clay][s.rng.integers(3)](s.rng)) * (1 + 0.1 * s.noise(10, 2))[..., None]
    paint(c, 0.6 * s.on(np.hypot(s.u / 0.2, (bend - 0.38) / 0.08) * 0.1 - 0.1, 3), (0.95, 0.9, 0.8))
    return Surface(d, dome(d, 0.4), c, 0.6)


def egg(s):
    d = (np.hypot(s.u / 0.92, s.v / (0.68 - 0.12 * s.u)) - 1) * 0.7
    c = s.flat(k.hsv(0.07, s.rng.uniform(0.1, 0.4), 0.9)) * (1 + 0.03 * s.noise(30, 2))[..., None]
    return Surface(d, dome(d, 0.6), c, 0.2)


def almond(s):
    d = (np.hypot(s.u / 0.92, s.v / (0.5 - 0.2 * s.u)) - 1) * 0.5
    c = s.flat(k.brown(s.rng, 0.55)) * (1 + 0.16 * s.streaks(1.5, 14))[..., None]
    return Surface(d, dome(d, 0.35) + 0.02 * s.streaks(1.5, 14), c, 0.1)


def orange_slice(s):
    d = s.r - 0.93
    c = s.flat(k.hsv(0.08, 0.9, 0.95))
    paint(c, s.on(s.r - 0.87), (0.98, 0.92, 0.75))
    t = (s.t % (np.pi / 4.5)) - np.pi / 9
    seg = np.maximum(s.r - 0.8, 0.06 - s.r * np.cos(t) * 0.3 + np.abs(s.r * np.sin(t)) - s.r * 0.32)
    paint(c, s.on(seg, 2), k.hsv(s.rng.uniform(0.06, 0.1), 0.8, 0.93) * 1.0)
    return Surface(d, dome(d, 0.04) + 0.03 * smooth(-seg, 0, 0.08), c * (1 + 0.06 * s.noise(20, 2))[..., None], 0.4)


def mushroom(s):
    cap = np.maximum(np.hypot(s.u / 0.85, (s.v + 0.1) / 0.65) - 1, (s.v - 0.05)) * 0.6
    stem = np.maximum(np.abs(s.u) - 0.2 - 0.06 * s.v, np.abs(s.v - 0.45) - 0.45)
    d = np.minimum(cap, stem)
    c = s.flat(k.white(s.rng))
    paint(c, s.on(cap), k.brown(s.rng, 0.6))
    return Surface(d, dome(d, 0.2), c * (1 + 0.06 * s.noise(14, 2))[..., None], 0.15)


def petal(s):
    d = (np.hypot(s.u / 0.9, s.v / (0.45 + 0.25 * s.u)) - 1) * 0.5
    c = s.flat(k.pastel(s.rng)) * (1 + 0.08 * s.streaks(1.0, 12))[..., None]
    paint(c, 0.6 * smooth(-s.u, 0.2, 0.9), k.plastic(s.rng))
    return Surface(d, dome(d, 0.06) + 0.015 * s.streaks(1.0, 12), c, 0.1)


def bread(s):
    d = np.minimum(
        np.maximum(np.abs(s.u) - 0.7, np.abs(s.v - 0.15) - 0.65), np.hypot(s.u / 0.85, (s.v + 0.4) / 0.5) * 0.4 - 0.4
    )
    d = d + 0.015 * s.noise(6)
    c = s.flat(k.hsv(0.11, 0.3, 0.9)) * (1 + 0.1 * s.noise(26, 2))[..., None]
    paint(c, smooth(d, -0.12, -0.05), k.brown(s.rng, 0.55))
    return Surface(d, dome(d, 0.04) + 0.012 * s.noise(30, 2), c, 0.05)


def pretzel(s):
    a = np.abs(np.hypot(np.abs(s.u) - 0.42, s.v + 0.1) - 0.4) - 0.11
    b = np.abs(np.hypot(s.u, (s.v + 0.0) * 1.05) - 0.82) - 0.11
    b = np.where(s.v > -0.2, b, 9.0)
    d = np.minimum(a, b)
    c = s.flat(k.brown(s.rng, 0.5)) * (1 + 0.08 * s.noise(10, 2))[..., None]
    return Surface(d, dome(d, 0.11), c, 0.5)
