"""Writes test/fixtures/vit-tiny.json: timm's embeddings with real weights.

The weights are not part of this repository. They are read from the folder vit-tiny in $ALFA_SHARED_DATA, or in
shared/data beside the repository.
"""

import os
import pathlib

import torch

from arrays import pack, write
from backbones import timm_from
from pictures import scene
from tiny_models import FIXTURES
from towers import normalised, run_windows

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("ALFA_SHARED_DATA", ROOT.parent / "shared" / "data"))
SEED, SCALE = 7, 12


@torch.no_grad()
def main():
    folder = SHARED / "vit-tiny"
    embeddings = {}
    for size in (224, 160, 288):
        tower, preprocess = timm_from(folder, size=None if size == 224 else size)
        pixels = normalised(scene(size, size, SEED)[None], preprocess)
        embeddings[str(size)] = pack(tower.image(pixels)[0].numpy(), "float32")
        if size == 224:
            windows, _ = run_windows(tower, tower.tokens(pixels), 14, SCALE)
    write(
        FIXTURES / "vit-tiny.json",
        {
            "made_by": "tools/references/vit_tiny.py",
            "versions": {"torch": torch.__version__.split("+")[0]},
            "picture": {"generator": "scene", "seed": SEED},
            "image_embeddings": embeddings,
            "windows": {str(SCALE): pack(windows[0].numpy(), "float32")},
        },
    )


if __name__ == "__main__":
    main()
