"""full_size.py DIR: a ViT-B-16-plus-240 with random weights in open_clip's layout (830 MB), and PyTorch's results.

For measuring, and for a check at full size; too large to be a fixture.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import save_file

import towers  # before open_clip: it installs the replacement of torchvision
from arrays import pack, write
from pictures import lcg, noise, scene
from weights import vary
from open_clip.model import CLIP

MODEL = {
    "embed_dim": 640,
    "vision_cfg": {"image_size": 240, "layers": 12, "width": 896, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 640, "heads": 10, "layers": 12},
}
PREPROCESS = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
SEED, SIZE, GRID = 240, 240, 15
START, END = 49406, 49407
# Row-major numbers of the windows whose outputs are stored: corners and the middle.
WINDOWS = {2: [0, 13, 98, 195], 3: [0, 12, 84, 168]}


def token_ids():
    """Three texts of 7, 20 and 77 tokens"""
    return [
        [START, *(int(a) * 192 + int(b) % 192 for a, b in lcg(2 * (n - 2), n).reshape(-1, 2)), END] for n in (7, 20, 77)
    ]


def build(folder):
    folder.mkdir(parents=True, exist_ok=True)
    model = vary(CLIP(**MODEL), SEED)
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}, indent=2) + "\n"
    )
    path = folder / "open_clip_model.safetensors"
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path)
    path.chmod(0o644)


@torch.no_grad()
def outputs(tower, preprocess, pictures, dtype):
    tokens = tower.tokens(towers.normalised(pictures, preprocess, dtype))
    image, value, _ = towers.run(tower, tokens)
    out = {
        "text_embeddings": tower.text(towers.padded(token_ids(), tower.pad)),
        "image_embeddings": image,
        "value": value[:1],
    }
    for k, chosen in WINDOWS.items():
        rows = towers.window_rows(GRID, k, 1)[chosen]
        kept = tokens[:, rows].reshape(len(tokens) * len(chosen), -1, tokens.shape[-1])
        embeddings, values, _ = towers.run(tower, kept)
        out[f"windows_{k}"] = embeddings.reshape(len(tokens), len(chosen), -1)
        out[f"value_{k}"] = values.reshape(len(tokens), len(chosen), rows.shape[1], -1)
    return {name: each.numpy() for name, each in out.items()}


def main():
    folder = pathlib.Path(sys.argv[1])
    build(folder)
    pictures = np.stack([noise(SIZE, SIZE, 240), scene(SIZE, SIZE, 241)])
    single = outputs(*towers.open_clip_from(folder, torch.float32), pictures, torch.float32)
    exact = outputs(*towers.open_clip_from(folder), pictures, torch.float64)
    write(
        folder / "expected.json",
        {
            "made_by": "tools/references/full_size.py",
            "versions": {"torch": torch.__version__.split("+")[0]},
            "float32_deviation": max(float(np.abs(exact[name] - single[name]).max()) for name in exact),
            "ids": token_ids(),
            "text_embeddings": pack(exact["text_embeddings"], "float32"),
            "picture_names": ["noise, seed 240", "scene, seed 241"],
            "pictures": pack(pictures, "uint8"),
            "image_embeddings": pack(exact["image_embeddings"], "float32"),
            "value": pack(exact["value"], "float32"),
            "scales": {
                str(k): {
                    "windows": chosen,
                    "embeddings": pack(exact[f"windows_{k}"], "float32"),
                    "value": pack(exact[f"value_{k}"], "float32"),
                }
                for k, chosen in WINDOWS.items()
            },
        },
    )
    image = exact["image_embeddings"]
    print("cosine of the pictures", image[0] @ image[1], "windows", exact["windows_2"][0] @ exact["windows_2"][0].T)


if __name__ == "__main__":
    main()
