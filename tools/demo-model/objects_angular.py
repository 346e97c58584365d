"""Objects with corners: moulded, printed, assembled."""

import numpy as np
import colours as k
from canvas import Surface, box, ngon, circle, dome, paint, smooth, segment


def slab(s, colour, w, h, r=0.06, edge=0.06, grain=0.03, gloss=0.25):
    d = box(s.u, s.v, w, h, r)
    return Surface(d, dome(d, edge), s.flat(colour) * (1 + grain * s.noise(24, 2))[..., None], gloss)


def lines(s, c, ink, x0, x1, rows, thick=0.025, gap=0.7):
    """Rows of short printed strokes, like text too small to read."""
    for y in rows:
        cuts = np.sort(s.rng.uniform(x0, x1, 6))
        cover = s.on(box(s.u - (x0 + x1) / 2, s.v - y, (x1 - x0) / 2, thick))
        for q in cuts:
            cover = cover * (1 - s.on(np.abs(s.u - q) - 0.02))
        paint(c, cover, ink)


def grid_cell(u, pitch):
    return (u + pitch / 2) % pitch - pitch / 2


def bolt_head(s):
    d = ngon(s.u, s.v, 6, 0.82)
    c = s.flat(k.metal(s.rng)) * (1 + 0.04 * s.noise(24, 2))[..., None]
    return Surface(d, dome(d, 0.08) + 0.05 * smooth(-(s.r - 0.72), 0, 0.12), c, 0.5)


def hex_nut(s):
    d = np.maximum(ngon(s.u, s.v, 6, 0.82), 0.44 - s.r)
    c = s.flat(k.metal(s.rng)) * (1 + 0.05 * s.noise(20, 2))[..., None]
    h = dome(d, 0.05) + 0.08 * smooth(-(s.r - 0.86), 0, 0.12) - 0.06 * smooth(-(s.r - 0.54), 0, 0.1)
    return Surface(d, h, c * (1 - 0.25 * s.on(s.r - 0.5, 4))[..., None], 0.55)


def label(s):
    f = slab(s, k.white(s.rng), 0.9, s.rng.uniform(0.55, 0.7), 0.08, 0.02, 0.01, 0.1)
    ink = k.plastic(s.rng) * 0.8
    paint(f.c, s.on(box(s.u, s.v + 0.38, 0.75, 0.09)), ink)
    lines(s, f.c, (0.15, 0.15, 0.17), -0.72, 0.2, np.arange(-0.12, 0.4, 0.13))
    bars = (np.sin(s.u * 70) + np.sin(s.u * 113 + 2)) > 0
    paint(f.c, s.on(box(s.u - 0.52, s.v - 0.13, 0.2, 0.24)) * bars, (0.1, 0.1, 0.1))
    return f


def chip(s):
    body = box(s.u, s.v, 0.62, 0.62, 0.03)
    pitch = 0.155
    pins = np.minimum(
        np.maximum(np.abs(grid_cell(s.u, pitch)) - 0.04, box(s.u, s.v, 0.58, 0.88)),
        np.maximum(np.abs(grid_cell(s.v, pitch)) - 0.04, box(s.u, s.v, 0.88, 0.58)),
    )
    c = s.flat(k.steel(s.rng) + 0.05)
    paint(c, s.on(body), k.dark(s.rng))
    paint(c, s.on(np.hypot(s.u + 0.45, s.v + 0.45) - 0.06), (0.45, 0.45, 0.45))
    lines(s, c, (0.65, 0.65, 0.65), -0.4, 0.35, (-0.1, 0.06, 0.22), 0.03)
    d = np.minimum(body, pins)
    return Surface(d, dome(d, 0.03) + 0.12 * smooth(-body, 0, 0.08), c, 0.3)


def circuit_board(s):
    f = slab(s, k.hsv(s.rng.choice([0.36, 0.4, 0.6]), 0.7, 0.38), 0.9, 0.75, 0.03, 0.02, 0.03, 0.25)
    lay = np.random.default_rng(77)
    for _ in range(9):
        a = lay.uniform(-0.7, 0.7, 2) * (1, 0.8)
        b = a + [(0.45, 0), (0, 0.4), (0.3, 0.3)][lay.integers(3)]
        d, _ = segment(s.u, s.v, a, np.clip(b, -0.8, 0.65))
        paint(f.c, s.on(d - 0.018), f.c[0, 0] * 1.6)
    for _ in range(10):
        p = np.round(lay.uniform(-0.75, 0.75, 2) * (1, 0.8), 1)
        q = np.hypot(s.u - p[0], s.v - p[1])
        paint(f.c, s.on(np.abs(q - 0.05) - 0.02), (0.85, 0.75, 0.45))
    part = np.minimum(box(s.u - 0.3, s.v + 0.2, 0.2, 0.2, 0.02), box(s.u + 0.45, s.v - 0.3, 0.24, 0.12, 0.02))
    paint(f.c, s.on(part), (0.12, 0.12, 0.13))
    f.h = f.h + 0.1 * smooth(-part, 0, 0.04)
    return f


def connector(s):
    f = slab(s, [k.dark, k.white, k.plastic][s.rng.integers(3)](s.rng), 0.92, 0.5, 0.05, 0.05)
    well = box(s.u, s.v, 0.78, 0.35, 0.02)
    paint(f.c, s.on(well), f.c.mean((0, 1)) * 0.5)
    pin = np.maximum(box(grid_cell(s.u, 0.26), np.abs(s.v) - 0.16, 0.06, 0.06), well + 0.04)
    paint(f.c, s.on(pin), (0.85, 0.72, 0.35))
    f.h = f.h - 0.1 * smooth(-well, 0, 0.04) + 0.06 * smooth(-pin, 0, 0.03)
    return f


def domino(s):
    f = slab(s, k.white(s.rng) if s.rng.random() < 0.7 else k.dark(s.rng), 0.92, 0.46, 0.08, 0.08)
    ink = (0.08, 0.08, 0.1) if f.c.mean() > 0.5 else (0.9, 0.9, 0.9)
    pips = np.hypot(np.abs(np.abs(s.u) - 0.46) - 0.22, np.abs(s.v) - 0.22)
    pips = np.minimum(pips, np.hypot(np.abs(s.u) - 0.46, s.v)) - 0.07
    paint(f.c, s.on(np.minimum(pips, box(s.u, s.v, 0.012, 0.36))), ink)
    f.h = f.h - 0.03 * smooth(-pips, 0, 0.05)
    return f


def dice(s):
    f = slab(s, k.plastic(s.rng), 0.8, 0.8, 0.2, 0.18, 0.01, 0.5)
    pips = np.minimum(np.hypot(np.abs(s.u) - 0.42, np.abs(s.v) - 0.42), s.r) - 0.12
    paint(f.c, s.on(pips), (0.95, 0.95, 0.93))
    f.h = f.h - 0.05 * smooth(-pips, 0, 0.08)
    return f


def toy_brick(s):
    f = slab(s, k.plastic(s.rng), 0.94, 0.62, 0.03, 0.04, 0.01, 0.45)
    stud = np.hypot(grid_cell(s.u + 0.15, 0.6) - 0.15 + 0.15, grid_cell(s.v - 0.29, 0.58)) - 0.18
    stud = np.maximum(stud, box(s.u, s.v, 0.9, 0.58))
    f.h = f.h + 0.1 * smooth(-stud, 0, 0.05)
    return f


def keycap(s):
    f = slab(s, [k.dark, k.white, k.pastel][s.rng.integers(3)](s.rng), 0.85, 0.85, 0.12, 0.1, 0.01)
    top = box(s.u, s.v + 0.06, 0.62, 0.62, 0.15)
    ink = 0.1 if f.c.mean() > 0.5 else 0.9
    glyph = np.minimum(box(s.u + 0.3, s.v + 0.3, 0.04, 0.16), box(s.u + 0.2, s.v + 0.42, 0.13, 0.04))
    paint(f.c, s.on(glyph), (ink,) * 3)
    f.h = f.h + 0.2 * smooth(-top, -0.05, 0.12)
    return f


def cracker(s):
    d = box(s.u, s.v, 0.85, 0.85, 0.05) - 0.025 * np.cos(s.u * 26) * np.cos(s.v * 26)
    c = s.flat(k.baked(s.rng)) * (1 + 0.12 * s.noise(9, 3))[..., None]
    dots = np.hypot(grid_cell(s.u - 0.22, 0.44), grid_cell(s.v - 0.22, 0.44)) - 0.045
    paint(c, 0.7 * s.on(np.maximum(dots, d + 0.1), 2), (0.3, 0.18, 0.08))
    return Surface(d, dome(d, 0.1) + 0.015 * s.noise(14, 2), c, 0.05)


def stamp(s):
    edge = np.hypot(grid_cell(s.u, 0.17), np.abs(s.v) - 0.9) - 0.05
    edge = np.minimum(edge, np.hypot(np.abs(s.u) - 0.76, grid_cell(s.v, 0.18)) - 0.05)
    d = np.maximum(box(s.u, s.v, 0.76, 0.9), -edge)
    c = s.flat(k.white(s.rng))
    paint(c, s.on(box(s.u, s.v, 0.6, 0.72)), k.pastel(s.rng) * 0.9)
    paint(c, s.on(np.hypot(s.u, s.v + 0.1) - 0.36), k.plastic(s.rng) * 0.8)
    return Surface(d, dome(d, 0.02), c, 0.05)


def ticket(s):
    d = np.maximum(box(s.u, s.v, 0.94, 0.5, 0.03), 0.14 - np.hypot(np.abs(s.u) - 0.94, s.v))
    c = s.flat(k.pastel(s.rng))
    paint(c, s.on(np.abs(box(s.u, s.v, 0.76, 0.38)) - 0.015), (0.3, 0.1, 0.1))
    lines(s, c, (0.25, 0.12, 0.12), -0.6, 0.6, (-0.18, 0, 0.18), 0.035)
    return Surface(d, dome(d, 0.02), c, 0.05)


def sim_card(s):
    d = np.maximum(box(s.u, s.v, 0.7, 0.9, 0.08), (s.u - s.v - 1.2) * 0.7)
    c = s.flat(k.pastel(s.rng))
    pad = box(s.u, s.v - 0.1, 0.42, 0.42, 0.1)
    paint(c, s.on(pad), (0.85, 0.7, 0.35))
    cut = np.minimum(np.abs(s.u) - 0.015, np.abs(np.abs(s.v - 0.1) - 0.16) - 0.015)
    paint(c, s.on(np.maximum(cut, pad)), (0.4, 0.33, 0.15))
    return Surface(d, dome(d, 0.03), c, 0.3)


def chocolate(s):
    f = slab(s, k.brown(s.rng, 0.33), 0.92, 0.62, 0.03, 0.05, 0.02, 0.3)
    cell = box(grid_cell(s.u - 0.23, 0.46), grid_cell(s.v, 0.42), 0.2, 0.18, 0.02)
    f.h = f.h + 0.09 * smooth(-np.maximum(cell, f.d), 0, 0.07)
    return f


def tile(s):
    f = slab(s, k.pastel(s.rng), 0.88, 0.88, 0.03, 0.06, 0.01, 0.5)
    motif = np.abs(np.cos(s.u * 3.57) + np.cos(s.v * 3.57)) - 0.35
    paint(f.c, s.on(motif * 0.3) * s.on(box(s.u, s.v, 0.78, 0.78)), k.plastic(s.rng) * 0.7)
    return f


def star_badge(s):
    t = (s.t + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5
    d = s.r * (np.cos(t) * 0.55 + np.abs(np.sin(t)) * 0.95) - 0.5
    c = s.flat(k.metal(s.rng)) * (1 + 0.03 * s.noise(20))[..., None]
    return Surface(d, dome(d, 0.2) + 0.05 * smooth(-(s.r - 0.24), 0, 0.05), c, 0.6)


def playing_card(s):
    f = slab(s, k.white(s.rng), 0.66, 0.92, 0.1, 0.02, 0.0, 0.1)
    ink = (0.75, 0.1, 0.12) if s.rng.random() < 0.5 else (0.08, 0.08, 0.1)
    pip = np.abs(np.abs(s.u) - 0.28) * 1.3 + np.abs(grid_cell(s.v, 0.44)) - 0.12
    paint(f.c, s.on(np.maximum(pip, box(s.u, s.v, 0.6, 0.75))), ink)
    return f
