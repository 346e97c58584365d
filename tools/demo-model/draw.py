"""One image: `draw(name, defect, seed, size)` -> (rgb uint8 [size, size, 3], mask float [size, size] in [0, 1])."""

import argparse
import os
import zlib
import numpy as np
from PIL import Image, ImageFilter
import colours as k
from canvas import Sheet, light, lookup, paint, smooth
from catalogue import BENDS, CLASSES, DEFECTS, TEXTURES

VISIBLE = 0.055  # the smallest change of a channel that counts as part of the defect


def background(s, rng):
    tone = [k.hsv(rng.uniform(), 0.04, rng.uniform(0.6, 0.95)), k.pastel(rng), k.dark(rng) + 0.1, k.brown(rng, 0.7)]
    c = s.flat(tone[rng.choice(4, p=[0.5, 0.25, 0.15, 0.1])])
    kind = rng.integers(4)
    if kind == 1:
        c *= (1 + 0.05 * s.noise(40, 2, rng))[..., None]
    elif kind == 2:
        grid = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
        c *= (1 + 0.08 * lookup(grid, s.x * 2 + 9, s.y * 40 + 9))[..., None]
    a = rng.uniform(0, 6.3)
    return c * (1 + rng.uniform(0, 0.12) * (s.x * np.cos(a) + s.y * np.sin(a)))[..., None]


def pose(name, rng):
    if name in TEXTURES:
        return dict(
            scale=rng.uniform(0.85, 1.3),
            angle=rng.normal(0, 0.15) + np.pi / 2 * rng.integers(4),
            shift=tuple(rng.uniform(-0.5, 0.5, 2)),
        )
    return dict(
        scale=rng.uniform(0.66, 0.92), angle=rng.uniform(0, 2 * np.pi), shift=tuple(rng.uniform(-0.08, 0.08, 2))
    )


def blurred(mask, radius):
    return (
        np.asarray(Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius)), np.float32)
        / 255
    )


def compose(s, f, back, sun):
    """The lit object on its background.

    The shadow is separate, because the mask of a defect must not contain its shadow.
    """
    cover = s.on(f.d)
    picture = np.clip(light(s, f, sun), 0, 1.2) * cover[..., None] + back * (1 - cover[..., None])
    shade = np.roll(blurred(cover, s.n * 0.018), (round(-sun[1] * s.n * 0.03), round(-sun[0] * s.n * 0.03)), (0, 1))
    return picture, 1 - 0.45 * shade * (1 - cover)


def finish(picture, rng, n):
    """Adds the noise and blur of a camera."""
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    a, fall = rng.uniform(0, 6.3), rng.uniform(0, 0.14)
    picture = picture * (1 + fall * (axis[None] * np.cos(a) + axis[:, None] * np.sin(a)))[..., None]
    picture = picture * rng.uniform(0.85, 1.08) * (1 + rng.normal(0, 0.02, 3))
    return np.clip(picture, 0, 1) ** rng.uniform(0.88, 1.15)


def close(mask, n):
    """Closes small gaps: unchanged specks inside a defect belong to the defect."""
    k_ = max(3, n // 64 | 1)
    image = Image.fromarray((mask * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.MaxFilter(k_)).filter(ImageFilter.MinFilter(k_))) > 127


def draw(name, defect, seed, size, scene=None):
    """`scene`: a separate seed for light and background, so that images look as if taken in one place."""
    key = [zlib.crc32(name.encode()), seed]
    setup = np.random.default_rng(key + [0])
    n, place = 2 * size, pose(name, setup)
    stage = key if scene is None else [scene]
    setup = setup if scene is None else np.random.default_rng(stage)
    a, tilt = setup.uniform(0, 2 * np.pi), setup.uniform(0.45, 0.8)
    sun = (tilt * np.cos(a), tilt * np.sin(a), np.sqrt(1 - tilt * tilt))

    def surface(bend=None):
        s = Sheet(n, np.random.default_rng(key + [1]), **place)
        if bend:
            bend(s)
            s.r, s.t = np.hypot(s.u, s.v), np.arctan2(s.v, s.u)
        return s, CLASSES[name](s)

    s, f = surface()
    back = background(s, np.random.default_rng(stage + [2]))
    clean, shadow = compose(s, f, back, sun)
    picture, mask = clean, np.zeros((n, n), np.float32)
    if defect:
        for attempt in range(6):
            rng = np.random.default_rng(key + [3, zlib.crc32(defect.encode()), attempt])
            s, f = surface(lambda t: BENDS[defect](t, rng) if defect in BENDS else None)
            if defect not in BENDS:
                DEFECTS[defect](s, f, rng)
            picture, shadow = compose(s, f, back, sun)
            change = np.abs(np.clip(picture, 0, 1) - np.clip(clean, 0, 1)).max(2)
            mask = close(change > VISIBLE, n).astype(np.float32)
            # A defect that missed the object, or that is not visible, is drawn again elsewhere.
            if mask.mean() > 0.004 and change[mask > 0].mean() > 0.11:
                break
    rng = np.random.default_rng(key + [4])
    picture = finish(picture * shadow[..., None], rng, n)
    picture = picture.reshape(size, 2, size, 2, 3).mean((1, 3))
    mask = mask.reshape(size, 2, size, 2).mean((1, 3))
    picture = picture + rng.normal(0, rng.uniform(0.003, 0.015), picture.shape)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), mask


def main():
    p = argparse.ArgumentParser(description="Draw pictures of one class into a folder, or a sheet of all classes.")
    p.add_argument("out")
    p.add_argument("--names", default=",".join(CLASSES))
    p.add_argument("--defects", default="none")
    p.add_argument("--size", type=int, default=96)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--columns", type=int, default=10)
    o = p.parse_args()
    cells = [(n, d) for n in o.names.split(",") for d in o.defects.split(",")]
    rows = -(-len(cells) // o.columns)
    sheet = Image.new("RGB", (o.columns * o.size, rows * o.size))
    for i, (n, d) in enumerate(cells):
        image, _ = draw(n, None if d == "none" else d, o.seed, o.size)
        sheet.paste(Image.fromarray(image), (i % o.columns * o.size, i // o.columns * o.size))
    os.makedirs(os.path.dirname(o.out) or ".", exist_ok=True)
    sheet.save(o.out)


if __name__ == "__main__":
    main()
