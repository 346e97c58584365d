"""Recipes `alfa` and `winclip` in float64 NumPy, written only from the equations of the method."""

import numpy as np

TEMPERATURE = 0.07


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def abnormal(sim_normal, sim_abnormal, temperature=TEMPERATURE):
    """The abnormal part of the softmax over the two labels."""
    return 1 / (1 + np.exp((sim_normal - sim_abnormal) / temperature))


def contextual(f, prompts, k=1.0):
    """Eq. 2-4: the two text features for an image, and whether a label fell back to all its prompts."""
    sims = [p @ f for p in prompts]
    spans = [(s.min(), s.max()) for s in sims]
    out, ambiguous = [], False
    for own, (p, s) in enumerate(zip(prompts, sims)):
        low, high = spans[1 - own]
        delta = np.maximum(0, np.maximum(low - s, s - high))  # the distance to its own interval is 0
        keep = 2 / (1 + np.exp(-k * delta)) - 1 > 0
        if not keep.any():
            keep[:], ambiguous = True, True
        out.append(unit(p[keep].mean(0)))
    return out, ambiguous


def windows(grid, k):
    """Patch numbers of all k x k windows, row by row: [windows, k * k]."""
    corner = np.add.outer(np.arange(grid - k + 1) * grid, np.arange(grid - k + 1)).reshape(-1)
    return corner[:, None] + np.add.outer(np.arange(k) * grid, np.arange(k)).reshape(-1)


def aligned(text, a, b, lam):
    """Sec. 4.3: f_T + (B - A)^T (A A^T + lambda I)^-1 A f_T per window. a, b: [windows, n, E]."""
    system = a @ a.transpose(0, 2, 1) + lam * np.eye(a.shape[1])
    weight = np.linalg.solve(system, (a @ text)[..., None])
    return unit(text + ((b - a).transpose(0, 2, 1) @ weight)[..., 0])


def harmonic(score, idx, grid):
    """Window scores to patches: n / sum of 1 / score over the windows that contain the patch."""
    count, inverse = np.zeros(grid * grid), np.zeros(grid * grid)
    np.add.at(count, idx, 1)
    np.add.at(inverse, idx, np.broadcast_to(1 / score[:, None], idx.shape))
    return count / inverse


def alfa(features, prompts, grid, lam=1.0, context=True):
    """features: dict of `image` [E], `values` [1 + N, E], and per scale `windows` [W, E] and `window_values`
    [W, 1 + k*k, E]. lam None is aligner off. -> (image score, [grid, grid] map, ambiguous)"""
    f = features["image"]
    (normal, bad), ambiguous = contextual(f, prompts) if context else ([unit(p.mean(0)) for p in prompts], False)
    s_global = abnormal(normal @ f, bad @ f)
    maps = []
    for k, w in features["windows"].items():
        idx = windows(grid, k)
        if lam is None:
            score = abnormal(w @ normal, w @ bad)
        else:
            a = features["values"][np.concatenate([np.zeros((len(idx), 1), int), idx + 1], 1)]
            b = features["window_values"][k]
            score = abnormal((w * aligned(normal, a, b, lam)).sum(1), (w * aligned(bad, a, b, lam)).sum(1))
        maps.append(harmonic(score, idx, grid))
    full = len(maps) / sum(1 / m for m in maps)
    return (s_global + full.max()) / 2, full.reshape(grid, grid), ambiguous


def winclip(features, prompts, grid):
    f = features["image"]
    normal, bad = (unit(p.mean(0)) for p in prompts)
    s_global = abnormal(normal @ f, bad @ f)
    maps = [harmonic(abnormal(w @ normal, w @ bad), windows(grid, k), grid) for k, w in features["windows"].items()]
    full = (len(maps) + 1) / (sum(1 / m for m in maps) + 1 / s_global)
    return s_global, full.reshape(grid, grid), False


def enlarge(grid_map, size):
    """Bilinear, align_corners = false."""
    g = len(grid_map)
    at = np.clip((np.arange(size) + 0.5) * g / size - 0.5, 0, g - 1)
    low = np.minimum(at.astype(int), g - 2)
    t = at - low
    rows = grid_map[low] * (1 - t)[:, None] + grid_map[low + 1] * t[:, None]
    return rows[:, low] * (1 - t) + rows[:, low + 1] * t
