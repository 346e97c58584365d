"""Recomputes every tiny CLIP's expected.json a second way: numpy_forward.py, and open_clip's own BPE for the ids."""

import gzip
import json
import pathlib
import tempfile

import numpy as np

import numpy_forward as second
import torchvision_stub  # noqa: F401
from arrays import unpack
from open_clip.tokenizer import SimpleTokenizer

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
TOLERANCE = 2e-7  # the stored numbers are float32


def second_ids(folder, texts):
    merges = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["merges"]
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(gzip.compress("\n".join(["#version", *merges]).encode()))
        file.flush()
        ids = SimpleTokenizer(bpe_path=file.name)(texts, 77).numpy()
    return [row[: int(row.argmax()) + 1].tolist() for row in ids]


def check(folder):
    stored = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert second_ids(folder, stored["texts"]) == stored["ids"], f"{folder.name}: ids"
    checkpoint = second.Checkpoint(folder)
    worst = 0.0

    def compare(got, entry, *index):
        nonlocal worst
        worst = max(worst, float(np.abs(got - unpack(entry)[index]).max()))

    for i, ids in enumerate(stored["ids"]):
        compare(second.text(checkpoint, ids), stored["text_embeddings"], i)
    for p, picture in enumerate(unpack(stored["pictures"])):
        rows = second.tokens(checkpoint, picture)
        embedding, value = second.image(checkpoint, rows)
        compare(embedding, stored["image_embeddings"], p)
        if "value" in stored:
            compare(value, stored["value"], p)
        grid = round((len(rows) - 1) ** 0.5)
        for k, scale in ((int(k), scale) for k, scale in stored["scales"].items()):
            for w in range((grid - k + 1) ** 2):
                i, j = divmod(w, grid - k + 1)
                patches = np.arange(grid * grid).reshape(grid, grid)[i : i + k, j : j + k].ravel()
                embedding, value = second.image(checkpoint, rows[[0, *(1 + patches)]])
                compare(embedding, scale["embeddings"], p, w)
                if "value" in scale:
                    compare(value, scale["value"], p, w)
    print(f"{folder.name}: within {worst:.1e}")
    assert worst < TOLERANCE


for each in sorted(FIXTURES.glob("tiny-*/tokenizer.json")):
    check(each.parent)
