"""Draws the training set and the two evaluation sets into .npz files, so that training does not wait for drawing."""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
import numpy as np
import catalogue as cat
from draw import draw

SHARD = 1000
# The seeds of the sets are far apart, so no image can be in two sets.
SPLITS = {
    "validation": (10_000_000, cat.VALIDATION_CLASSES, cat.VALIDATION_DEFECTS),
    "held-out": (20_000_000, cat.HELD_OUT_CLASSES, cat.HELD_OUT_DEFECTS),
}


def pack(rows, size):
    """rows: (class, defect or None, seed) -> arrays."""
    drawn = [draw(n, d, seed, size) for n, d, seed in rows]
    return dict(
        image=np.stack([i for i, _ in drawn]),
        mask=np.stack([(m * 255).round().astype(np.uint8) for _, m in drawn]),
        name=np.array([n for n, _, _ in rows]),
        defect=np.array([d or "" for _, d, _ in rows]),
    )


def training_rows(shard, seed):
    rng = np.random.default_rng([seed, shard])
    rows = []
    for i in range(SHARD):
        name = cat.TRAIN_CLASSES[rng.integers(len(cat.TRAIN_CLASSES))]
        kinds = cat.defects_for(name, cat.TRAIN_DEFECTS)
        rows.append((name, kinds[rng.integers(len(kinds))] if rng.random() < 0.55 else None, seed + shard * SHARD + i))
    return rows


def evaluation_rows(split, each=40):
    """For each class, `each` normal and `each` defective images; half of the defects are of unseen kinds."""
    base, classes, unseen = SPLITS[split]
    rows = []
    for c, name in enumerate(classes):
        known = cat.defects_for(name, cat.TRAIN_DEFECTS)
        for i in range(each):
            kinds = unseen if i % 2 == 0 else known
            seed = base + c * 1000 + i
            rows += [(name, None, seed), (name, kinds[i // 2 % len(kinds)], seed + 500)]
    return rows


def normal_rows(split, each=10):
    """Normal images of the same classes, for few-shot."""
    base, classes, _ = SPLITS[split]
    return [(name, None, base + c * 1000 + 900 + i) for c, name in enumerate(classes) for i in range(each)]


def job(task):
    path, rows, size = task
    if not os.path.exists(path):
        np.savez(path + ".part.npz", **pack(rows, size))
        os.replace(path + ".part.npz", path)
    return path


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out")
    p.add_argument("--pictures", type=int, default=36000)
    p.add_argument("--size", type=int, default=96)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--processes", type=int, default=os.cpu_count())
    o = p.parse_args()
    os.makedirs(o.out, exist_ok=True)
    tasks = [(f"{o.out}/{s}.npz", evaluation_rows(s), o.size) for s in SPLITS]
    tasks += [(f"{o.out}/{s}-normal.npz", normal_rows(s), o.size) for s in SPLITS]
    tasks += [(f"{o.out}/train-{i:03}.npz", training_rows(i, o.seed), o.size) for i in range(o.pictures // SHARD)]
    with ProcessPoolExecutor(o.processes) as pool:
        for path in pool.map(job, tasks):
            print(path, flush=True)


if __name__ == "__main__":
    main()
