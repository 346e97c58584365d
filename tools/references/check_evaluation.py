"""Checks a report of `alfa evaluate`: computes its metrics again from images.jsonl and the masks, with scikit-learn,
scikit-image and PyTorch's interpolation. python check_evaluation.py REPORT ROOT (MVTec AD's layout), one seed."""

import base64
import glob
import json
import os
import sys

import numpy as np
import torch
from PIL import Image
from skimage.measure import label
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score


def mask_of(root, image, size):
    parts = image.split("/")
    kind, stem = parts[-2], os.path.splitext(parts[-1])[0]
    if kind == "good":
        return np.zeros((size, size), bool)
    folder = os.path.join(root, *parts[:-3], "ground_truth", kind)
    file = next(f for end in ("_mask", "") for f in glob.glob(f"{glob.escape(folder)}/{glob.escape(stem + end)}.*"))
    mask = np.asarray(Image.open(file))
    mask = (mask[..., :3].any(-1) if mask.ndim == 3 else mask) > 0
    rows, columns = (np.floor((np.arange(size) + 0.5) * n / size).astype(int) for n in mask.shape)
    return mask[rows][:, columns]


def map_of(stored, size, corners):
    grid = np.frombuffer(base64.b64decode(stored["data"]), "<f4").reshape(1, 1, stored["height"], stored["width"])
    return torch.nn.functional.interpolate(
        torch.from_numpy(grid.astype(np.float64)), (size, size), mode="bilinear", align_corners=corners
    )[0, 0].numpy()


def pro(maps, masks, limit=0.3):
    """PRO by MVTec's definition over every threshold, in float64."""
    scores = maps.ravel()
    weight, good, regions = np.zeros(masks.shape), ~masks, 0
    for i, mask in enumerate(masks):
        parts, n = label(mask, connectivity=2, return_num=True)
        for k in range(1, n + 1):
            weight[i][parts == k] = 1 / (parts == k).sum()
        regions += n
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    x = np.concatenate([[0], np.cumsum(good.ravel()[order])[last] / good.sum()])
    y = np.concatenate([[0], np.cumsum(weight.ravel()[order])[last] / regions])
    end = np.searchsorted(x, limit, "right")
    if end < len(x):
        y = np.append(y[:end], y[end - 1] + (y[end] - y[end - 1]) * (limit - x[end - 1]) / (x[end] - x[end - 1]))
        x = np.append(x[:end], limit)
    return np.trapezoid(y, x) / limit


def f1(labels, scores):
    precision, recall, _ = precision_recall_curve(labels, scores)
    return np.nanmax(2 * precision * recall / np.maximum(precision + recall, 1e-300))


def main():
    report, root = sys.argv[1:]
    results = json.load(open(f"{report}/results.json", encoding="utf-8"))
    size = results["resolution"]
    seen = {}
    for line in open(f"{report}/images.jsonl", encoding="utf-8"):
        entry = json.loads(line)
        if "looks" in entry:
            seen.setdefault((entry["dataset"], entry["category"], entry["image"]), {}).update(entry["looks"])
    field = {
        "score": lambda r: r["score"],
        "global": lambda r: r["global"],
        "local": lambda r: r["local"],
        "one-class": lambda r: (1 - r["normal"]) / 2,
    }
    far = count = 0
    for dataset in results["datasets"]:
        for category in dataset["categories"]:
            images = [
                (image, looks) for (d, c, image), looks in seen.items() if (d, c) == (dataset["name"], category["name"])
            ]
            masks = np.stack([mask_of(root, image, size) for image, _ in images])
            labels = np.array(["/good/" not in image for image, _ in images])
            for variant in results["variants"]:
                # Variants that differ only in the image score share one detection, under the name of the first.
                names = [n for n in images[0][1] if n in (variant["id"], f"{variant['id']} #0")]
                figures = category["variants"][variant["id"]]["figures"]
                if not names or variant["seeds"] > 1 or category["variants"][variant["id"]]["images"] != len(images):
                    continue
                rows = [looks[names[0]] for _, looks in images]
                scores = np.array([field[variant["readout"]](r) for r in rows])
                found = {
                    "imageAuroc": roc_auc_score(labels, scores),
                    "imageAp": average_precision_score(labels, scores),
                    "imageF1": f1(labels, scores),
                }
                if figures["pro"]["mean"] is not None:
                    maps = np.stack([map_of(r["map"], size, variant["settings"]["alignCorners"]) for r in rows])
                    found |= {
                        "pixelAuroc": roc_auc_score(masks.ravel(), maps.ravel()),
                        "pixelAp": average_precision_score(masks.ravel(), maps.ravel()),
                        "pixelF1": f1(masks.ravel(), maps.ravel()),
                        "pro": pro(maps, masks, results["maxFpr"]),
                    }
                for name, value in found.items():
                    off = abs(value - figures[name]["mean"])
                    far, count = max(far, off), count + 1
                    if off > 1e-6:
                        print(f"{category['name']} {variant['id']} {name}: {figures[name]['mean']} here {value}")
    print(f"{count} figures again: farthest {far:.1e}")
    assert count and far < 1e-5


if __name__ == "__main__":
    main()
