"""Writes test/fixtures/recipes.json: options beyond those of detect.json, sections 8 and 10, in float64."""

import json
import pathlib

import numpy as np
import torch

from alfa import SIDES, abnormal_part, context, detect, two_prompts, unit
from arrays import pack, unpack, write
from detect import ALFA, MODEL, VARIANTS as DETECT, plain
from eyes import SIZE, Eyes, batch, references, rotated
from mutual import musc
from patches import coreset, few_shot, joined, level, patchcore
from relevance import corners, neighbours_mean, patch_map, relevance, value_path
from towers import hugging_face_from, open_clip_from

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
TEMPERATURE = 0.07

BASE = {**ALFA, "lambda": 1, "slope": 1, "fallback": "side", "values": "output", "class_row": True, "mask": "drop"}
VARIANTS = {
    "raw": {**BASE, "values": "raw"},
    "class-row-out": {**BASE, "class_row": False},
    "pinv-class-row-out": {**BASE, "aligner": "pinv", "class_row": False},
    "raw-class-row-out-0.1": {**BASE, "values": "raw", "class_row": False, "lambda": 0.1},
    "fallback-both": {**BASE, "fallback": "both"},
    "context-off": {**BASE, "context": "off"},
    "slope-5-score": {**BASE, "slope": 5, "weighting": "score"},
    "ridge-0.001": {**BASE, "lambda": 1e-3},
    "mask-zero": {**BASE, "mask": "zero"},
    "scales-1-4-global": {**BASE, "scales": [1, 4], "include_global": True},
    "temperature-0.01": {**BASE, "context": "off", "temperature": 0.01},
}
LEVELS = [
    {"layer": 1, "r": 1, "norm": "none"},
    {"layer": 2, "r": 3, "norm": "none"},
    {"layer": 3, "r": 3, "norm": "none"},
    {"layer": 2, "r": 5, "norm": "image"},
]
FEW_SHOT = {"references": 4, "layers": [2, 3], "r": 1, "scales": [2, 3]}
PATCHCORE = {"references": 6, "layers": [2, 3], "r": 3, "neighbours": 9, "seed": 0, "share": 0.1}
MUSC = {"layers": [1, 2, 3], "r": [1, 3, 5], "share": 0.3, "windows": [1, 2, 3]}


def option_cases(ways, lists):
    for variant, options in VARIANTS.items():
        seen = ways[
            "zero"
            if options["mask"] == "zero"
            else "raw"
            if options["values"] == "raw"
            else "wide"
            if options["scales"] == [1, 4]
            else "plain"
        ]
        for name, prompts in lists.items():
            for p, each in enumerate(seen):
                out = detect(each, prompts, options)
                yield {
                    "variant": variant,
                    "picture": p,
                    "list": name,
                    "kept": plain(out["kept"]),
                    "ambiguous": bool(out["fallback"]),
                    "fallback": out["fallback"],
                    "prompts": pack(out["prompts"], "float64"),
                    "s_global": float(out["s_global"]),
                    "windows": {str(k): s.tolist() for k, s in out["windows"].items()},
                    "grid": out["grid"].tolist(),
                    "score": float(out["score"]),
                }


def all_prompts(image, prompts):
    return two_prompts(context(image, prompts), prompts, False, "uniform")[0]


def one_pass_cases(eyes, pictures, seen, lists):
    """-> MaskCLIP's and AnoVL's cases"""
    rows = [value_path(eyes.tower, each) for each in eyes.tokens(pictures)]
    mask, path = [], []
    for name, prompts in lists.items():
        for p, each in enumerate(seen):
            pair = all_prompts(each["image"], prompts)
            head = {"picture": p, "list": name}
            score = float(abnormal_part(each["image"], pair, TEMPERATURE))
            mask.append({**head, "grid": patch_map(each["value"][1:], pair, TEMPERATURE).tolist(), "score": score})
            raw = patch_map(rows[p], pair, TEMPERATURE)
            grid = neighbours_mean(raw)
            path.append({**head, "raw": raw.tolist(), "grid": grid.tolist(), "score": score})
            if p == 0 and name == "A":
                path[-1]["map"] = pack(corners(grid, SIZE), "float32")
    return mask, path, rows


def relevance_cases(name, eyes, pictures, pairs):
    for p, (tokens, seen) in enumerate(zip(eyes.tokens(pictures), eyes.look(pictures, ()))):
        for label, pair in pairs.items():
            similarity, product, grid = relevance(eyes.tower, tokens, pair[1])
            yield {
                "model": name,
                "picture": p,
                "list": label,
                "prompts": pack(pair, "float64"),
                "similarity": similarity,
                "product": pack(product, "float64"),
                "grid": grid.tolist(),
                "score": float(abnormal_part(seen["image"], pair, TEMPERATURE)),
            }


def random_pair(width, seed):
    return unit(np.random.Generator(np.random.PCG64(seed)).standard_normal((2, width)))


def few_shot_part(eyes, pictures, seen, lists, masks):
    shown = references()[: FEW_SHOT["references"]]
    banks, cases = [], []
    masks = {(case["picture"], case["list"]): np.array(case["grid"]) for case in masks}
    for augment, kept in (("none", shown), ("rotate4", rotated(shown))):
        bank = eyes.look(kept)
        for p, query in enumerate([*seen, eyes.look(shown[:1])[0]]):
            maps, mean = few_shot(query, bank, FEW_SHOT["layers"], FEW_SHOT["scales"])
            query_of = {"picture": p} if p < len(seen) else {"reference": 0}
            banks.append({"augment": augment, **query_of, "levels": np.stack(maps).tolist(), "bank": mean.tolist()})
            for recipe in ("alfa", "winclip", "maskclip", "clip-ac") if p < len(seen) else ():
                for name, prompts in lists.items():
                    zero = detect(query, prompts, DETECT["clip-ac" if recipe == "maskclip" else recipe])
                    grid = masks[p, name] if recipe == "maskclip" else zero["grid"]
                    cases.append(
                        {
                            "recipe": recipe,
                            "augment": augment,
                            "picture": p,
                            "list": name,
                            "grid": (mean if grid is None else (grid + mean) / 2).tolist(),
                            "score": float((zero["score"] + mean.max()) / 2),
                        }
                    )
    return {"options": FEW_SHOT, "banks": banks, "cases": cases}


def patchcore_part(eyes, seen):
    layers, r = PATCHCORE["layers"], PATCHCORE["r"]
    rows = np.concatenate([joined(each, layers, r) for each in eyes.look(references())])
    picked, closest = coreset(rows, int(np.ceil(PATCHCORE["share"] * len(rows))), PATCHCORE["seed"])
    print(f"coreset: {len(picked)} of {len(rows)}, first {picked[0]}, closest call {closest:.1e}")
    cases = []
    for name, bank in (("full", rows), ("coreset", rows[np.sort(picked)])):
        for p, each in enumerate(seen):
            out = patchcore(joined(each, layers, r), bank, PATCHCORE["neighbours"])
            cases.append(
                {
                    "bank": name,
                    "picture": p,
                    "grid": out["map"].reshape(6, 6).tolist(),
                    **{key: out[key] for key in ("patch", "nearest")},
                    "neighbours": out["neighbours"].tolist(),
                    **{key: float(out[key]) for key in ("max", "weight", "score")},
                }
            )
    return {
        "options": PATCHCORE,
        "rows": len(rows),
        "first": picked[0],
        "coreset": sorted(picked),
        "order": picked,
        "joined": pack(joined(seen[0], layers, r), "float32"),
        "cases": cases,
    }


def musc_part(eyes, seen):
    seen, runs = [*eyes.look(batch(), ()), *seen], []
    for name, members in (("five", range(5)), ("three", range(3)), ("eight", range(8))):
        maps, high, score = musc([seen[i] for i in members], MUSC)
        runs.append(
            {
                "name": name,
                "pictures": len(members),
                "grids": maps.tolist(),
                "max": high.tolist(),
                "scores": score.tolist(),
            }
        )
        if name == "five":
            runs[-1]["map"] = pack(corners(maps[0], SIZE), "float32")
    return {
        "options": MUSC,
        "image_embeddings": pack(np.stack([each["image"] for each in seen]), "float64"),
        "runs": runs,
    }


def window_parts(seen, fields):
    return {field: {str(k): pack(rows, "float32") for k, rows in seen[field].items()} for field in fields}


def build(dtype=torch.float64):
    eyes = {
        name: Eyes(*load(FIXTURES / name, dtype), dtype)
        for name, load in (
            (MODEL, open_clip_from),
            ("tiny-open-clip-quickgelu", open_clip_from),
            ("tiny-hf-gelu", hugging_face_from),
        )
    }
    own = eyes[MODEL]
    stored = json.loads((FIXTURES / MODEL / "expected.json").read_text(encoding="utf-8"))
    pictures = unpack(stored["pictures"])
    lists = json.loads((FIXTURES / "detect.json").read_text(encoding="utf-8"))["lists"]
    lists = {name: {side: unpack(each[side]["embeddings"]) for side in SIDES} for name, each in lists.items()}
    seen = own.look(pictures)
    ways = {
        "plain": seen,
        "wide": own.look(pictures, (1, 4)),
        "raw": own.look(pictures, raw=True),
        "zero": own.look_zeroed(pictures),
    }
    mask, path, rows = one_pass_cases(own, pictures, seen, lists)
    pairs = {
        MODEL: {name: all_prompts(seen[0]["image"], prompts) for name, prompts in lists.items()},
        "tiny-open-clip-quickgelu": {None: random_pair(32, 41)},
        "tiny-hf-gelu": {None: random_pair(24, 42)},
    }
    return {
        "made_by": "tools/references/recipes.py",
        "versions": {"torch": torch.__version__.split("+")[0], "numpy": np.__version__},
        "model": MODEL,
        "picture_names": stored["picture_names"],
        "references": pack(references(), "uint8"),
        "batch": pack(batch(), "uint8"),
        "variants": VARIANTS,
        "raw_values": {
            "value": pack(ways["raw"][0]["value"], "float32"),
            **window_parts(ways["raw"][0], ["window_value"]),
        },
        "zeroed": window_parts(ways["zero"][0], ["windows", "window_value"]),
        "cases": list(option_cases(ways, lists)),
        "maskclip": mask,
        "anovl": {"rows": pack(np.stack(rows), "float32"), "cases": path},
        "trans_mm": [case for name in eyes for case in relevance_cases(name, eyes[name], pictures, pairs[name])],
        "levels": [{**each, "features": pack(level(seen[0], **each), "float32")} for each in LEVELS],
        "few_shot": few_shot_part(own, pictures, seen, lists, mask),
        "patchcore": patchcore_part(own, seen),
        "musc": musc_part(own, seen),
    }


def main():
    out = build()
    write(FIXTURES / "recipes.json", out)
    for name in ("cases", "maskclip", "trans_mm"):
        for each in out[name]:
            print(
                each.get("variant", each.get("model", name)),
                each["picture"],
                each["list"],
                f"grid {np.min(each['grid']):.4f}..{np.max(each['grid']):.4f} S {each['score']:.4f}",
            )
    for each in (*out["anovl"]["cases"], *out["few_shot"]["cases"], *out["patchcore"]["cases"]):
        print(
            {key: each[key] for key in ("recipe", "augment", "bank", "picture", "list", "weight") if key in each},
            f"grid {np.min(each['grid']):.4f}..{np.max(each['grid']):.4f} S {each['score']:.4f}",
        )
    for each in out["musc"]["runs"]:
        print(each["name"], np.round(each["max"], 4), np.round(each["scores"], 4))


if __name__ == "__main__":
    main()
