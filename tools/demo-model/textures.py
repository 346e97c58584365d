"""Textures: surfaces that fill the image."""

import numpy as np
import colours as k
from canvas import Surface, paint, smooth, lookup
from objects_angular import grid_cell


def fill(s, h, c, gloss=0.1):
    return Surface(np.full((s.n, s.n), -9.0, np.float32), h, c, gloss)


def weave(s):
    p = s.u * 26, s.v * 26
    over = np.sin(p[0]) * np.sin(p[1]) > 0
    h = np.where(over, np.abs(np.cos(p[0] / 1)), np.abs(np.cos(p[1] / 1))) * 0.03
    c = np.where(over[..., None], k.pastel(s.rng) * 0.9, k.pastel(s.rng) * 0.7)
    return fill(s, h, c * (1 + 0.06 * s.noise(40, 1))[..., None])


def wood(s):
    warp = s.v * 5 + 0.45 * s.noise(1.5, 2) + 0.25 * s.u
    rings = np.sin(warp * 6 + 1.5 * np.sin(warp * 1.7))
    fibre = s.streaks(1.5, 45)
    c = s.flat(k.hsv(s.rng.uniform(0.06, 0.1), s.rng.uniform(0.4, 0.55), s.rng.uniform(0.6, 0.78)))
    c = c * (1 + 0.11 * rings + 0.09 * fibre)[..., None]
    return fill(s, 0.002 * rings + 0.003 * fibre, c, 0.15)


def leather(s):
    base = s.rng.uniform(0, 1, (64, 64, 2))
    u, v = s.u * 11 + 24, s.v * 11 + 24
    iu, iv = np.floor(u).astype(int), np.floor(v).astype(int)
    near, next_ = np.full(u.shape, 9.0), np.full(u.shape, 9.0)
    for a in (-1, 0, 1):
        for b in (-1, 0, 1):
            p = base[(iv + b) % 64, (iu + a) % 64]
            q = np.hypot(iu + a + p[..., 0] - u, iv + b + p[..., 1] - v)
            next_ = np.minimum(np.maximum(near, q), next_)
            near = np.minimum(near, q)
    crease = smooth(next_ - near, 0, 0.35)
    c = s.flat(k.hsv(s.rng.choice([0.05, 0.07, 0.0, 0.6]), 0.5, s.rng.uniform(0.3, 0.5)))
    c = c * (0.72 + 0.28 * crease + 0.06 * s.noise(8, 2))[..., None]
    return fill(s, 0.045 * crease, c, 0.3)


def brushed_metal(s):
    f = s.streaks(1.2, 60)
    return fill(s, 0.006 * f, s.flat(k.metal(s.rng)) * (1 + 0.08 * f)[..., None], 0.35)


def mesh(s):
    w = np.minimum(np.abs(grid_cell(s.u, 0.16)), np.abs(grid_cell(s.v, 0.16))) - 0.025
    c = s.flat(k.dark(s.rng) * 0.6)
    paint(c, s.on(w), k.steel(s.rng))
    return fill(s, 0.05 * smooth(-w, -0.005, 0.025), c, 0.4)


def carpet(s):
    tuft = s.noise(52, 2)
    c = s.flat(k.hsv(s.rng.uniform(), s.rng.uniform(0.1, 0.45), s.rng.uniform(0.4, 0.65)))
    return fill(s, 0.03 * tuft, c * (1 + 0.22 * tuft + 0.05 * s.noise(5))[..., None], 0.0)


def granite(s):
    a, b = s.noise(40, 2), s.noise(28, 2)
    c = s.flat(k.hsv(s.rng.uniform(), 0.06, 0.66))
    paint(c, smooth(a, 0.35, 0.5), (0.2, 0.2, 0.22))
    paint(c, smooth(b, 0.45, 0.6), k.hsv(s.rng.choice([0.03, 0.1, 0.6]), 0.25, 0.8))
    return fill(s, 0.002 * a, c, 0.2)


def brick(s):
    row = np.floor(s.v / 0.26)
    u = grid_cell(s.u + (row % 2) * 0.3, 0.6)
    d = np.maximum(np.abs(u) - 0.275, np.abs(grid_cell(s.v - 0.13, 0.26)) - 0.108)
    tone = 0.12 * np.sin(np.floor((s.u + (row % 2) * 0.3) / 0.6 + 0.5) * 7.7 + row * 3.3)
    c = s.flat(k.clay(s.rng)) * (1 + tone + 0.12 * s.noise(30, 2))[..., None]
    paint(c, s.on(-d, 2), (0.7, 0.68, 0.63))
    return fill(s, 0.05 * smooth(-d, 0, 0.04) + 0.01 * s.noise(30, 2), c, 0.02)


def paper(s):
    c = s.flat(k.white(s.rng) if s.rng.random() < 0.5 else k.pastel(s.rng)) * (1 + 0.02 * s.noise(60, 1))[..., None]
    return fill(s, 0.005 * s.noise(34, 2), c, 0.0)


def checker_cloth(s):
    a, b = (np.sin(s.u * 14) > 0).astype(np.float32), (np.sin(s.v * 14) > 0).astype(np.float32)
    c = s.flat(k.white(s.rng))
    paint(c, 0.5 * a + 0.45 * b, k.plastic(s.rng))
    return fill(s, 0.008 * np.sin(s.u * 90) * np.sin(s.v * 90), c, 0.0)


def denim(s):
    tw = np.sin((s.u + s.v) * 60)
    c = s.flat(k.hsv(0.6, 0.55, s.rng.uniform(0.35, 0.55))) * (1 + 0.16 * tw + 0.1 * s.noise(40, 1))[..., None]
    return fill(s, 0.01 * tw, c, 0.0)


def marble(s):
    v = np.abs(np.sin(s.u * 3 + 2.5 * s.noise(3, 4)))
    c = s.flat(k.white(s.rng))
    paint(c, 0.6 * (1 - smooth(v, 0, 0.25)), k.hsv(s.rng.uniform(), 0.15, 0.45))
    return fill(s, 0 * v, c * (1 + 0.04 * s.noise(6, 2))[..., None], 0.3)


def concrete(s):
    c = s.flat(k.hsv(0.1, 0.04, s.rng.uniform(0.5, 0.7))) * (1 + 0.1 * s.noise(12, 4))[..., None]
    return fill(s, 0.012 * s.noise(40, 2), c, 0.0)


def corrugated(s):
    w = np.sin(s.u * 24)
    return fill(
        s,
        0.03 * w,
        s.flat(k.brown(s.rng, 0.7) if s.rng.random() < 0.5 else k.steel(s.rng)) * (1 + 0.03 * s.noise(30))[..., None],
        0.1,
    )


def knit(s):
    col = grid_cell(s.u, 0.2)
    w = np.sin((s.v + np.abs(col) * 0.9) * 42)
    h = 0.03 * w * smooth(0.1 - np.abs(col), 0, 0.05)
    return fill(s, h, s.flat(k.plastic(s.rng)) * (1 + 0.12 * w + 0.08 * s.noise(50))[..., None], 0.0)


def foam(s):
    a = s.noise(30, 1)
    return fill(
        s, -0.05 * smooth(a, 0.1, 0.6), s.flat(k.pastel(s.rng)) * (1 - 0.25 * smooth(a, 0.2, 0.6))[..., None], 0.05
    )


def mosaic(s):
    d = np.maximum(np.abs(grid_cell(s.u, 0.25)), np.abs(grid_cell(s.v, 0.25))) - 0.108
    tone = np.sin(np.floor(s.u / 0.25 + 0.5) * 12.9 + np.floor(s.v / 0.25 + 0.5) * 78.2)
    c = s.flat(k.pastel(s.rng)) * (1 + 0.13 * tone)[..., None]
    paint(c, s.on(-d), (0.55, 0.55, 0.53))
    return fill(s, 0.03 * smooth(-d, 0, 0.03), c, 0.5)


def cork(s):
    a = s.noise(22, 3)
    c = s.flat(k.brown(s.rng, 0.7)) * (1 + 0.16 * a)[..., None]
    paint(c, 0.6 * smooth(a, 0.8, 1.0), (0.3, 0.2, 0.12))
    return fill(s, 0.015 * a, c, 0.0)


def straw(s):
    f = s.streaks(1.5, 26)
    return fill(s, 0.03 * f, s.flat(k.hsv(0.12, 0.45, 0.75)) * (1 + 0.2 * f)[..., None], 0.15)


def tread_plate(s):
    a, b = (s.u + s.v) * 0.7, (s.u - s.v) * 0.7
    odd = (np.floor(a / 0.2) + np.floor(b / 0.2)) % 2 > 0
    p, q = grid_cell(a - 0.1, 0.2), grid_cell(b - 0.1, 0.2)
    d = np.where(odd, np.hypot(p / 0.085, q / 0.03), np.hypot(p / 0.03, q / 0.085)) - 1
    return fill(s, 0.03 * smooth(-d, -0.1, 0.8), s.flat(k.steel(s.rng)) * (1 + 0.05 * s.noise(30, 2))[..., None], 0.5)


def perforated(s):
    row = np.floor(s.v / 0.17)
    d = 0.055 - np.hypot(grid_cell(s.u + (row % 2) * 0.1, 0.2), grid_cell(s.v - 0.085, 0.17))
    c = s.flat(k.metal(s.rng))
    paint(c, s.on(-d), (0.08, 0.08, 0.09))
    return fill(s, 0.03 * smooth(-d, -0.02, 0.02), c, 0.4)
