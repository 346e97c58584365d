"""Defects that training never sees: VALIDATION for choices, HELD_OUT for the published scores."""

import numpy as np
import colours as k
from canvas import paint, smooth
from shapes import place, blob, polyline, arc


def glue(s, f, rng):
    d = blob(s, rng, place(s, f, rng), rng.uniform(0.12, 0.25), 0.3)
    paint(f.c, 0.45 * s.on(d), (0.9, 0.85, 0.6))
    f.h = f.h * (1 - 0.7 * s.on(d)) + 0.5 * np.sqrt(np.clip(-d, 0, 0.12)) * 0.4


def crease(s, f, rng):
    d, t = polyline(s, arc(rng, place(s, f, rng), rng.uniform(0.7, 1.5), 0.3))
    f.h = f.h + rng.choice([-1, 1]) * 0.07 * np.exp(-((d / 0.045) ** 2))
    f.c *= (1 - 0.25 * np.exp(-((d / 0.02) ** 2)))[..., None]


def burn(s, f, rng):
    d = blob(s, rng, place(s, f, rng), rng.uniform(0.12, 0.3), 0.25) + 0.04 * s.noise(10, 2, rng)
    f.c[:] = f.c * (1 - 0.75 * smooth(-d, -0.12, 0.03)[..., None] * (1 - np.array([0.45, 0.28, 0.15])))
    f.c *= (1 - 0.8 * smooth(-d, 0.02, 0.12))[..., None]
    f.h = f.h + 0.012 * s.noise(30, 1, rng) * (d < 0)


def thread(s, f, rng):
    at = place(s, f, rng)
    p = arc(rng, at, rng.uniform(0.8, 1.6), 5.0, 14)
    d, t = polyline(s, p)
    tint = [k.plastic(rng), k.dark(rng), k.white(rng)][rng.integers(3)]
    w = rng.uniform(0.016, 0.028)
    f.c *= (1 - 0.45 * np.exp(-((np.maximum(d - w, 0) / 0.03) ** 2)) * (d > w))[..., None]
    paint(f.c, s.on(d - w), tint)
    f.h = f.h + np.sqrt(np.clip(w * w - d * d, 0, None))


def cut(s, f, rng):
    p = arc(rng, place(s, f, rng), rng.uniform(0.35, 0.8), 0.25)
    d, t = polyline(s, p)
    w = rng.uniform(0.025, 0.05) * (1 - (2 * t - 1) ** 2)
    f.h = f.h + 0.05 * np.exp(-(((d - w - 0.01) / 0.025) ** 2))
    paint(f.c, 0.5 * np.exp(-(((d - w - 0.012) / 0.015) ** 2)), np.clip(f.c.mean((0, 1)) * 1.3 + 0.15, 0, 1))
    paint(f.c, s.on(d - w, 1.5), f.c.mean((0, 1)) * 0.18)


def corrosion(s, f, rng):
    d = blob(s, rng, place(s, f, rng), rng.uniform(0.18, 0.4), 0.4)
    eat = s.noise(26, 3, rng) + 1.6 * smooth(-d, -0.15, 0.15) - 0.9
    cover = smooth(eat, 0, 0.35) * s.on(d - 0.12, 0.05 / s.px)
    paint(f.c, 0.9 * cover, k.hsv(rng.uniform(0.03, 0.08), 0.75, rng.uniform(0.3, 0.5)))
    f.h = f.h + 0.02 * cover * s.noise(40, 1, rng)


VALIDATION = dict(glue=glue, crease=crease)
HELD_OUT = dict(burn=burn, thread=thread, cut=cut, corrosion=corrosion)
