"""The shapes of defects: a position on the object, an uneven blob, a bent stroke, a ragged line."""

import numpy as np
from canvas import segment


def place(s, f, rng, margin=0.05):
    """A point (u, v) on the object, at least `margin` inside its outline if such a point is found."""
    best, depth = (0.0, 0.0), np.inf
    for _ in range(40):
        x, y = rng.uniform(-0.85, 0.85, 2)
        i, j = int((y + 1) / 2 * s.n), int((x + 1) / 2 * s.n)
        if f.d[i, j] < depth:
            best, depth = (float(s.u[i, j]), float(s.v[i, j])), f.d[i, j]
        if depth < -margin:
            break
    return best


def rim(s, f, rng):
    """A point near the outline; anywhere for a texture."""
    best, gap = (0.0, 0.0), np.inf
    for _ in range(60):
        x, y = rng.uniform(-0.9, 0.9, 2)
        i, j = int((y + 1) / 2 * s.n), int((x + 1) / 2 * s.n)
        if abs(f.d[i, j]) < gap:
            best, gap = (float(s.u[i, j]), float(s.v[i, j])), abs(f.d[i, j])
    return best


def blob(s, rng, at, size, rough=0.3, stretch=1.6):
    """Signed distance to an uneven spot."""
    a = rng.uniform(0, np.pi)
    k = rng.uniform(1, stretch)
    u, v = s.u - at[0], s.v - at[1]
    p, q = (np.cos(a) * u + np.sin(a) * v) / k, (-np.sin(a) * u + np.cos(a) * v)
    t = np.arctan2(q, p)
    wave = sum(rng.uniform(-1, 1) * np.cos(i * t + rng.uniform(0, 6.3)) / i for i in range(2, 8))
    return np.hypot(p, q) - size * (1 + rough * wave)


def polyline(s, points):
    """Distance to a chain of points, and the position along it in [0, 1]."""
    d, along = np.full(s.u.shape, 9.0, np.float32), np.zeros(s.u.shape, np.float32)
    for i in range(len(points) - 1):
        e, t = segment(s.u, s.v, points[i], points[i + 1])
        closer = e < d
        d, along = np.where(closer, e, d), np.where(closer, (i + t) / (len(points) - 1), along)
    return d, along


def arc(rng, at, length, bend, steps=7):
    """Points of a smoothly bent line around `at`."""
    a = rng.uniform(0, 2 * np.pi)
    turn = rng.uniform(-bend, bend) / steps
    points = [np.zeros(2)]
    for _ in range(steps):
        points.append(points[-1] + length / steps * np.array([np.cos(a), np.sin(a)]))
        a += turn
    return np.array(points) - np.mean(points, axis=0) + at


def walk(rng, at, length, jag, steps=9):
    """Points of a jagged line around `at`."""
    a = rng.uniform(0, 2 * np.pi)
    points = [np.zeros(2)]
    for _ in range(steps):
        b = a + rng.normal(0, jag)
        points.append(points[-1] + length / steps * rng.uniform(0.5, 1.5) * np.array([np.cos(b), np.sin(b)]))
    return np.array(points) - np.mean(points, axis=0) + at
