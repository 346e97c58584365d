"""Computes detect.json a second time: the complete E x E least squares, plain loops, PyTorch's interpolation.

Also computes it from float32 embeddings, which gives the tolerance of the tests."""

import json
import pathlib

import numpy as np
import torch

from alfa import SIDES, detect, unit
from arrays import unpack
from detect import MODEL, VARIANTS, look
from towers import open_clip_from

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"


def literal_alignment(pair, a, b, options):
    """argmin over W of ||A W^T - B||^2 + lambda ||W - I||^2 by solving for the whole matrix; pinv by its SVD limit"""
    width = a.shape[1]
    if options["aligner"] == "ridge":
        # (W^T) = (A^T A + lambda I)^-1 (A^T B + lambda I)
        w = np.linalg.solve(a.T @ a + options["lambda"] * np.eye(width), a.T @ b + options["lambda"] * np.eye(width)).T
    else:
        u, d, vt = np.linalg.svd(a, full_matrices=False)
        w = b.T @ (u * (d / (d * d + options["eps"]))) @ vt
    return unit(pair @ w.T)


def harmonic(scores, grid, k):
    out = np.zeros((grid, grid))
    for y in range(grid):
        for x in range(grid):
            over = [
                1 / scores[i, j]
                for i in range(grid - k + 1)
                for j in range(grid - k + 1)
                if i <= y < i + k and j <= x < j + k
            ]
            out[y, x] = len(over) / sum(over)
    return out


def second(case, seen, prompts):
    options, t = VARIANTS[case["variant"]], VARIANTS[case["variant"]]["temperature"]
    pair = []
    for side, other in (SIDES, SIDES[::-1]):
        own, far = prompts[side] @ seen["image"], prompts[other] @ seen["image"]
        delta = [max(0, min(far) - v, v - max(far)) for v in own]
        keep = [i for i, d in enumerate(delta) if d > 0]
        if options["context"] == "off" or not keep:
            keep, weight = list(range(len(own))), [1.0] * len(own)
        elif options["weighting"] == "score":
            weight = [np.tanh(d / 2) for d in delta]  # 2 / (1 + e^-d) - 1
        else:
            weight = [1.0] * len(own)
        assert case["kept"][side] == keep
        pair.append(unit(sum(weight[i] * prompts[side][i] for i in keep)))
    pair = np.stack(pair)

    def abnormal(f, each):
        return 1 / (1 + np.exp((each[0] - each[1]) @ f / t))

    s_global = abnormal(seen["image"], pair)
    found = {"prompts": pair, "s_global": s_global, "score": s_global}
    maps = []
    for k in options["scales"]:
        side = 6 - k + 1
        scores = np.zeros((side, side))
        for w in range(side * side):
            i, j = divmod(w, side)
            rows = [0] + [1 + 6 * (i + y) + j + x for y in range(k) for x in range(k)]
            each = (
                pair
                if options["aligner"] == "off"
                else literal_alignment(pair, seen["value"][rows], seen["window_value"][k][w], options)
            )
            scores[i, j] = abnormal(seen["windows"][k][w], each)
        found[f"windows {k}"] = scores.ravel()
        maps.append(harmonic(scores, 6, k))
        found[f"scale {k}"] = maps[-1]
    if maps:
        if options["include_global"]:
            maps.append(np.full((6, 6), s_global))
        found["grid"] = len(maps) / sum(1 / m for m in maps)
        found["map"] = torch.nn.functional.interpolate(
            torch.tensor(found["grid"])[None, None], size=48, mode="bilinear", align_corners=False
        )[0, 0].numpy()
        if options["image_score"] == "half":
            found["score"] = (s_global + found["grid"].max()) / 2
    return found


def stored_of(case):
    out = {"prompts": unpack(case["prompts"]), "s_global": case["s_global"], "score": case["score"]}
    for k in case["windows"]:
        out[f"windows {k}"], out[f"scale {k}"] = np.array(case["windows"][k]), np.array(case["scales"][k])
    if case["grid"] is not None:
        out["grid"] = np.array(case["grid"])
    if "map" in case:
        out["map"] = unpack(case["map"])
    return out


def single(seen):
    def cut(x):
        return (
            {k: cut(v) for k, v in x.items()}
            if isinstance(x, dict)
            else x
            if isinstance(x, int)
            else x.astype(np.float32).astype(np.float64)
        )

    return cut(seen)


def main():
    stored = json.loads((FIXTURES / "detect.json").read_text(encoding="utf-8"))
    tower, preprocess = open_clip_from(FIXTURES / MODEL)
    pictures = unpack(json.loads((FIXTURES / MODEL / "expected.json").read_text(encoding="utf-8"))["pictures"])
    seen = look(tower, preprocess, pictures)
    lists = {name: {side: unpack(each[side]["embeddings"]) for side in SIDES} for name, each in stored["lists"].items()}
    worst, loss = {}, {}
    for case in stored["cases"]:
        prompts = lists[case["list"]]
        found = second(case, seen[case["picture"]], prompts)
        for name, value in stored_of(case).items():
            if name != "map":
                worst[name] = max(worst.get(name, 0), float(np.abs(value - found[name]).max()))
            else:
                assert np.abs(value - found[name]).max() < 1e-7
        rounded = detect(single(seen[case["picture"]]), single(prompts), VARIANTS[case["variant"]])
        gap = abs(rounded["score"] - case["score"])
        if case["grid"] is not None:
            gap = max(gap, float(np.abs(rounded["grid"] - np.array(case["grid"])).max()))
        loss[case["variant"]] = max(loss.get(case["variant"], 0), gap)
    print("second way:", {name: f"{value:.0e}" for name, value in worst.items()})
    print("from float32 embeddings:", {name: f"{value:.0e}" for name, value in loss.items()})
    assert max(worst.values()) < 1e-10


if __name__ == "__main__":
    main()
