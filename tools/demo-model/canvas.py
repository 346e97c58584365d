"""The canvas: a coordinate grid, smooth noise, signed distances, and light on a relief.

Everything is measured in the object's own unit (about its radius), never in pixels, so that one seed gives
the same thing at every size.
"""

from dataclasses import dataclass
import numpy as np
from PIL import Image


@dataclass
class Surface:
    """A drawing before it is lit."""

    d: np.ndarray  # [n, n] signed distance to the silhouette, negative inside
    h: np.ndarray  # [n, n] relief
    c: np.ndarray  # [n, n, 3] colour in [0, 1]
    gloss: float = 0.2


class Sheet:
    """One image's grid. u, v: coordinates in the object's frame; x, y: in the image's, both [-1, 1]."""

    def __init__(self, n, rng, scale=1.0, angle=0.0, shift=(0.0, 0.0)):
        axis = (np.arange(n, dtype=np.float32) + 0.5) * (2 / n) - 1
        self.n, self.rng, self.scale = n, rng, scale
        self.x, self.y = np.meshgrid(axis, axis)
        dx, dy = self.x - shift[0], self.y - shift[1]
        co, si = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        self.u, self.v = (co * dx + si * dy) / scale, (-si * dx + co * dy) / scale
        self.px = 2 / n / scale
        self.r = np.hypot(self.u, self.v)
        self.t = np.arctan2(self.v, self.u)

    def noise(self, cells, octaves=1, rng=None):
        """Smooth noise in about [-1, 1] with `cells` features across the image."""
        rng, total, weight = rng or self.rng, 0, 1.0
        for _ in range(octaves):
            total = total + weight * stretch(rng.uniform(-1, 1, (int(cells) + 3, int(cells) + 3)), self.n)
            cells, weight = cells * 2, weight / 2
        return total

    def streaks(self, along, across, rng=None):
        """Noise stretched along the object's u axis: grain, brushing."""
        rng = rng or self.rng
        grid = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
        return lookup(grid, self.u * along + 7.3, self.v * across + 3.1)

    def on(self, d, soft=1.0):
        """Coverage in [0, 1] of the inside of a distance field."""
        return np.clip(0.5 - d / (self.px * soft), 0, 1)

    def flat(self, colour):
        return np.broadcast_to(np.asarray(colour, np.float32), (self.n, self.n, 3)).copy()


def stretch(grid, n):
    return np.asarray(Image.fromarray(np.asarray(grid, np.float32), "F").resize((n, n), Image.BICUBIC))


def lookup(grid, u, v):
    """Interpolates a periodic grid smoothly at real coordinates."""
    k = grid.shape[0]
    iu, iv = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    fu, fv = u - iu, v - iv
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    a, b = iu % k, iv % k
    c, e = (iu + 1) % k, (iv + 1) % k
    return (grid[b, a] * (1 - fu) + grid[b, c] * fu) * (1 - fv) + (grid[e, a] * (1 - fu) + grid[e, c] * fu) * fv


def circle(u, v, r):
    return np.hypot(u, v) - r


def box(u, v, w, h, r=0.0):
    qx, qy = np.abs(u) - (w - r), np.abs(v) - (h - r)
    return np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - r


def rod(u, v, half, r):
    """A line from -half to half along u, thickened to radius r."""
    return np.hypot(np.maximum(np.abs(u) - half, 0), v) - r


def ngon(u, v, k, r, turn=0.0):
    """Regular polygon with inner radius r."""
    t = np.arctan2(v, u) + turn
    step = 2 * np.pi / k
    t = (t + step / 2) % step - step / 2
    return np.hypot(u, v) * np.cos(t) - r


def segment(u, v, a, b):
    """Distance to the line from a to b, and the position along it in [0, 1]."""
    ex, ey = b[0] - a[0], b[1] - a[1]
    t = np.clip(((u - a[0]) * ex + (v - a[1]) * ey) / (ex * ex + ey * ey + 1e-9), 0, 1)
    return np.hypot(u - a[0] - t * ex, v - a[1] - t * ey), t


def smooth(x, lo, hi):
    t = np.clip((x - lo) / (hi - lo), 0, 1)
    return t * t * (3 - 2 * t)


def dome(d, w):
    """Rounded edge: rises from the silhouette over the width w, then stays flat at w."""
    t = 1 - np.clip(-d / w, 0, 1)
    return w * np.sqrt(np.maximum(1 - t * t, 0))


def paint(c, cover, colour):
    """Paints a colour over c, in place."""
    c += (np.asarray(colour, np.float32) - c) * cover[..., None]
    return c


def light(sheet, s, sun, ambient=0.45):
    """Lit image of a surface, [n, n, 3]. sun: unit vector towards the light."""
    gy, gx = np.gradient(s.h.astype(np.float32), np.float32(sheet.px))
    inv = 1 / np.sqrt(gx * gx + gy * gy + 1)
    diffuse = np.clip((-gx * sun[0] - gy * sun[1] + sun[2]) * inv, 0, 1)
    half = np.array([sun[0], sun[1], sun[2] + 1]) / np.linalg.norm([sun[0], sun[1], sun[2] + 1])
    shine = np.clip((-gx * half[0] - gy * half[1] + half[2]) * inv, 0, 1) ** 24
    # A flat surface keeps about its own colour at any height of the sun.
    lit = s.c * (ambient + (1 - ambient) * diffuse / max(sun[2], 0.3))[..., None]
    return lit + (s.gloss * (shine - 0.35))[..., None].clip(0)
