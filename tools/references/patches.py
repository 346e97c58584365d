"""Section 8 of the method and PatchCore: features of patches, banks, distances, the coreset. In float64."""

import numpy as np
import torch

from alfa import scale_map, unit

# Two candidates must differ by more than this, so that float32 selects the same one.
MARGIN = 1e-6
WORD = (1 << 64) - 1


def pooled(x, r):
    """x: [N, D]. Sums over r x r patches, zeros outside the grid, divided by r * r"""
    grid = round(len(x) ** 0.5)
    planes = torch.tensor(x).T.reshape(1, -1, grid, grid)
    return torch.nn.functional.avg_pool2d(planes, r, 1, r // 2)[0].reshape(x.shape[1], -1).T.numpy()


def standardised(x):
    """Over all values of the image, as in MuSc"""
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5)


def level(seen, layer, r, norm="none"):
    """hidden[l]: the patch rows after block l, l from 1. -> [N, D] of unit length"""
    x = seen["hidden"][layer]
    return unit(pooled(standardised(x) if norm == "image" else x, r))


def joined(seen, layers, r):
    return np.concatenate([level(seen, layer, r) for layer in layers], 1) / len(layers) ** 0.5


def cosine(query, bank):
    return np.maximum(0, (1 - (query @ bank.T).max(1)) / 2)


def half_euclidean(query, bank):
    """Half the Euclidean distance of rows of unit length. -> [queries, bank]"""
    return np.sqrt(np.maximum(0, (1 - query @ bank.T) / 2))


def few_shot(seen, references, layers, scales):
    """-> the map of each level, layers first, and M_bank"""
    grid = round(len(seen["hidden"][1]) ** 0.5)
    maps = [
        cosine(level(seen, layer, 1), np.concatenate([level(each, layer, 1) for each in references])).reshape(
            grid, grid
        )
        for layer in layers
    ]
    maps += [
        scale_map(cosine(seen["windows"][k], np.concatenate([each["windows"][k] for each in references])), grid, k)
        for k in scales
    ]
    return maps, np.mean(maps, axis=0)


def splitmix64(seed):
    z = (seed + 0x9E3779B97F4A7C15) & WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def coreset(rows, count, seed):
    """Greedy coreset: always takes the row farthest from the selected rows.

    Returns the indices in order of selection, and the smallest margin of a selection.
    """
    picked, closest = [splitmix64(seed) % len(rows)], np.inf
    nearest = ((rows - rows[picked[0]]) ** 2).sum(1)
    while len(picked) < count:
        best, second = np.sort(nearest)[:-3:-1]
        closest = min(closest, best - second)
        picked.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((rows - rows[picked[-1]]) ** 2).sum(1))
    assert closest > MARGIN, closest
    return picked, closest


def clear(values, count):
    """The indices of the lowest values, lowest first; checks that no margin is too small"""
    order = np.argsort(values)
    if count < len(values):
        assert values[order[count]] - values[order[count - 1]] > MARGIN
    return order[:count]


def patchcore(query, bank, neighbours=9):
    """PatchCore's reweighted score of the most distant patch; bank rows near the nearest row lower it"""
    d = half_euclidean(query, bank)
    farthest = int(clear(-d.min(1), 1)[0])
    nearest = int(clear(d[farthest], 1)[0])
    count = min(neighbours, len(bank))
    around = clear(half_euclidean(bank[nearest][None], bank)[0], count)
    assert nearest in around
    weights = np.exp(2 * d[farthest])
    w = 1 if count == 1 else 1 - weights[nearest] / weights[around].sum()
    star = d.min(1).max()
    return {
        "map": d.min(1),
        "patch": farthest,
        "nearest": nearest,
        "neighbours": np.sort(around),
        "max": star,
        "weight": w,
        "score": w * star,
    }
