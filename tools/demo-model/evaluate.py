"""Scores the exported model: recipes `alfa` (aligner ridge and off) and `winclip`, per class and as a mean.

Reads a rendered set (.npz) or a folder in MVTec's layout. Towers in PyTorch, everything after them in float64 NumPy.
"""

import argparse
import glob
import json
import os
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
import prompts
import recipes
from model import Clip
from tokens import encoder

SCALES = (2, 3)


def load(folder):
    config = json.load(open(f"{folder}/open_clip_config.json"))
    model = Clip(config)
    model.load_state_dict({n: t.float() for n, t in load_file(f"{folder}/open_clip_model.safetensors").items()})
    return model.eval(), config, encoder(f"{folder}/tokenizer.json", config["model_cfg"]["text_cfg"]["context_length"])


def rendered(path):
    """-> (class, defect, image, mask) of each image."""
    z = np.load(path)
    for name, defect, image, mask in zip(z["name"], z["defect"], z["image"], z["mask"]):
        yield str(name), str(defect), image, mask > 127


def mvtec(folder, size):
    for path in sorted(glob.glob(f"{folder}/*/test/*/*")):
        name, _, defect, file = path.split(os.sep)[-4:]
        image = np.asarray(Image.open(path).convert("RGB").resize((size, size), Image.BICUBIC))
        mask = np.zeros((size, size), bool)
        if defect != "good":
            found = f"{folder}/{name}/ground_truth/{defect}/{os.path.splitext(file)[0]}_mask.png"
            mask = np.asarray(Image.open(found).convert("L").resize((size, size), Image.NEAREST)) > 0
        yield name, "" if defect == "good" else defect, image, mask


@torch.no_grad()
def features(model, config, image):
    mean, std = (torch.tensor(config["preprocess_cfg"][n]).view(3, 1, 1) for n in ("mean", "std"))
    x = (torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255 - mean) / std
    tokens = model.visual.tokens(x[None])
    groups = [tokens]
    for k in SCALES:
        idx = torch.from_numpy(recipes.windows(model.visual.grid, k))
        groups.append(tokens[0][torch.cat([torch.zeros(len(idx), 1, dtype=torch.long), idx + 1], 1)])
    cls, value = model.visual(groups)
    return {
        "image": cls[0][0].double().numpy(),
        "values": value[0][0].double().numpy(),
        "windows": {k: c.double().numpy() for k, c in zip(SCALES, cls[1:])},
        "window_values": {k: v.double().numpy() for k, v in zip(SCALES, value[1:])},
    }


def systems(model, encode, name, grid):
    @torch.no_grad()
    def embed(texts):
        return model.encode_text(torch.from_numpy(encode(texts))).double().numpy()

    template, compositional = [embed(t) for t in prompts.template(name)], [embed(t) for t in prompts.winclip(name)]
    return {
        "alfa": lambda f: recipes.alfa(f, template, grid, 10.0),
        "alfa, aligner off": lambda f: recipes.alfa(f, template, grid, None),
        "alfa, context off": lambda f: recipes.alfa(f, template, grid, 10.0, context=False),
        "winclip": lambda f: recipes.winclip(f, compositional, grid),
    }


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("data", help=".npz from render.py, or a folder of classes in MVTec's layout")
    p.add_argument("--model", default="../../models/demo")
    p.add_argument("--json", help="write the scores to this file as well")
    p.add_argument("--name", help="use this class name in every prompt (to test how much the name matters)")
    o = p.parse_args()
    model, config, encode = load(o.model)
    size, grid = config["model_cfg"]["vision_cfg"]["image_size"], model.visual.grid
    kept, recipe_of = {}, {}
    for name, defect, image, mask in rendered(o.data) if o.data.endswith(".npz") else mvtec(o.data, size):
        if name not in recipe_of:
            recipe_of[name] = systems(model, encode, o.name or name.replace("_", " "), grid)
        f = features(model, config, image)
        for system, run in recipe_of[name].items():
            score, heat, ambiguous = run(f)
            kept.setdefault(system, {}).setdefault(name, []).append(
                (score, recipes.enlarge(heat, size), mask, defect, ambiguous)
            )

    unseen = set()
    try:
        from defects_unseen import HELD_OUT, VALIDATION

        unseen = {*HELD_OUT, *VALIDATION}
    except ImportError:
        pass
    report = {}
    for system, classes in kept.items():
        print(f"\n{system}\n{'class':14} image AUROC  pixel AUROC  image, unseen defects  ambiguous")
        for name, rows in classes.items():
            score, bad = np.array([r[0] for r in rows]), np.array([r[3] != "" for r in rows])
            heat, mask = np.stack([r[1] for r in rows]), np.stack([r[2] for r in rows])
            new = np.array([r[3] in unseen for r in rows]) | ~bad
            report.setdefault(system, {})[name] = dict(
                image=roc_auc_score(bad, score),
                pixel=roc_auc_score(mask.ravel(), heat.ravel()),
                unseen=roc_auc_score(bad[new], score[new]) if bad[new].any() else float("nan"),
                ambiguous=float(np.mean([r[4] for r in rows])),
            )
        rows = report[system]
        rows["mean"] = {
            m: float(np.mean([r[m] for r in rows.values()])) for m in ("image", "pixel", "unseen", "ambiguous")
        }
        for name, r in rows.items():
            print(f"{name:14} {r['image']:11.3f}  {r['pixel']:11.3f}  {r['unseen']:21.3f}  {r['ambiguous']:9.2f}")
    if o.json:
        json.dump(report, open(o.json, "w"), indent=1)


if __name__ == "__main__":
    main()
