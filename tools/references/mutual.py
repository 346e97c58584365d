"""MuSc: the images of an unlabelled batch score each other."""

import numpy as np

from patches import MARGIN, half_euclidean, level


def mutual_map(features, share):
    """A patch's score is the mean of the lowest distances to its nearest patch in every other image.

    features: [N, D] per image.
    """
    out = []
    for i, own in enumerate(features):
        others = np.stack([half_euclidean(own, each).min(1) for j, each in enumerate(features) if j != i])
        count = max(1, int(share * len(others)))
        out.append(np.sort(others, axis=0)[:count].mean(0))
    return np.stack(out)


def rescored(scores, embeddings, windows):
    """Every score becomes a mean over the most similar images, weighted by their similarity"""
    similarity, out = embeddings @ embeddings.T, []
    for window in windows:
        kept = np.zeros_like(similarity)
        for row, into in zip(similarity, kept):
            order = np.argsort(-row)
            assert window >= len(row) or row[order[window - 1]] - row[order[window]] > MARGIN
            into[order[:window]] = row[order[:window]]
        out.append(kept / kept.sum(1, keepdims=True) @ scores)
    return np.mean(out, axis=0)


def musc(seen, options):
    """-> maps [images, G, G], their maxima, the re-scored ones"""
    per_level = [
        mutual_map([level(each, layer, r, "image") for each in seen], options["share"])
        for layer in options["layers"]
        for r in options["r"]
    ]
    grid = round(per_level[0].shape[1] ** 0.5)
    maps = np.mean(per_level, axis=0).reshape(len(seen), grid, grid)
    high = maps.max((1, 2))
    return maps, high, rescored(high, np.stack([each["image"] for each in seen]), options["windows"])
