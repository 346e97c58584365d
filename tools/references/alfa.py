"""Sections 4 to 7 of the method in NumPy and float64, directly from the formulas, not optimised for speed."""

import numpy as np

SIDES = ("normal", "abnormal")


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def context(image, prompts, slope=1):
    """Eq. 2-4. prompts: {side: [count, E]} -> s, delta, the contextual score and the kept indices of each side"""
    s = {side: prompts[side] @ image for side in SIDES}

    def distance(value, side):
        return max(0.0, s[side].min() - value, value - s[side].max())

    delta = {side: np.array([abs(distance(v, "normal") - distance(v, "abnormal")) for v in s[side]]) for side in SIDES}
    score = {side: 2 / (1 + np.exp(-slope * delta[side])) - 1 for side in SIDES}
    kept = {side: np.flatnonzero(score[side] > 0) for side in SIDES}
    return s, delta, score, kept


def two_prompts(found, prompts, use_context, weighting, whose="side"):
    """-> f_T [2, E] (normal, abnormal), the indices that are averaged, the labels that fell back: those that kept no
    prompt, or with whose = "both" both labels if one of them kept none"""
    _, _, score, kept = found
    fallback = [side for side in SIDES if use_context and len(kept[side]) == 0]
    if fallback and whose == "both":
        fallback = list(SIDES)
    rows, used = [], {}
    for side in SIDES:
        index, weights = np.arange(len(prompts[side])), np.ones(len(prompts[side]))
        if use_context and side not in fallback:
            index = kept[side]
            weights = score[side][index] if weighting == "score" else weights[index]
        used[side] = index
        rows.append(unit((weights[:, None] * prompts[side][index]).sum(0) / weights.sum()))
    return np.stack(rows), used, fallback


def abnormal_part(image, pair, temperature):
    logits = pair @ image / temperature
    weights = np.exp(logits - logits.max())
    return weights[1] / weights.sum()


def align(pair, a, b, aligner, ridge, eps):
    """Section 6. a, b: [n, E] values of the same tokens in the global pass and in the pass of the window"""
    n = len(a)
    if aligner == "off":
        return pair
    if aligner == "ridge":
        return unit(np.stack([t + (b - a).T @ np.linalg.solve(a @ a.T + ridge * np.eye(n), a @ t) for t in pair]))
    return unit(np.stack([b.T @ np.linalg.solve(a @ a.T + eps * np.eye(n), a @ t) for t in pair]))


def window_patches(grid, k):
    """-> [windows, k * k], row-major"""
    index = np.arange(grid * grid).reshape(grid, grid)
    return np.array([index[i : i + k, j : j + k].ravel() for i in range(grid - k + 1) for j in range(grid - k + 1)])


def scale_map(scores, grid, k):
    """Harmonic mean of the windows over each patch. -> [G, G]"""
    count, inverse = np.zeros(grid * grid), np.zeros(grid * grid)
    for patches, score in zip(window_patches(grid, k), scores):
        count[patches] += 1
        with np.errstate(divide="ignore"):  # a score of 0 gives 0
            inverse[patches] += 1 / score
    return (count / inverse).reshape(grid, grid)


def bilinear(x, size):
    """align_corners = false, edges repeated"""
    at = np.clip((np.arange(size) + 0.5) * len(x) / size - 0.5, 0, None)
    low = np.minimum(at.astype(int), len(x) - 1)
    high, part = np.minimum(low + 1, len(x) - 1), at - low
    rows = x[low] * (1 - part)[:, None] + x[high] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, high] * part


def detect(seen, prompts, options):
    """seen: image [E], value [1 + N, E], windows {k: [windows, E]}, window_value {k: [windows, n, E]}, size: pixels"""
    found = context(seen["image"], prompts, options.get("slope", 1))
    pair, used, fallback = two_prompts(
        found, prompts, options["context"] == "on", options["weighting"], options.get("fallback", "side")
    )
    t = options["temperature"]
    s_global = abnormal_part(seen["image"], pair, t)
    out = {
        "kept": used,
        "fallback": fallback,
        "prompts": pair,
        "s_global": s_global,
        "windows": {},
        "aligned": {},
        "scales": {},
        "grid": None,
        "map": None,
        "score": s_global,
    }
    if not options["scales"]:
        return out
    grid = round((len(seen["value"]) - 1) ** 0.5)
    for k in options["scales"]:
        first = 0 if options.get("class_row", True) else 1
        aligned = np.stack(
            [
                align(
                    pair,
                    seen["value"][[0, *(1 + patches)]][first:],
                    b[first:],
                    options["aligner"],
                    options["lambda"],
                    options["eps"],
                )
                for patches, b in zip(window_patches(grid, k), seen["window_value"][k])
            ]
        )
        scores = np.array([abnormal_part(f, each, t) for f, each in zip(seen["windows"][k], aligned)])
        out["aligned"][k], out["windows"][k] = aligned, scores
        out["scales"][k] = scale_map(scores, grid, k)
    inverse = [1 / m for m in out["scales"].values()]
    if options["include_global"]:
        inverse.append(np.full((grid, grid), 1 / s_global))
    out["grid"] = len(inverse) / np.sum(inverse, axis=0)
    out["map"] = bilinear(out["grid"], seen["size"])
    if options["image_score"] == "half":
        out["score"] = (s_global + out["grid"].max()) / 2
    return out
