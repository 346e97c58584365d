"""Pixel AUROC and PRO as usual in Python: scikit-learn, scikit-image, 200 thresholds.

bench/metrics.mjs starts it as `python metrics.py FOLDER IMAGES WIDTH HEIGHT`. FOLDER contains maps.f32 and masks.u8.
Prints one JSON object.
"""

import json
import platform
import sys
import time
from pathlib import Path

import numpy as np
import skimage
import sklearn
from skimage.measure import label, regionprops
from sklearn.metrics import auc, roc_auc_score


def pro(maps, masks, label_once, steps=200, limit=0.3):
    """label_once: regions are found before the loop; published code finds them again at every threshold."""

    def regions_of(mask):
        return [tuple(region.coords.T) for region in regionprops(label(mask))]

    known = [regions_of(mask) for mask in masks] if label_once else None
    normal = masks == 0
    low, high = maps.min().astype(np.float64), maps.max().astype(np.float64)
    rates, overlaps = [], []
    for step in range(steps):
        found = maps > low + step * ((high - low) / steps)
        shares = []
        for i, mask in enumerate(masks):
            for region in known[i] if label_once else regions_of(mask):
                shares.append(found[i][region].mean())
        rates.append(np.logical_and(found, normal).sum() / normal.sum())
        overlaps.append(np.mean(shares))
    rates, overlaps = np.array(rates), np.array(overlaps)
    kept = rates < limit
    x = rates[kept]
    return auc((x - x.min()) / (x.max() - x.min()), overlaps[kept])


def timed(work):
    start = time.perf_counter()
    value = work()
    return {"value": float(value), "seconds": time.perf_counter() - start}


def main():
    folder, shape = Path(sys.argv[1]), tuple(int(each) for each in sys.argv[2:5])
    images, width, height = shape
    maps = np.fromfile(folder / "maps.f32", "<f4").reshape(images, height, width)
    masks = np.fromfile(folder / "masks.u8", np.uint8).reshape(images, height, width)
    print(
        json.dumps(
            {
                "versions": f"Python {platform.python_version()}, NumPy {np.__version__}, "
                f"scikit-learn {sklearn.__version__}, scikit-image {skimage.__version__}",
                "auroc": timed(lambda: roc_auc_score(masks.ravel(), maps.ravel())),
                "pro": timed(lambda: pro(maps, masks, label_once=False)),
                "proLabelledOnce": timed(lambda: pro(maps, masks, label_once=True)),
            }
        )
    )


if __name__ == "__main__":
    main()
