"""Part of check_recipes.py: patch features, PatchCore and MuSc a second way."""

import math
import pathlib

import numpy as np

import numpy_forward as second
import numpy_paths as paths
from arrays import unpack

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
G, N = 6, 36


def unit(x):
    return x / math.sqrt(sum(v * v for v in x))


class Worst:
    def __init__(self):
        self.exact, self.single = {}, {}

    def add(self, name, found, stored):
        into = self.exact
        if isinstance(stored, dict):
            into = self.single if stored["dtype"] == "float32" else self.exact
            stored = unpack(stored)
        assert np.shape(found) == np.shape(stored), name
        into[name] = max(into.get(name, 0), float(np.abs(np.asarray(found) - np.asarray(stored)).max()))


class Second:
    """Each image's forward, kept"""

    def __init__(self, name):
        self.checkpoint = second.Checkpoint(FIXTURES / name)
        self.tower = self.checkpoint.vision

    def see(self, picture, scales=(2, 3), raw=False, zero=False):
        rows = second.tokens(self.checkpoint, picture)
        image, value, hidden = paths.image(self.tower, rows, raw)
        windows, window_value = paths.windows(self.checkpoint, picture, scales, raw, zero)
        return {
            "rows": rows,
            "image": image,
            "value": value,
            "hidden": hidden,
            "windows": windows,
            "window_value": window_value,
        }


def corners(x, size):
    out = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            a, b = (min(n * (len(x) - 1) // (size - 1), len(x) - 2) for n in (i, j))
            v, u = i * (len(x) - 1) / (size - 1) - a, j * (len(x) - 1) / (size - 1) - b
            above, below = ((1 - u) * row[b] + u * row[b + 1] for row in x[a : a + 2])
            out[i, j] = (1 - v) * above + v * below
    return out


def around(p, r):
    y, x = divmod(p, G)
    return [
        G * i + j
        for i in range(y - r // 2, y + r // 2 + 1)
        for j in range(x - r // 2, x + r // 2 + 1)
        if 0 <= i < G and 0 <= j < G
    ]


def features(hidden, layer, r, norm="none"):
    x = hidden[layer - 1]
    if norm == "image":
        mean = x.sum() / x.size
        x = (x - mean) / math.sqrt(((x - mean) ** 2).sum() / x.size + 1e-5)
    return np.stack([unit(sum(x[q] for q in around(p, r)) / (r * r)) for p in range(N)])


def joined(hidden, layers, r):
    rows = [features(hidden, layer, r) for layer in layers]
    return np.stack([np.concatenate([each[p] for each in rows]) / math.sqrt(len(layers)) for p in range(N)])


def picks(rows, count, seed):
    """The coreset, every distance anew at every step"""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    out = [int(z ^ (z >> np.uint64(31))) % len(rows)]
    while len(out) < count:
        out.append(int(np.argmax([min(((row - rows[p]) ** 2).sum() for p in out) for row in rows])))
    return out


def check_patchcore(part, eye, seen, shown, worst):
    o = part["options"]
    rows = np.concatenate([joined(eye.see(p, ())["hidden"], o["layers"], o["r"]) for p in shown])
    order = picks(rows, math.ceil(o["share"] * len(rows)), o["seed"])
    assert (order, sorted(order), order[0], len(rows)) == (part["order"], part["coreset"], part["first"], part["rows"])
    worst.add("joined", joined(seen[0]["hidden"], o["layers"], o["r"]), part["joined"])
    for case in part["cases"]:
        bank = rows if case["bank"] == "full" else rows[sorted(order)]
        query = joined(seen[case["picture"]]["hidden"], o["layers"], o["r"])
        d = np.array([[np.linalg.norm(q - m) for m in bank] for q in query])  # twice the distance of the method
        p = int(d.min(1).argmax())
        m = int(d[p].argmin())
        near = sorted(range(len(bank)), key=lambda i: np.linalg.norm(bank[i] - bank[m]))[: o["neighbours"]]
        assert (p, m, sorted(near)) == (case["patch"], case["nearest"], case["neighbours"])
        weight = 1 - 1 / sum(math.exp(d[p, i] - d[p, m]) for i in near)
        worst.add("patchcore", (d.min(1) / 2).reshape(G, G), case["grid"])
        worst.add(
            "patchcore", [d[p, m] / 2, weight, weight * d[p, m] / 2], [case["max"], case["weight"], case["score"]]
        )


def check_musc(part, eye, seen, pictures, worst):
    o = part["options"]
    seen = [*(eye.see(p, ()) for p in pictures), *seen]
    worst.add("musc embeddings", [each["image"] for each in seen], part["image_embeddings"])
    rows = {
        (i, layer, r): features(each["hidden"], layer, r, "image")
        for i, each in enumerate(seen)
        for layer in o["layers"]
        for r in o["r"]
    }
    for run in part["runs"]:
        n = run["pictures"]
        k, maps = max(1, (3 * (n - 1)) // 10), np.zeros((n, N))
        for i in range(n):
            for layer in o["layers"]:
                for r in o["r"]:
                    d = [
                        [np.linalg.norm(rows[j, layer, r] - q, axis=1).min() / 2 for j in range(n) if j != i]
                        for q in rows[i, layer, r]
                    ]
                    maps[i] += [sum(sorted(each)[:k]) / k for each in d]
        maps /= len(o["layers"]) * len(o["r"])
        high, scores = maps.max(1), np.zeros(n)
        for i in range(n):
            like = [seen[i]["image"] @ seen[j]["image"] for j in range(n)]
            for window in o["windows"]:
                near = sorted(range(n), key=lambda j: -like[j])[:window]
                scores[i] += sum(like[j] * high[j] for j in near) / sum(like[j] for j in near) / len(o["windows"])
        worst.add("musc", maps.reshape(n, G, G), run["grids"])
        worst.add("musc", high, run["max"])
        worst.add("musc scores", scores, run["scores"])
        if "map" in run:
            worst.add("musc map", corners(maps[0].reshape(G, G), 48), run["map"])
