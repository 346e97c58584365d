"""Defects for training. Each changes a Surface in place, or (BENDS) the coordinates on which it is drawn."""

import numpy as np
import colours as k
from canvas import paint, smooth
from shapes import place, rim, blob, polyline, arc, walk


def scratch(s, f, rng):
    at = place(s, f, rng)
    bright = rng.random() < 0.5
    for _ in range(rng.integers(1, 4)):
        p = arc(rng, np.add(at, rng.normal(0, 0.08, 2)), rng.uniform(0.35, 1.2), 0.8)
        d, t = polyline(s, p)
        w = rng.uniform(0.012, 0.03) * (1 - (2 * t - 1) ** 4)
        cover = s.on(d - w, 1.5) * rng.uniform(0.5, 0.95)
        tone = f.c.mean((0, 1))
        paint(f.c, cover, np.clip(tone * 1.4 + 0.25, 0, 1) if bright else tone * 0.35)
        f.h = f.h - 0.02 * cover


def crack(s, f, rng):
    at = place(s, f, rng)
    main = walk(rng, at, rng.uniform(0.5, 1.3), 0.6)
    lines = [main] + [
        walk(rng, main[rng.integers(2, 8)], rng.uniform(0.2, 0.5), 0.7, 5) for _ in range(rng.integers(0, 3))
    ]
    w = rng.uniform(0.01, 0.028)
    for p in lines:
        d, t = polyline(s, p)
        cover = s.on(d - w * (1.15 - t), 1.5)
        paint(f.c, 0.9 * cover, f.c.mean((0, 1)) * rng.uniform(0.1, 0.3))
        f.h = f.h - 0.04 * cover


def stain(s, f, rng):
    d = blob(s, rng, place(s, f, rng), rng.uniform(0.12, 0.38), 0.35) + 0.03 * s.noise(9, 2, rng)
    tint = [k.brown(rng, 0.4), k.plastic(rng), k.dark(rng), k.hsv(0.15, 0.6, 0.6)][rng.integers(4)]
    soft = rng.uniform(2, 10)
    cover = s.on(d, soft * 0.02 / s.px) * rng.uniform(0.45, 0.85)
    ring = np.exp(-((d / 0.025) ** 2)) * (rng.random() < 0.4) * 0.4
    f.c[:] = f.c * (1 - np.clip(cover + ring, 0, 1)[..., None] * (1 - tint * 1.1).clip(0, 1))
    return d


def ink_blot(s, f, rng):
    at = place(s, f, rng)
    tint = [k.dark(rng) * 0.6, k.plastic(rng), k.white(rng)][rng.integers(3)]
    for i in range(rng.integers(1, 7)):
        size = rng.uniform(0.08, 0.22) if i == 0 else rng.uniform(0.015, 0.05)
        where = at if i == 0 else np.add(at, rng.normal(0, 0.2, 2))
        paint(f.c, 0.95 * s.on(blob(s, rng, where, size, 0.25), 1.5), tint)


def hole(s, f, rng):
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        d = blob(s, rng, place(s, f, rng, 0.08), rng.uniform(0.05, 0.18), 0.25, 1.4)
        f.h = f.h + 0.03 * np.exp(-(((d - 0.02) / 0.03) ** 2))
        if f.d.min() > -5 and rng.random() < 0.6:
            f.d = np.maximum(f.d, -d)
        else:
            paint(f.c, s.on(d, 2), np.array([0.05, 0.045, 0.04]) * rng.uniform(0.3, 2))
            f.h = f.h - 0.1 * smooth(-d, 0, 0.06)


def dent(s, f, rng):
    d = blob(s, rng, place(s, f, rng, 0.1), rng.uniform(0.12, 0.3), 0.12)
    f.h = f.h - rng.uniform(0.08, 0.2) * smooth(-d, -0.04, rng.uniform(0.08, 0.2))
    f.c *= (1 - 0.12 * s.on(d, 0.1 / s.px))[..., None]


def blister(s, f, rng):
    for _ in range(rng.integers(1, 4)):
        size = rng.uniform(0.07, 0.2)
        d = blob(s, rng, place(s, f, rng, 0.08), size, 0.12)
        f.h = f.h + 0.9 * np.sqrt(np.clip(size**2 - (d + size).clip(0) ** 2, 0, None)) * rng.uniform(0.6, 1)


def missing_part(s, f, rng):
    if f.d.min() < -5:
        d = blob(s, rng, place(s, f, rng), rng.uniform(0.15, 0.35), 0.2) + 0.02 * s.noise(20, 1, rng)
        paint(f.c, s.on(d), f.c.mean((0, 1)) * rng.uniform(0.3, 0.6) + rng.uniform(0, 0.2))
        f.h = np.where(d < 0, -0.05, f.h)
        return
    at, a = np.array(rim(s, f, rng)), rng.uniform(0, 6.3)
    if np.hypot(*at) > 0.05:
        a = np.arctan2(at[1], at[0]) + rng.normal(0, 0.3)
    p = (s.u - at[0]) * np.cos(a) + (s.v - at[1]) * np.sin(a)
    q = -(s.u - at[0]) * np.sin(a) + (s.v - at[1]) * np.cos(a)
    ragged = 0.04 * s.noise(12, 2, rng) * (rng.random() < 0.7)
    d = np.maximum(-p - rng.uniform(0.1, 0.35), np.abs(q) - rng.uniform(0.12, 0.45)) + ragged
    f.d = np.maximum(f.d, -d)


def chipped_edge(s, f, rng):
    raw = np.clip(f.c.mean((0, 1)) * rng.choice([0.55, 1.35]) + rng.uniform(-0.05, 0.1), 0, 1)
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rim(s, f, rng)
        d = blob(s, rng, at, rng.uniform(0.08, 0.2), 0.4) + 0.02 * s.noise(22, 1, rng)
        paint(f.c, s.on(d - rng.uniform(0.02, 0.05)), raw)
        f.h = f.h - 0.06 * smooth(-d, -0.04, 0.04)
        if f.d.min() > -5:
            f.d = np.maximum(f.d, -d)


def contamination(s, f, rng):
    at = place(s, f, rng)
    tint = [k.dark(rng), k.white(rng), k.plastic(rng), k.brown(rng, 0.4)][rng.integers(4)]
    spread = rng.uniform(0.08, 0.3)
    for _ in range(rng.integers(3, 11)):
        d = blob(s, rng, np.add(at, rng.normal(0, spread, 2)), rng.uniform(0.02, 0.06), 0.4, 2.5)
        paint(f.c, s.on(d, 1.5), tint * rng.uniform(0.8, 1.15))
        f.h = f.h + 0.04 * smooth(-d, -0.01, 0.03)


def discolouration(s, f, rng):
    d = blob(s, rng, place(s, f, rng), rng.uniform(0.2, 0.5), 0.3)
    shift = k.plastic(rng) * rng.uniform(0.8, 1.2)
    cover = s.on(d, rng.uniform(0.05, 0.3) / s.px) * rng.uniform(0.4, 0.75)
    f.c[:] = f.c + cover[..., None] * ((f.c.mean(2, keepdims=True) * 0.6 + 0.3) * shift * 1.3 - f.c)


def smudge(s, f, rng):
    d = blob(s, rng, place(s, f, rng), rng.uniform(0.15, 0.35), 0.2, 2.0)
    reach, a = int(s.n * rng.uniform(0.02, 0.06)) + 1, rng.uniform(0, 6.3)
    drag = sum(np.roll(f.c, (round(i * np.sin(a)), round(i * np.cos(a))), (0, 1)) for i in range(-reach, reach + 1))
    cover = (s.on(d, 0.06 / s.px) * rng.uniform(0.7, 1))[..., None]
    f.c[:] = f.c * (1 - cover) + cover * (drag / (2 * reach + 1) * rng.uniform(0.7, 0.9))
    f.h = f.h * (1 - 0.8 * cover[..., 0]) + 0.8 * cover[..., 0] * np.mean(f.h[d < 0]) if (d < 0).any() else f.h


def abrasion(s, f, rng):
    at, a = place(s, f, rng), rng.uniform(0, np.pi)
    u = (s.u - at[0]) * np.cos(a) + (s.v - at[1]) * np.sin(a)
    v = -(s.u - at[0]) * np.sin(a) + (s.v - at[1]) * np.cos(a)
    patch = s.on(blob(s, rng, at, rng.uniform(0.15, 0.35), 0.3), 0.08 / s.px)
    lines = smooth(np.sin(v * rng.uniform(60, 110) + 2 * np.sin(u * 3)) + 0.6 * s.noise(14, 1, rng), 0.1, 0.9)
    tone = f.c.mean((0, 1))
    paint(
        f.c,
        patch * lines * rng.uniform(0.5, 0.9),
        np.clip(tone * 1.5 + 0.15, 0, 1) if rng.random() < 0.6 else tone * 0.4,
    )
    f.h = f.h + 0.02 * patch * lines


def misplaced(s, f, rng):
    """A piece of the surface, rotated or moved."""
    d = blob(s, rng, place(s, f, rng, 0.1), rng.uniform(0.15, 0.33), 0.05, 1.3)
    move = (int(s.n * rng.uniform(0.06, 0.2)), int(s.n * rng.uniform(0.06, 0.2)))
    cover = s.on(d)
    f.c[:] = f.c * (1 - cover[..., None]) + np.roll(f.c, move, (0, 1))[::-1] * cover[..., None]
    f.h = f.h * (1 - cover) + np.roll(f.h, move, (0, 1))[::-1] * cover
    f.h = f.h - 0.03 * np.exp(-((d / 0.02) ** 2))


def bent(s, rng):
    at = rng.uniform(-0.7, 0.7, 2)
    reach = rng.uniform(0.25, 0.5)
    pull = np.exp(-((s.u - at[0]) ** 2 + (s.v - at[1]) ** 2) / (2 * reach * reach / 4))
    a, amount = rng.uniform(0, 6.3), rng.uniform(0.12, 0.25)
    s.u, s.v = s.u + pull * amount * np.cos(a), s.v + pull * amount * np.sin(a)


def twisted(s, rng):
    at = rng.uniform(-0.6, 0.6, 2)
    u, v = s.u - at[0], s.v - at[1]
    a = rng.choice([-1, 1]) * rng.uniform(0.7, 1.5) * np.exp(-(u * u + v * v) / (2 * rng.uniform(0.12, 0.22) ** 2))
    s.u, s.v = at[0] + u * np.cos(a) - v * np.sin(a), at[1] + u * np.sin(a) + v * np.cos(a)


TRAIN = dict(
    scratch=scratch,
    crack=crack,
    stain=stain,
    ink_blot=ink_blot,
    hole=hole,
    dent=dent,
    blister=blister,
    missing_part=missing_part,
    chipped_edge=chipped_edge,
    contamination=contamination,
    discolouration=discolouration,
    smudge=smudge,
    abrasion=abrasion,
    misplaced=misplaced,
)
BENDS = dict(bent=bent, twisted=twisted)
