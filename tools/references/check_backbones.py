"""Recomputes tiny_backbones.py's numbers a second way: NumPy in float64 from the tensors' names, LayerScale folded into
the matrices, positions resampled by Pillow (antialias) or by the sixteen weights of each point written out (plain)."""

import json
import math
import pathlib

import numpy as np
from PIL import Image

from arrays import unpack
from numpy_forward import blocks, gelu, norm, tensors_of, unit

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
TOLERANCE = 5e-7  # the stored numbers are float32, and so is Pillow's resampling


class Backbone:
    """Both layouts under one set of names; matrices as [in, out]."""

    def __init__(self, folder):
        self.t = tensors_of(folder / "model.safetensors")
        self.config = json.loads((folder / "config.json").read_text())
        self.timm() if "architecture" in self.config else self.dinov2(folder)

    def pair(self, name):
        return self.t[name + ".weight"], self.t[name + ".bias"]

    def linear(self, name, scale=None):
        gamma = self.t[scale] if scale in self.t else 1.0
        return self.t[name + ".weight"].T * gamma, self.t[name + ".bias"] * gamma

    def timm(self):
        cfg, args = self.config["pretrained_cfg"], self.config["model_args"]
        self.mean, self.std, self.antialias = cfg["mean"], cfg["std"], True
        heads = args.get("num_heads", {"vit_tiny_patch16_224": 3}.get(self.config["architecture"]))
        layers = []
        for i in range(args["depth"]):
            p = f"blocks.{i}."
            layers.append(
                {
                    "ln1": self.pair(p + "norm1"),
                    "ln2": self.pair(p + "norm2"),
                    "qkv": self.linear(p + "attn.qkv"),
                    "out": self.linear(p + "attn.proj", p + "ls1.gamma"),
                    "fc": self.linear(p + "mlp.fc1"),
                    "fc2": self.linear(p + "mlp.fc2", p + "ls2.gamma"),
                }
            )
        self.tower = {"heads": heads, "eps": 1e-6, "act": gelu, "layers": layers}
        self.last, self.patch = self.pair("norm"), self.pair("patch_embed.proj")
        self.leading = [self.t["cls_token"][0]] + ([self.t["reg_token"][0]] if "reg_token" in self.t else [])
        positions = self.t["pos_embed"][0]
        self.class_position, self.positions = (positions[:1], positions[1:]) if len(positions) % 2 else (0, positions)

    def dinov2(self, folder):
        cfg = self.config
        pre = json.loads((folder / "preprocessor_config.json").read_text())
        self.mean, self.std = pre["image_mean"], pre["image_std"]
        self.antialias = cfg["model_type"] == "dinov2_with_registers"
        layers = []
        for i in range(cfg["num_hidden_layers"]):
            p = f"encoder.layer.{i}."
            q, k, v = (self.linear(f"{p}attention.attention.{each}") for each in ("query", "key", "value"))
            layers.append(
                {
                    "ln1": self.pair(p + "norm1"),
                    "ln2": self.pair(p + "norm2"),
                    "qkv": (np.concatenate([q[0], k[0], v[0]], 1), np.concatenate([q[1], k[1], v[1]])),
                    "out": self.linear(p + "attention.output.dense", p + "layer_scale1.lambda1"),
                    "fc": self.linear(p + "mlp.fc1"),
                    "fc2": self.linear(p + "mlp.fc2", p + "layer_scale2.lambda1"),
                }
            )
        self.tower = {"heads": cfg["num_attention_heads"], "eps": cfg["layer_norm_eps"], "act": gelu, "layers": layers}
        self.last, self.patch = self.pair("layernorm"), self.pair("embeddings.patch_embeddings.projection")
        self.leading = [self.t["embeddings.cls_token"][0]]
        if self.antialias:
            self.leading.append(self.t["embeddings.register_tokens"][0])
        positions = self.t["embeddings.position_embeddings"][0]
        self.class_position, self.positions = positions[:1], positions[1:]

    def tokens(self, picture):
        x = (picture / 255 - np.array(self.mean)) / np.array(self.std)
        weight, bias = self.patch
        side = weight.shape[-1]
        grid = picture.shape[0] // side
        rows = x.reshape(grid, side, grid, side, 3).transpose(0, 2, 4, 1, 3).reshape(grid * grid, -1)
        rows = rows @ weight.reshape(len(weight), -1).T + bias + resampled(self.positions, grid, self.antialias)
        return np.concatenate([self.leading[0] + self.class_position, *self.leading[1:], rows])

    def image(self, rows):
        x, value = blocks(rows, self.tower)
        return self.head(x[0]), self.head(value)

    def head(self, x):
        return unit(norm(x, *self.last, self.tower["eps"]))


def resampled(rows, grid, antialias):
    own = math.isqrt(len(rows))
    if own == grid:
        return rows
    planes = rows.reshape(own, own, -1)
    if antialias:
        columns = [
            np.asarray(Image.fromarray(planes[:, :, c].astype(np.float32)).resize((grid, grid), Image.BICUBIC))
            for c in range(planes.shape[2])
        ]
        return np.stack(columns, 2).reshape(grid * grid, -1).astype(np.float64)

    def weight(x, a=-0.75):
        x = abs(x)
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0

    out = np.zeros((grid, grid, planes.shape[2]))
    for y in range(grid):
        for x in range(grid):
            v, u = ((each + 0.5) * own / grid - 0.5 for each in (y, x))
            for j in range(math.floor(v) - 1, math.floor(v) + 3):
                for i in range(math.floor(u) - 1, math.floor(u) + 3):
                    at = planes[min(max(j, 0), own - 1), min(max(i, 0), own - 1)]
                    out[y, x] += weight(v - j) * weight(u - i) * at
    return out.reshape(grid * grid, -1)


def check(folder):
    stored = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    backbone = Backbone(folder)
    worst = 0.0

    def compare(got, entry, *index):
        nonlocal worst
        worst = max(worst, float(np.abs(got - unpack(entry)[index]).max()))

    for p, picture in enumerate(unpack(stored["pictures"])):
        rows = backbone.tokens(picture)
        embedding, value = backbone.image(rows)
        compare(embedding, stored["image_embeddings"], p)
        compare(value, stored["value"], p)
        prefix = stored["prefix"]
        grid = math.isqrt(len(rows) - prefix)
        for k, scale in ((int(k), scale) for k, scale in stored["scales"].items()):
            for w in range((grid - k + 1) ** 2):
                i, j = divmod(w, grid - k + 1)
                patches = np.arange(grid * grid).reshape(grid, grid)[i : i + k, j : j + k].ravel()
                embedding, value = backbone.image(rows[[*range(prefix), *(prefix + patches)]])
                compare(embedding, scale["embeddings"], p, w)
                compare(value, scale["value"], p, w)
    sizes = json.loads((FIXTURES / "image-sizes.json").read_text(encoding="utf-8"))
    for size in ("32", "64"):
        for p, picture in enumerate(unpack(sizes[size]["pictures"])):
            compare(backbone.image(backbone.tokens(picture))[0], sizes[size]["image_embeddings"][folder.name], p)
    print(f"{folder.name}: within {worst:.1e}")
    assert worst < TOLERANCE


for each in ("tiny-timm", "tiny-timm-reg", "tiny-dinov2", "tiny-dinov2-reg"):
    check(FIXTURES / each)
