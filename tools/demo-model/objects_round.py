"""Round objects: turned, stamped, pressed. Each function takes a Sheet and returns a Surface."""

import numpy as np
import colours as k
from canvas import Surface, circle, box, ngon, dome, paint, smooth


def disc(s, colour, r=0.95, hole=0.0, edge=0.08, grain=0.03, gloss=0.3):
    d = s.r - r
    if hole:
        d = np.maximum(d, hole - s.r)
    c = s.flat(colour) * (1 + grain * s.noise(24, 2))[..., None]
    return Surface(d, dome(d, edge), c, gloss)


def washer(s):
    f = disc(s, k.metal(s.rng), hole=s.rng.uniform(0.38, 0.5), edge=0.05, gloss=0.5)
    f.h = f.h + 0.004 * np.sin(s.r * 90)
    return f


def ring(s):
    return disc(s, k.metal(s.rng), hole=s.rng.uniform(0.68, 0.76), edge=0.14, gloss=0.7)


def gasket(s):
    f = disc(s, k.dark(s.rng) + 0.05, hole=s.rng.uniform(0.5, 0.62), edge=0.1, grain=0.1, gloss=0.1)
    f.h = f.h - 0.03 * np.exp(-(((s.r - 0.78) / 0.04) ** 2))
    return f


def bearing(s):
    f = disc(s, k.steel(s.rng), hole=0.32, edge=0.05, gloss=0.6)
    track = s.on(np.abs(s.r - 0.63) - 0.15)
    paint(f.c, track, (0.12, 0.12, 0.13))
    step = 2 * np.pi / 9
    t = (s.t + step / 2) % step - step / 2
    ball = np.hypot(s.r * np.cos(t) - 0.63, s.r * np.sin(t)) - 0.135
    paint(f.c, s.on(ball), k.steel(s.rng) + 0.08)
    f.h = np.where(track > 0.5, 0, f.h) + np.where(ball < 0, np.sqrt(np.maximum(0.135**2 - (ball + 0.135) ** 2, 0)), 0)
    return f


def coin(s):
    f = disc(s, k.metal(s.rng), edge=0.04, gloss=0.6)
    rim = s.on(np.abs(s.r - 0.86) - 0.05, 3)
    star = ngon(s.u, s.v, 5, 0.4) + 0.22 * np.cos(5 * s.t)
    f.h = f.h + 0.03 * rim + 0.035 * smooth(-star, -0.02, 0.05)
    f.h = f.h + 0.015 * smooth(np.cos(s.t * 40), 0.6, 0.9) * s.on(np.abs(s.r - 0.75) - 0.025)
    return f


def screw_head(s):
    f = disc(s, k.metal(s.rng), edge=0.3, gloss=0.6)
    cross = np.minimum(box(s.u, s.v, 0.55, 0.1, 0.03), box(s.u, s.v, 0.1, 0.55, 0.03))
    f.h = f.h - 0.12 * s.on(cross, 3)
    paint(f.c, 0.6 * s.on(cross, 2), (0.08, 0.08, 0.08))
    return f


def pill(s):
    f = disc(s, k.pastel(s.rng), edge=0.35, grain=0.04, gloss=0.15)
    f.h = f.h * 0.7 - 0.07 * np.exp(-((s.v / 0.045) ** 2)) * s.on(np.abs(s.u) - 0.85, 6)
    return f


def lens(s):
    f = disc(s, k.dark(s.rng), edge=0.06, gloss=0.9)
    glass = s.on(s.r - 0.72)
    paint(f.c, glass, k.hsv(s.rng.uniform(0.5, 0.8), 0.5, 0.35))
    paint(f.c, 0.5 * s.on(np.hypot(s.u + 0.2, s.v + 0.25) - 0.17, 20), (0.8, 0.85, 0.95))
    f.h = f.h + 0.25 * np.sqrt(np.maximum(0.55 - s.r**2, 0)) * glass - 0.03 * s.on(np.abs(s.r - 0.78) - 0.03)
    return f


def knob(s):
    d = s.r - 0.9 - 0.035 * np.cos(s.t * 24)
    c = s.flat(k.dark(s.rng) + 0.08)
    paint(c, s.on(s.r - 0.6), k.plastic(s.rng) * 0.7)
    paint(c, s.on(box(s.u - 0.4, s.v, 0.16, 0.035)), (0.95, 0.95, 0.92))
    return Surface(d, dome(d, 0.12) + 0.1 * smooth(-(s.r - 0.62), 0, 0.06), c, 0.35)


def wheel(s):
    d = s.r - 0.95
    c = s.flat(k.dark(s.rng))
    hub = k.steel(s.rng)
    step = 2 * np.pi / 5
    t = (s.t + step / 2) % step - step / 2
    spoke = np.minimum(np.minimum(np.abs(s.r * np.sin(t)) - 0.07, s.r - 0.2), np.abs(s.r - 0.62) - 0.06)
    inner = s.on(s.r - 0.66)
    paint(c, inner, (0.07, 0.07, 0.08))
    paint(c, inner * s.on(spoke), hub)
    h = dome(d, 0.12) + 0.02 * np.cos(s.t * 36) * (s.r > 0.72) + 0.06 * smooth(-spoke, 0, 0.05) * inner
    return Surface(d, h, c, 0.4)


def donut(s):
    wob = 0.02 * s.noise(5)
    d = np.maximum(s.r - 0.93 + wob, 0.3 - s.r + wob)
    c = s.flat(k.baked(s.rng))
    icing = np.abs(s.r - 0.6) - 0.24 + 0.06 * s.noise(7)
    glaze = [k.hsv(0.95, 0.4, 0.9), k.brown(s.rng, 0.3), k.white(s.rng)][s.rng.integers(3)]
    paint(c, s.on(icing, 2), glaze)
    return Surface(d, dome(d, 0.3) + 0.02 * smooth(-icing, 0, 0.05), c, 0.3)


def plate(s):
    f = disc(s, k.white(s.rng), edge=0.06, gloss=0.4, grain=0.01)
    f.h = f.h - 0.1 * smooth(-(s.r - 0.68), 0, 0.12)
    paint(f.c, s.on(np.abs(s.r - 0.85) - 0.025), k.plastic(s.rng))
    return f


def record(s):
    f = disc(s, k.dark(s.rng), hole=0.04, edge=0.03, gloss=0.5)
    paint(f.c, s.on(s.r - 0.35), k.plastic(s.rng))
    f.h = f.h + 0.004 * np.sin(s.r * 70) * (s.r > 0.36)
    return f


def poker_chip(s):
    f = disc(s, k.plastic(s.rng), edge=0.06, grain=0.02)
    paint(f.c, s.on(0.7 - s.r) * smooth(np.cos(s.t * 6), 0.3, 0.36), k.white(s.rng))
    paint(f.c, s.on(np.abs(s.r - 0.55) - 0.03), k.white(s.rng))
    return f


def toothed(s, teeth, depth, sharp, colour, hole, gloss=0.5):
    wave = np.cos(s.t * teeth)
    wave = np.tanh(sharp * wave) / np.tanh(sharp)
    d = np.maximum(s.r - 0.88 - depth * wave, hole - s.r)
    c = s.flat(colour) * (1 + 0.04 * s.noise(30, 2))[..., None]
    return Surface(d, dome(d, 0.05), c, gloss)


def gear(s):
    f = toothed(s, s.rng.integers(12, 19), 0.08, 3.0, k.metal(s.rng), 0.2)
    f.h = f.h - 0.05 * smooth(-(np.abs(s.r - 0.48) - 0.16), 0, 0.04)
    return f


def sprocket(s):
    f = toothed(s, s.rng.integers(18, 26), 0.07, 1.0, k.steel(s.rng) * 0.9, 0.18)
    step = 2 * np.pi / 5
    t = (s.t + step / 2) % step - step / 2
    f.d = np.maximum(f.d, 0.13 - np.hypot(s.r * np.cos(t) - 0.5, s.r * np.sin(t)))
    f.h = dome(f.d, 0.05)
    return f


def saw_blade(s):
    saw = (s.t * 30 / (2 * np.pi)) % 1
    d = np.maximum(s.r - 0.86 - 0.09 * saw, 0.14 - s.r)
    c = s.flat(k.steel(s.rng)) * (1 + 0.06 * np.sin(s.t * 14 + s.r * 3))[..., None]
    return Surface(d, dome(d, 0.03), c, 0.6)


def rosette(s):
    d = s.r - 0.75 - 0.16 * np.abs(np.cos(s.t * 4))
    c = s.flat(k.pastel(s.rng))
    paint(c, s.on(s.r - 0.3), k.hsv(0.13, 0.7, 0.9))
    return Surface(d, dome(d, 0.2) - 0.05 * np.exp(-((np.cos(s.t * 4) / 0.12) ** 2)) * smooth(s.r, 0.3, 0.5), c, 0.15)


def bottle_cap(s):
    d = s.r - 0.9 - 0.05 * np.cos(s.t * 21)
    c = s.flat(k.plastic(s.rng))
    paint(c, s.on(np.abs(s.r - 0.5) - 0.05), k.white(s.rng))
    h = dome(d, 0.1) + 0.16 * smooth(-(s.r - 0.74), 0, 0.14) - 0.03 * smooth(s.r, 0.74, 0.9) * np.cos(s.t * 21)
    return Surface(d, h, c, 0.5)


def button(s):
    d = s.r - 0.93
    colour = [k.plastic, k.pastel, k.dark, k.brown][s.rng.integers(4)](s.rng)
    holes = np.hypot(np.abs(s.u) - 0.2, np.abs(s.v) - 0.2) - 0.09
    c = s.flat(colour) * (1 + 0.05 * s.streaks(2, 6))[..., None]
    h = dome(d, 0.1) - 0.1 * smooth(-(s.r - 0.68), 0, 0.12) - 0.02 * np.exp(-(((holes - 0.02) / 0.03) ** 2))
    return Surface(np.maximum(d, -holes), h, c, 0.45)
