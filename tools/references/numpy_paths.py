"""The recipes' forwards a second time: what every layer holds, windows, the V-V path, finite differences."""

import math

import numpy as np

from numpy_forward import norm, tokens, unit


def head(tower, rows):
    return unit(norm(rows, *tower["post"], tower["eps"]) @ tower["proj"])


def after(tower, layer, x, mixed):
    """What the layer makes of its input and of what its heads gathered, [n, D] both"""
    x = x + mixed @ layer["out"][0] + layer["out"][1]
    inner = tower["act"](norm(x, *layer["ln2"], tower["eps"]) @ layer["fc"][0] + layer["fc"][1])
    return x + inner @ layer["fc2"][0] + layer["fc2"][1]


def parts(tower, width):
    return [slice(h * width // tower["heads"], (h + 1) * width // tower["heads"]) for h in range(tower["heads"])]


def soft(logits):
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def trace(tower, x):
    """Per layer: its input, values, attention per head, output"""
    out = []
    for layer in tower["layers"]:
        q, k, v = np.split(norm(x, *layer["ln1"], tower["eps"]) @ layer["qkv"][0] + layer["qkv"][1], 3, axis=1)
        weights = [soft(q[:, p] @ k[:, p].T / math.sqrt(p.stop - p.start)) for p in parts(tower, x.shape[1])]
        mixed = np.concatenate([w @ v[:, p] for w, p in zip(weights, parts(tower, x.shape[1]))], 1)
        out.append({"in": x, "v": v, "weights": np.stack(weights), "out": after(tower, layer, x, mixed)})
        x = out[-1]["out"]
    return out


def image(tower, rows, raw=False):
    """-> class embedding, values with or without the output projection, the patch rows after each layer"""
    states, (weight, bias) = trace(tower, rows), tower["layers"][-1]["out"]
    v = states[-1]["v"]
    return (
        head(tower, states[-1]["out"][0]),
        head(tower, v if raw else v @ weight + bias),
        [state["out"][1:] for state in states],
    )


def value_path(tower, rows):
    total = rows.copy()
    for layer, state in zip(tower["layers"], trace(tower, rows)):
        v = state["v"]
        mixed = np.concatenate(
            [soft(v[:, p] @ v[:, p].T / math.sqrt(p.stop - p.start)) @ v[:, p] for p in parts(tower, v.shape[1])], 1
        )
        total += mixed @ layer["out"][0] + layer["out"][1]
    return head(tower, total[1:])


def relevance(tower, rows, direction, step=1e-3):
    """Differences of fourth order in the class row's attention: no other row reaches the class embedding."""
    layer, last = tower["layers"][-1], trace(tower, rows)[-1]
    start, v, slices = last["weights"][:, 0], last["v"], parts(tower, rows.shape[1])

    def similarity(weights):
        """weights: [cases, heads, 1 + N]"""
        mixed = np.concatenate([weights[:, h] @ v[:, p] for h, p in enumerate(slices)], 1)
        return head(tower, after(tower, layer, last["in"][:1], mixed)) @ direction

    moves = np.eye(start.size).reshape(-1, *start.shape) * step
    one, two = (similarity(start + n * moves) - similarity(start - n * moves) for n in (1, 2))
    gradient = ((8 * one - two) / (12 * step)).reshape(start.shape)
    return similarity(start[None])[0], gradient * start


def window_rows(grid, k):
    for i in range(grid - k + 1):
        for j in range(grid - k + 1):
            yield [0] + [1 + grid * y + x for y in range(i, i + k) for x in range(j, j + k)]


def windows(checkpoint, picture, scales, raw=False, zero=False):
    """{k: embeddings}, {k: values} of every window, the values with or without the output projection"""
    tower, rows = checkpoint.vision, tokens(checkpoint, picture)
    grid, patch = round((len(rows) - 1) ** 0.5), tower["patch"].shape[-1]
    embeddings, values = {}, {}
    for k in scales:
        embeddings[k], values[k] = [], []
        for chosen in window_rows(grid, k):
            if zero:
                shown = np.zeros_like(picture)
                for p in chosen[1:]:
                    y, x = patch * ((p - 1) // grid), patch * ((p - 1) % grid)
                    shown[y : y + patch, x : x + patch] = picture[y : y + patch, x : x + patch]
                kept = tokens(checkpoint, shown)
            else:
                kept = rows[chosen]
            embedding, value, _ = image(tower, kept, raw)
            embeddings[k].append(embedding)
            values[k].append(value[chosen] if zero else value)
    return {k: np.stack(x) for k, x in embeddings.items()}, {k: np.stack(x) for k, x in values.items()}
