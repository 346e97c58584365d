"""Writes test/fixtures/metrics.json: scikit-learn's image and pixel metrics, and PRO by its definition in float64 over
the regions of scikit-image, with every distinct score as a threshold."""

import json
from pathlib import Path

import numpy as np
import skimage
import sklearn
from skimage.measure import label
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score

from arrays import pack, write

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"
IMAGES, HEIGHT, WIDTH = 4, 18, 22
LIMITS = (0.05, 0.3, 1.0)


def ranking(labels, scores):
    """labels: bool; scores: float64"""
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)[:-1]
    best = len(f1) - 1 - int(np.argmax(np.round(f1[::-1], 12)))  # the highest of several equally good thresholds
    return {
        "auroc": roc_auc_score(labels, scores),
        "averagePrecision": average_precision_score(labels, scores),
        "aupr": auc(recall, precision),
        "f1": f1[best],
        "threshold": thresholds[best],
    }


def regions(masks):
    """-> one index array per ground-truth region, into all pixels"""
    found = []
    for i, mask in enumerate(masks):
        numbered = label(mask != 0, connectivity=2).ravel()
        found += [i * mask.size + np.flatnonzero(numbered == k) for k in range(1, numbered.max() + 1)]
    return found


def rates(maps, masks, anomalous):
    """anomalous: bool, like maps -> FPR over all normal pixels, mean share of each region"""
    flat = anomalous.ravel()
    return flat[masks.ravel() == 0].mean(), np.mean([flat[members].mean() for members in regions(masks)])


def pro(maps, masks, limit):
    points = [(0.0, 0.0)] + [rates(maps, masks, maps >= t) for t in np.unique(maps)[::-1]]
    x, y = np.array(points).T
    inside = x <= limit
    last = y[inside][-1] if inside.all() else np.interp(limit, x, y)
    x, y = np.append(x[inside], limit), np.append(y[inside], last)
    return np.trapezoid(y, x) / limit


def stepped_pro(maps, masks, limit, steps=200):
    low, high = maps.min(), maps.max()
    points = [rates(maps, masks, maps > low + i * ((high - low) / steps)) for i in range(steps)]
    x, y = np.array([point for point in points if point[0] < limit]).T
    return auc((x - x.min()) / (x.max() - x.min()), y)


def all_masks():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    blobs = np.zeros((IMAGES, HEIGHT, WIDTH), np.uint8)  # the last image is normal
    for i, (cx, cy, r) in enumerate([(5, 5, 3), (15, 9, 4), (2, 14, 2), (20, 3, 2), (11, 13, 4), (12, 12, 1)]):
        blobs[i % 3][(x - cx) ** 2 + (y - cy) ** 2 <= r * r] = i + 1
    one = np.zeros_like(blobs)
    one[1, 6:9, 4:12] = 255
    holes = np.zeros_like(blobs)
    holes[0] = np.maximum(abs(x - 10), abs(y - 8)) % 3 == 1  # rings in rings
    holes[1] = (x + y) % 2 * (x < 9)  # corners touch: one region
    holes[2, 3:12, 3:12] = 1
    holes[2, 5:10, 5:10] = 0
    holes[2, 7, 7] = 1
    return {"blobs": blobs, "one": one, "holes": holes}


def all_maps(random, blobs):
    noise = random.normal(0.5, 0.1, blobs.shape) + 0.1 * (blobs != 0)
    return {
        "random": noise,
        "tied": np.round(noise, 1),
        "constant": np.full_like(noise, 0.25),
        "zero": np.zeros_like(noise),
        "signed": np.round(noise * 40 - 20) / 4,
    }


def main():
    random = np.random.default_rng(12)
    masks = all_masks()
    maps = {name: value.astype(np.float32) for name, value in all_maps(random, masks["blobs"]).items()}
    pixel = []
    for map_name, values in maps.items():
        wide = values.astype(np.float64)
        for mask_name, mask in masks.items():
            case = {
                "maps": map_name,
                "masks": mask_name,
                **ranking(mask.ravel() != 0, wide.ravel()),
                "pro": {str(limit): pro(wide, mask, limit) for limit in LIMITS},
            }
            if wide.min() < wide.max():
                case["pro200"] = stepped_pro(wide, mask, 0.3)
            pixel.append(case)
    image = []
    for step in (0, 0.25):
        labels = (random.uniform(size=70) < 0.6).astype(np.uint8)
        scores = random.normal(size=70) + labels
        scores = np.round(scores / step) * step if step else scores
        image.append(
            {"labels": pack(labels, "uint8"), "scores": pack(scores, "float64"), **ranking(labels != 0, scores)}
        )
    write(
        FIXTURES / "metrics.json",
        {
            "made_by": "tools/references/metrics.py",
            "versions": {
                "numpy": np.__version__,
                "scikit-learn": sklearn.__version__,
                "scikit-image": skimage.__version__,
            },
            "width": WIDTH,
            "height": HEIGHT,
            "maps": {name: pack(value, "float32") for name, value in maps.items()},
            "masks": {name: pack(value, "uint8") for name, value in masks.items()},
            "pixel": pixel,
            "image": image,
        },
    )
    print(json.dumps(pixel[0], indent=1))


if __name__ == "__main__":
    main()
