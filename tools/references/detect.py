"""Writes test/fixtures/detect.json: the whole of sections 4 to 7 on tiny-open-clip-gelu, in float64."""

import json
import pathlib

import numpy as np
import torch
from tokenizers import Tokenizer

from alfa import SIDES, context, detect
from arrays import pack, unpack, write
from prompts import ABNORMAL, NORMAL, pool
from tiny_tokenizer import encode
from towers import normalised, open_clip_from, padded, run, run_windows

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
MODEL = "tiny-open-clip-gelu"
COUNTS = {"normal": 12, "abnormal": 10}
# No prompt may be closer to the edge of the other label's interval than this, so that float32 keeps the same prompts.
MARGIN = 2e-4

ALFA = {
    "context": "on",
    "scales": [2, 3],
    "aligner": "ridge",
    "lambda": 10,
    "eps": 1e-4,
    "temperature": 0.07,
    "weighting": "uniform",
    "include_global": False,
    "image_score": "half",
}
VARIANTS = {
    "alfa": ALFA,
    "winclip": {**ALFA, "context": "off", "aligner": "off", "include_global": True, "image_score": "global"},
    "clip-ac": {**ALFA, "context": "off", "aligner": "off", "scales": [], "image_score": "global"},
    "alfa-aligner-off": {**ALFA, "aligner": "off"},
    "alfa-ridge-1": {**ALFA, "lambda": 1},
    "alfa-ridge-0.1": {**ALFA, "lambda": 0.1},
    "alfa-pinv": {**ALFA, "aligner": "pinv"},
    "alfa-include-global": {**ALFA, "include_global": True},
    "alfa-score": {**ALFA, "weighting": "score"},
    "alfa-temperature-1": {**ALFA, "temperature": 1},
}


@torch.no_grad()
def look(tower, preprocess, pictures, scales=(2, 3), value=None, dtype=torch.float64):
    tokens = tower.tokens(normalised(pictures, preprocess, dtype))
    image, value_rows, _ = run(tower, tokens, value)
    grid = round((tokens.shape[1] - 1) ** 0.5)
    windows = {k: run_windows(tower, tokens, grid, k, value=value) for k in scales}
    return [
        {
            "image": image[p].numpy(),
            "value": value_rows[p].numpy(),
            "size": pictures.shape[1],
            "windows": {k: windows[k][0][p].numpy() for k in scales},
            "window_value": {k: windows[k][1][p].numpy() for k in scales},
        }
        for p in range(len(pictures))
    ]


def take(embedded, chosen):
    return {side: embedded[side][chosen[side]] for side in SIDES}


def nature(image, prompts):
    """Who keeps what: 'none:<side>', 'many' (both some, not all, three and more), 'few', or None: too close to call"""
    s, _, _, kept = context(image, prompts)
    for side, other in (SIDES, SIDES[::-1]):
        for edge in (s[other].min(), s[other].max()):
            if np.abs(s[side] - edge).min() < MARGIN:
                return None
    for side in SIDES:
        if len(kept[side]) == 0:
            return f"none:{side}"
    counts = [len(kept[side]) for side in SIDES]
    if any(n == COUNTS[side] for n, side in zip(counts, SIDES)):
        return "all"
    return "many" if min(counts) >= 3 else "few"


def draw(seen, embedded, wanted, seed):
    """The first pick of prompts under which the images show every wanted nature. The sides are picked apart along a
    random direction: picked blindly, one interval nearly always covers the other."""
    for attempt in range(seed, seed + 20000):
        random = np.random.Generator(np.random.PCG64(attempt))
        direction = random.standard_normal(embedded["normal"].shape[1])
        chosen = {}
        for side, sign in zip(SIDES, (1, -1)):
            along = embedded[side] @ direction
            order = np.argsort(sign * along / along.std() + 0.7 * random.standard_normal(len(along)))
            chosen[side] = np.sort(order[: COUNTS[side]])
        natures = [nature(each["image"], take(embedded, chosen)) for each in seen]
        if None not in natures and wanted <= set(natures):
            return chosen, natures
    raise SystemExit(f"no pick shows {wanted}")


def plain(sides):
    return {side: np.asarray(sides[side]).tolist() for side in SIDES}


def case(variant, picture, name, seen, prompts):
    out = detect(seen, prompts, VARIANTS[variant])
    entry = {
        "variant": variant,
        "picture": picture,
        "list": name,
        "kept": plain(out["kept"]),
        "ambiguous": bool(out["fallback"]),
        "fallback": out["fallback"],
        "prompts": pack(out["prompts"], "float64"),
        "s_global": float(out["s_global"]),
        "windows": {str(k): each.tolist() for k, each in out["windows"].items()},
        "scales": {str(k): each.tolist() for k, each in out["scales"].items()},
        "grid": None if out["grid"] is None else out["grid"].tolist(),
        "score": float(out["score"]),
    }
    shown = picture == 2 and name == "A"  # large arrays only for one image and list
    if out["map"] is not None and (shown or variant == "alfa"):
        entry["map"] = pack(out["map"], "float32")
    if shown and out["grid"] is not None and VARIANTS[variant]["aligner"] != "off":
        entry["aligned"] = {str(k): pack(each, "float32") for k, each in out["aligned"].items()}
    return entry


def main():
    tower, preprocess = open_clip_from(FIXTURES / MODEL)
    tokenizer = Tokenizer.from_file(str(FIXTURES / MODEL / "tokenizer.json"))
    stored = json.loads((FIXTURES / MODEL / "expected.json").read_text(encoding="utf-8"))
    seen = look(tower, preprocess, unpack(stored["pictures"]))
    texts = {"normal": pool(NORMAL), "abnormal": pool(ABNORMAL)}
    ids = {side: [encode(tokenizer, text) for text in texts[side]] for side in SIDES}
    with torch.no_grad():
        embedded = {side: tower.text(padded(ids[side], tower.pad)).numpy() for side in SIDES}
    lists, contexts, cases = {}, [], []
    for name, wanted, seed in (("A", {"many", "none:normal"}, 0), ("B", {"few", "none:abnormal"}, 40000)):
        chosen, natures = draw(seen, embedded, wanted, seed)
        prompts = take(embedded, chosen)
        print(name, natures)
        lists[name] = {
            side: {
                "texts": [texts[side][i] for i in chosen[side]],
                "ids": [ids[side][i] for i in chosen[side]],
                "embeddings": pack(prompts[side], "float64"),
            }
            for side in SIDES
        }
        for p, each in enumerate(seen):
            s, delta, score, kept = context(each["image"], prompts)
            contexts.append(
                {
                    "picture": p,
                    "list": name,
                    "s": plain(s),
                    "delta": plain(delta),
                    "score": plain(score),
                    "kept": plain(kept),
                    "ambiguous": any(len(kept[side]) == 0 for side in SIDES),
                }
            )
            cases += [case(variant, p, name, each, prompts) for variant in VARIANTS]
    write(
        FIXTURES / "detect.json",
        {
            "made_by": "tools/references/detect.py",
            "versions": {"torch": torch.__version__.split("+")[0], "numpy": np.__version__},
            "model": MODEL,
            "picture_names": stored["picture_names"],
            "image_embeddings": pack(np.stack([each["image"] for each in seen]), "float64"),
            "lists": lists,
            "variants": VARIANTS,
            "contexts": contexts,
            "cases": cases,
        },
    )
    for each in cases:
        if each["variant"] in ("alfa", "winclip"):
            kept = [len(each["kept"][side]) for side in SIDES]
            low, high = np.min(each["grid"]), np.max(each["grid"])
            print(
                each["variant"],
                each["picture"],
                each["list"],
                kept,
                each["ambiguous"],
                f"S_G {each['s_global']:.3f} grid {low:.3f}..{high:.3f} S {each['score']:.3f}",
            )


if __name__ == "__main__":
    main()
