"""Long objects along u: fasteners, tools, packages."""

import numpy as np
import colours as k
from canvas import Surface, box, circle, rod, ngon, dome, paint, smooth
from objects_angular import grid_cell, lines


def profile(s, radius, colour, gloss=0.5, grain=0.04):
    """A body of revolution: radius(u) is its half width; it ends at u = -0.95 and 0.95."""
    d = np.maximum(np.abs(s.v) - radius, np.abs(s.u) - 0.95)
    h = np.sqrt(np.maximum(radius**2 - s.v**2, 0))
    return Surface(d, 0.8 * h, s.flat(colour) * (1 + grain * s.noise(20, 2))[..., None], gloss)


def bolt(s):
    thread = 0.02 * np.sin(s.u * 55) * (s.u > -0.1)
    radius = np.where(s.u < -0.55, 0.42, 0.2 + thread)
    f = profile(s, radius, k.metal(s.rng))
    f.h = np.where(s.u < -0.55, 0.25 + 0.05 * (np.abs(s.v) < 0.2), f.h)
    return f


def screw(s):
    thread = 0.035 * np.sin(s.u * 42 + s.v * 4) * (s.u > -0.45)
    radius = np.where(s.u < -0.7, 0.14 + np.clip(-s.u - 0.7, 0, 0.3) * 1.1, 0.16 + thread)
    radius = np.where(s.u > 0.6, np.maximum((0.95 - s.u) * 0.46, 0.001) + thread, radius)
    return profile(s, radius, k.metal(s.rng))


def nail(s):
    radius = np.where(s.u < -0.88, 0.24, 0.075)
    radius = np.where(s.u > 0.75, np.maximum((0.95 - s.u) * 0.37, 0.001), radius)
    return profile(s, radius, k.steel(s.rng))


def pencil(s):
    radius = np.where(s.u > 0.6, np.maximum((0.95 - s.u) * 0.4, 0.001), 0.14)
    f = profile(s, radius, k.plastic(s.rng), 0.3)
    paint(f.c, smooth(s.u, 0.59, 0.61), (0.85, 0.68, 0.48))
    paint(f.c, smooth(s.u, 0.84, 0.86), (0.12, 0.12, 0.12))
    paint(f.c, smooth(-s.u, 0.68, 0.7), k.steel(s.rng))
    paint(f.c, smooth(-s.u, 0.8, 0.82), (0.9, 0.5, 0.5))
    return f


def bottle(s):
    radius = 0.36 - 0.24 * smooth(s.u, 0.2, 0.6)
    f = profile(s, radius, k.green(s.rng) if s.rng.random() < 0.5 else k.brown(s.rng, 0.45), 0.8, 0.01)
    paint(f.c, s.on(box(s.u + 0.35, s.v, 0.3, 0.5)), k.white(s.rng))
    paint(f.c, s.on(np.abs(s.u + 0.35) - 0.06) * (np.abs(s.v) < 0.25), k.plastic(s.rng))
    paint(f.c, smooth(s.u, 0.78, 0.79), k.plastic(s.rng))
    return f


def wrench(s):
    head = np.maximum(circle(s.u + 0.65, s.v, 0.3), -box(s.u + 0.9, s.v, 0.24, 0.13, 0.04))
    ring = np.maximum(circle(s.u - 0.7, s.v, 0.25), -ngon(s.u - 0.7, s.v, 6, 0.13))
    d = np.minimum(np.minimum(head, ring), np.maximum(rod(s.u, s.v, 0.6, 0.12), 0.29 - np.hypot(s.u - 0.7, s.v) - 0.06))
    d = np.maximum(d, -box(s.u + 0.95, s.v, 0.24, 0.13, 0.04))
    c = s.flat(k.steel(s.rng)) * (1 + 0.04 * s.noise(20, 2))[..., None]
    return Surface(d, dome(d, 0.06) - 0.03 * s.on(rod(s.u, s.v, 0.28, 0.04), 3), c, 0.6)


def comb(s):
    tooth = np.maximum(np.abs(grid_cell(s.u, 0.12)) - 0.033, box(s.u, s.v - 0.15, 0.88, 0.35))
    d = np.minimum(box(s.u, s.v + 0.3, 0.93, 0.16, 0.08), tooth)
    return Surface(d, dome(d, 0.03), s.flat(k.plastic(s.rng)), 0.4)


def spoon(s):
    bowl = (np.hypot((s.u + 0.58) / 1.35, s.v) - 0.27) * 0.9
    d = np.minimum(bowl, rod(s.u - 0.3, s.v, 0.6, 0.05 + 0.03 * smooth(s.u, 0.3, 0.9)))
    h = dome(d, 0.05) - 0.12 * smooth(-bowl, 0.02, 0.2)
    return Surface(d, h, s.flat(k.steel(s.rng)), 0.8)


def zipper(s):
    half = 0.09
    a = box(grid_cell(s.u, 0.18), s.v - 0.1, 0.05, 0.13, 0.02)
    b = box(grid_cell(s.u + half, 0.18), s.v + 0.1, 0.05, 0.13, 0.02)
    teeth = np.maximum(np.minimum(a, b), np.abs(s.u) - 0.92)
    d = box(s.u, s.v, 0.95, 0.5)
    c = s.flat(k.plastic(s.rng) * 0.6) * (1 + 0.15 * np.sign(np.sin(s.u * 90) * np.sin(s.v * 90)))[..., None]
    paint(c, s.on(teeth), k.metal(s.rng))
    return Surface(d, 0.02 * (d < 0) + 0.06 * smooth(-teeth, 0, 0.04), c, 0.5)


def key(s):
    bow = np.maximum(circle(s.u + 0.6, s.v, 0.36), 0.11 - np.hypot(s.u + 0.72, s.v))
    blade = box(s.u - 0.32, s.v, 0.62, 0.14, 0.03)
    bite = 0.04 + 0.06 * (np.sin(np.floor(s.u * 10) * 12.9) > 0)
    d = np.minimum(bow, np.maximum(blade, s.v - 0.14 + bite * (s.u > 0.05)))
    c = s.flat(k.metal(s.rng)) * (1 + 0.03 * s.noise(20))[..., None]
    return Surface(d, dome(d, 0.04) - 0.03 * s.on(box(s.u - 0.35, s.v + 0.02, 0.5, 0.025), 3), c, 0.55)


def capsule(s):
    d = rod(s.u, s.v, 0.55, 0.38)
    c = s.flat(k.white(s.rng) if s.rng.random() < 0.5 else k.pastel(s.rng))
    paint(c, s.on(s.u), k.plastic(s.rng))
    seam = 0.015 * smooth(-np.abs(s.u - 0.02), -0.04, -0.02)
    lines(s, c, c.mean((0, 1)) * 0.45, -0.5, -0.12, (0.0,), 0.045)
    return Surface(d, np.sqrt(np.maximum(0.38**2 - np.minimum(d + 0.38, 0.38) ** 2, 0)) * 0.9 + seam, c, 0.7)


def battery(s):
    f = profile(s, np.where(s.u > 0.86, 0.12, 0.33) + 0 * s.u, k.plastic(s.rng), 0.6, 0.01)
    paint(f.c, smooth(s.u, 0.44, 0.45), (0.75, 0.55, 0.3))
    paint(f.c, smooth(s.u, 0.84, 0.85), k.steel(s.rng))
    paint(f.c, smooth(-s.u, 0.86, 0.87), k.steel(s.rng))
    lines(s, f.c, (0.95, 0.95, 0.95), -0.6, 0.3, (-0.08, 0.08), 0.04)
    return f


def fuse(s):
    f = profile(s, 0.2 + 0.02 * (np.abs(s.u) > 0.55), k.white(s.rng) * 0.9, 0.8, 0.01)
    paint(f.c, smooth(np.abs(s.u), 0.55, 0.56), k.steel(s.rng))
    paint(f.c, s.on(box(s.u, s.v, 0.55, 0.025)), (0.35, 0.33, 0.3))
    return f


def resistor(s):
    body = np.minimum(
        rod(s.u, s.v, 0.3, 0.17), np.minimum(circle(s.u + 0.33, s.v, 0.22), circle(s.u - 0.33, s.v, 0.22))
    )
    d = np.minimum(body, box(s.u, s.v, 0.95, 0.028))
    c = s.flat(k.steel(s.rng))
    paint(c, s.on(body), k.pastel(s.rng) * 0.95)
    for x in (-0.34, -0.14, 0.02, 0.34):
        paint(c, s.on(np.maximum(np.abs(s.u - x) - 0.045, body)), k.plastic(s.rng) * 0.8)
    return Surface(d, dome(d, 0.15), c, 0.4)


def brush(s):
    d = np.minimum(rod(s.u - 0.45, s.v, 0.4, 0.08), box(s.u + 0.5, s.v, 0.44, 0.14, 0.06))
    bristle = box(s.u + 0.5, s.v - 0.2, 0.4, 0.2)
    c = s.flat(k.plastic(s.rng))
    paint(c, s.on(bristle), k.white(s.rng) * 0.95)
    c *= 1 - 0.3 * (s.on(bristle) * (np.sin(s.u * 80) > 0))[..., None]
    d = np.minimum(d, bristle)
    return Surface(d, dome(d, 0.06), c, 0.2)
