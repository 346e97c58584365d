"""Draws the demo images: held-out classes in MVTec's layout, each class with one light and about one colour."""

import argparse
import os
import zlib
import numpy as np
from PIL import Image
from canvas import Sheet
from catalogue import CLASSES
from draw import draw

FIRST_SEED, POOL, SIZE, QUALITY = 30_000_000, 240, 288, 92
NORMAL_TRAIN, NORMAL_TEST = 6, 2
# Class, scene, the seed whose colour the other images follow, defects.
PLAN = (
    ("hex_nut", 4, 4, ("corrosion", "crack", "chipped_edge")),
    ("cookie", 10, 4, ("burn", "missing_part", "thread")),
    ("capsule", 4, 4, ("crack", "cut", "dent")),
    ("wood", 9, 9, ("burn", "stain", "cut")),
)


def colour(name, seed):
    """The mean colours of both ends; objects of one batch have similar ones."""
    s = Sheet(48, np.random.default_rng([zlib.crc32(name.encode()), seed, 1]))
    f = CLASSES[name](s)
    return np.concatenate([f.c[(f.d < 0) & side].mean(0) for side in (s.u < -0.1, s.u > 0.1)])


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out", nargs="?", default="../../demo/pictures")
    o = p.parse_args()
    for name, scene, reference, defects in PLAN:
        seeds = np.arange(FIRST_SEED, FIRST_SEED + POOL)
        far = [np.abs(colour(name, s) - colour(name, FIRST_SEED + reference)).sum() for s in seeds]
        batch = iter(seeds[np.argsort(far, kind="stable")])

        def write(folder, file, defect=None):
            image, mask = draw(name, defect, int(next(batch)), SIZE, scene)
            os.makedirs(f"{o.out}/{name}/{folder}", exist_ok=True)
            Image.fromarray(image).save(f"{o.out}/{name}/{folder}/{file}.jpg", quality=QUALITY, optimize=True)
            if defect:
                truth = f"{o.out}/{name}/ground_truth/{defect}"
                os.makedirs(truth, exist_ok=True)
                Image.fromarray(mask > 0.5).save(f"{truth}/{file}_mask.png", optimize=True)

        for i in range(NORMAL_TEST):
            write("test/good", f"{i:02}")
        for defect in defects:
            write(f"test/{defect}", "00", defect)
        for i in range(NORMAL_TRAIN):
            write("train/good", f"{i:02}")


if __name__ == "__main__":
    main()
