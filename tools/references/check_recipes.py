"""Computes recipes.json a second time: NumPy from the checkpoints' tensors, plain loops, finite differences instead of
autograd. It also measures the effect of float32; only that part uses recipes.py and its modules."""

import json
import math
import pathlib

import numpy as np

import numpy_forward as second
import numpy_paths as paths
from arrays import unpack
from check_banks import G, N, Second, Worst, around, check_musc, check_patchcore, corners, features, unit
from check_detect import harmonic, literal_alignment

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
SIDES = ("normal", "abnormal")
SINGLE = 1e-7  # rounding of values stored as float32
T = 0.07


def abnormal(f, pair, t=T):
    return 1 / (1 + np.exp((pair[0] - pair[1]) @ f / t))


def mean_pair(prompts):
    return np.stack([unit(prompts[side].mean(0)) for side in SIDES])


def pairs_of(variant, prompts, image):
    """f_T and the kept indices"""
    kept, weights = {}, {}
    for side, other in (SIDES, SIDES[::-1]):
        own, far = prompts[side] @ image, prompts[other] @ image
        delta = [max(0, min(far) - v, v - max(far)) for v in own]
        kept[side] = [i for i, d in enumerate(delta) if d > 0]
        score = [math.tanh(variant.get("slope", 1) * d / 2) for d in delta]
        weights[side] = score if variant["weighting"] == "score" else [1] * len(delta)
    empty = [side for side in SIDES if not kept[side]]
    if variant["context"] == "off" or empty and variant.get("fallback") == "both":
        empty = SIDES
    for side in empty:
        kept[side], weights[side] = list(range(len(prompts[side]))), [1] * len(prompts[side])
    return np.stack([unit(sum(weights[s][i] * prompts[s][i] for i in kept[s])) for s in SIDES]), kept


def zero_shot(options, prompts, seen):
    """-> f_T, kept, S_G, S_L per scale, grid, score"""
    pair, kept = pairs_of(options, prompts, seen["image"])
    t, first = options["temperature"], 0 if options.get("class_row", True) else 1
    s_global, scores, maps = abnormal(seen["image"], pair, t), {}, []
    for k in options["scales"]:
        scores[k] = []
        for w, rows in enumerate(paths.window_rows(G, k)):
            each = (
                pair
                if options["aligner"] == "off"
                else literal_alignment(pair, seen["value"][rows][first:], seen["window_value"][k][w][first:], options)
            )
            scores[k].append(abnormal(seen["windows"][k][w], each, t))
        maps.append(harmonic(np.reshape(scores[k], (G - k + 1, -1)), G, k))
    if not maps:
        return pair, kept, s_global, scores, None, s_global
    if options["include_global"]:
        maps.append(np.full((G, G), s_global))
    grid = len(maps) / sum(1 / m for m in maps)
    half = options["image_score"] == "half"
    return pair, kept, s_global, scores, grid, (s_global + grid.max()) / 2 if half else s_global


def check_options(stored, eye, pictures, lists, worst):
    ways = {
        "plain": [eye.see(p) for p in pictures],
        "raw": [eye.see(p, raw=True) for p in pictures],
        "zero": [eye.see(p, zero=True) for p in pictures],
        "wide": [eye.see(p, (1, 4)) for p in pictures],
    }
    worst.add("raw values", ways["raw"][0]["value"], stored["raw_values"]["value"])
    for way, name, field in (
        ("raw", "raw_values", "window_value"),
        ("zero", "zeroed", "window_value"),
        ("zero", "zeroed", "windows"),
    ):
        for k, entry in stored[name][field].items():
            worst.add(f"{name} {field}", ways[way][0][field][int(k)], entry)
    for case in stored["cases"]:
        options = stored["variants"][case["variant"]]
        way = (
            "zero"
            if options["mask"] == "zero"
            else "raw"
            if options["values"] == "raw"
            else "wide"
            if 4 in options["scales"]
            else "plain"
        )
        pair, kept, s_global, scores, grid, score = zero_shot(options, lists[case["list"]], ways[way][case["picture"]])
        assert kept == case["kept"]
        name = case["variant"]
        worst.add(name, pair, case["prompts"])
        worst.add(name, s_global, case["s_global"])
        worst.add(name, grid, case["grid"])
        worst.add(name, score, case["score"])
        for k, each in scores.items():
            worst.add(name, each, case["windows"][str(k)])
    return ways["plain"]


def check_one_pass(stored, eye, seen, lists, worst):
    path = [paths.value_path(eye.tower, each["rows"]) for each in seen]
    worst.add("V-V rows", path, stored["anovl"]["rows"])
    masks = {}
    for case in stored["maskclip"]:
        pair, each = mean_pair(lists[case["list"]]), seen[case["picture"]]
        grid = np.reshape([abnormal(row, pair) for row in each["value"][1:]], (G, G))
        masks[case["picture"], case["list"]] = grid
        worst.add("maskclip", grid, case["grid"])
        worst.add("maskclip", abnormal(each["image"], pair), case["score"])
    for case in stored["anovl"]["cases"]:
        pair = mean_pair(lists[case["list"]])
        raw = np.array([abnormal(row, pair) for row in path[case["picture"]]])
        grid = np.reshape([raw[around(p, 3)].mean() for p in range(N)], (G, G))
        worst.add("anovl", raw.reshape(G, G), case["raw"])
        worst.add("anovl", grid, case["grid"])
        worst.add("anovl", abnormal(seen[case["picture"]]["image"], pair), case["score"])
        if "map" in case:
            worst.add("anovl map", corners(grid, 48), case["map"])
    return masks


def check_relevance(stored, pictures, lists, worst):
    eyes = {name: Second(name) for name in {case["model"] for case in stored["trans_mm"]}}
    for case in stored["trans_mm"]:
        eye = eyes[case["model"]]
        pair = mean_pair(lists[case["list"]]) if case["list"] else unpack(case["prompts"])
        rows = second.tokens(eye.checkpoint, pictures[case["picture"]])
        similarity, product = paths.relevance(eye.tower, rows, pair[1])
        worst.add("trans-mm prompts", pair, case["prompts"])
        worst.add("trans-mm similarity", similarity, case["similarity"])
        worst.add("trans-mm product", product, case["product"])
        grid = np.where(product > 0, product, 0)[:, 1:].sum(0).reshape(G, G) / len(product)
        worst.add("trans-mm", grid, case["grid"])
        worst.add("trans-mm", abnormal(paths.image(eye.tower, rows)[0], pair), case["score"])


def check_few_shot(part, eye, seen, shown, lists, masks, variants, worst):
    shown = shown[: part["options"]["references"]]
    turned = [
        np.ascontiguousarray(turn)
        for p in shown
        for turn in (p, p.swapaxes(0, 1)[::-1], p[::-1, ::-1], p.swapaxes(0, 1)[:, ::-1])
    ]
    banks = {"none": [eye.see(p) for p in shown], "rotate4": [eye.see(p) for p in turned]}
    means = {}
    for entry in part["banks"]:
        bank, is_picture = banks[entry["augment"]], "picture" in entry
        query = seen[entry["picture"]] if is_picture else banks["none"][entry["reference"]]
        maps = []
        for layer in part["options"]["layers"]:
            rows = np.concatenate([features(each["hidden"], layer, 1) for each in bank])
            maps.append(
                np.reshape(
                    [min(max(0, (1 - row @ q) / 2) for row in rows) for q in features(query["hidden"], layer, 1)],
                    (G, G),
                )
            )
        for k in part["options"]["scales"]:
            rows = np.concatenate([each["windows"][k] for each in bank])
            d = np.array([min(max(0, (1 - row @ q) / 2) for row in rows) for q in query["windows"][k]])
            with np.errstate(divide="ignore"):
                maps.append(harmonic(d.reshape(G - k + 1, -1), G, k))
        mean = sum(maps) / 4
        worst.add("few-shot levels", maps, entry["levels"])
        worst.add("few-shot bank", mean, entry["bank"])
        if is_picture:
            means[entry["augment"], entry["picture"]] = mean
        else:
            assert np.max(entry["bank"]) < 1e-12
    for case in part["cases"]:
        options = variants["clip-ac" if case["recipe"] == "maskclip" else case["recipe"]]
        *_, grid, score = zero_shot(options, lists[case["list"]], seen[case["picture"]])
        if case["recipe"] == "maskclip":
            grid = masks[case["picture"], case["list"]]
        mean = means[case["augment"], case["picture"]]
        worst.add("few-shot cases", mean if grid is None else (grid + mean) / 2, case["grid"])
        worst.add("few-shot cases", (score + mean.max()) / 2, case["score"])


def moved(exact, single, path=""):
    """Largest difference of each number between two builds, by top-level field and variant.

    Everything else must be equal.
    """
    if isinstance(exact, dict) and "dtype" in exact:
        exact, single = unpack(exact).astype(float), unpack(single).astype(float)
        return {path: float(np.abs(exact - single).max())}
    if isinstance(exact, float):
        return {path: abs(exact - single)}
    assert type(exact) is type(single), path
    if isinstance(exact, (dict, list)):
        assert len(exact) == len(single), path
        out = {}
        for key in exact if isinstance(exact, dict) else range(len(exact)):
            label = exact[key].get("variant", path) if isinstance(exact[key], dict) else path
            for name, gap in moved(exact[key], single[key], path or str(key) if label == path else label).items():
                out[name] = max(out.get(name, 0), gap)
        return out
    assert exact == single, (path, exact, single)
    return {}


def read(name):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def main():
    stored, detect = read("recipes.json"), read("detect.json")
    lists = {name: {side: unpack(each[side]["embeddings"]) for side in SIDES} for name, each in detect["lists"].items()}
    pictures = unpack(read(f"{stored['model']}/expected.json")["pictures"])
    shown, batch = unpack(stored["references"]), unpack(stored["batch"])
    eye, worst = Second(stored["model"]), Worst()
    seen = check_options(stored, eye, pictures, lists, worst)
    masks = check_one_pass(stored, eye, seen, lists, worst)
    check_relevance(stored, pictures, lists, worst)
    for each in stored["levels"]:
        worst.add("levels", features(seen[0]["hidden"], each["layer"], each["r"], each["norm"]), each["features"])
    check_few_shot(stored["few_shot"], eye, seen, shown, lists, masks, detect["variants"], worst)
    check_patchcore(stored["patchcore"], eye, seen, shown, worst)
    check_musc(stored["musc"], eye, seen, batch, worst)
    print("second way:", {name: f"{gap:.0e}" for name, gap in worst.exact.items()})
    print("stored as float32:", {name: f"{gap:.0e}" for name, gap in worst.single.items()})
    assert max(worst.exact.values()) < 1e-10 and max(worst.single.values()) < SINGLE

    import torch  # from here on: the first computation, in float32
    from recipes import build

    print(
        "float32 forward:",
        {
            name: f"{gap:.0e}"
            for name, gap in moved(stored, json.loads(json.dumps(build(torch.float32)))).items()
            if gap
        },
    )


if __name__ == "__main__":
    main()
