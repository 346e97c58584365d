"""A second forward, in NumPy and float64, from the tensors' names alone: it checks that towers.py says what CLIP is."""

import json
import math

import numpy as np
import torch
from safetensors import safe_open

erf = np.vectorize(math.erf)


def tensors_of(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name).to(torch.float64).numpy() for name in file.keys()}


def gelu(x):
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def quick_gelu(x):
    return x / (1 + np.exp(-1.702 * x))


def norm(x, weight, bias, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight + bias


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


class Checkpoint:
    """Both layouts under one set of names; matrices as [in, out]."""

    def __init__(self, folder):
        if (folder / "open_clip_config.json").exists():
            self.open_clip(folder)
        else:
            self.hugging_face(folder)

    def open_clip(self, folder):
        config = json.loads((folder / "open_clip_config.json").read_text())
        cfg, self.preprocess = config["model_cfg"], config["preprocess_cfg"]
        t = tensors_of(folder / "open_clip_model.safetensors")
        act = quick_gelu if cfg.get("quick_gelu") else gelu

        def layers(prefix):
            for i in range(sum(f"{prefix}.{i}.ln_1.weight" in t for i in range(99))):
                p = f"{prefix}.{i}."
                yield {
                    "ln1": (t[p + "ln_1.weight"], t[p + "ln_1.bias"]),
                    "ln2": (t[p + "ln_2.weight"], t[p + "ln_2.bias"]),
                    "qkv": (t[p + "attn.in_proj_weight"].T, t[p + "attn.in_proj_bias"]),
                    "out": (t[p + "attn.out_proj.weight"].T, t[p + "attn.out_proj.bias"]),
                    "fc": (t[p + "mlp.c_fc.weight"].T, t[p + "mlp.c_fc.bias"]),
                    "fc2": (t[p + "mlp.c_proj.weight"].T, t[p + "mlp.c_proj.bias"]),
                }

        width = cfg["vision_cfg"]["width"]
        self.vision = {
            "patch": t["visual.conv1.weight"],
            "class": t["visual.class_embedding"],
            "position": t["visual.positional_embedding"],
            "pre": (t["visual.ln_pre.weight"], t["visual.ln_pre.bias"]),
            "post": (t["visual.ln_post.weight"], t["visual.ln_post.bias"]),
            "proj": t["visual.proj"],
            "heads": width // cfg["vision_cfg"].get("head_width", 64),
            "eps": 1e-5,
            "act": act,
            "layers": list(layers("visual.transformer.resblocks")),
        }
        self.text = {
            "token": t["token_embedding.weight"],
            "position": t["positional_embedding"],
            "post": (t["ln_final.weight"], t["ln_final.bias"]),
            "proj": t["text_projection"],
            "heads": cfg["text_cfg"]["heads"],
            "eps": 1e-5,
            "act": act,
            "layers": list(layers("transformer.resblocks")),
        }

    def hugging_face(self, folder):
        config = json.loads((folder / "config.json").read_text())
        pre = json.loads((folder / "preprocessor_config.json").read_text())
        self.preprocess = {"mean": pre["image_mean"], "std": pre["image_std"]}
        t = tensors_of(folder / "model.safetensors")

        def pair(name):
            return t[name + ".weight"], t[name + ".bias"]

        def linear(name):
            return t[name + ".weight"].T, t[name + ".bias"]

        def tower(prefix, cfg):
            layers = []
            for i in range(cfg["num_hidden_layers"]):
                p = f"{prefix}.encoder.layers.{i}."
                q, k, v = (linear(f"{p}self_attn.{each}_proj") for each in "qkv")
                layers.append(
                    {
                        "ln1": pair(p + "layer_norm1"),
                        "ln2": pair(p + "layer_norm2"),
                        "qkv": (np.concatenate([q[0], k[0], v[0]], 1), np.concatenate([q[1], k[1], v[1]])),
                        "out": linear(p + "self_attn.out_proj"),
                        "fc": linear(p + "mlp.fc1"),
                        "fc2": linear(p + "mlp.fc2"),
                    }
                )
            return {
                "heads": cfg["num_attention_heads"],
                "eps": cfg["layer_norm_eps"],
                "layers": layers,
                "act": {"gelu": gelu, "quick_gelu": quick_gelu}[cfg["hidden_act"]],
            }

        v, x = "vision_model.", "text_model."
        self.vision = {
            **tower("vision_model", config["vision_config"]),
            "patch": t[v + "embeddings.patch_embedding.weight"],
            "class": t[v + "embeddings.class_embedding"],
            "position": t[v + "embeddings.position_embedding.weight"],
            "pre": pair(v + "pre_layrnorm"),
            "post": pair(v + "post_layernorm"),
            "proj": t["visual_projection.weight"].T,
        }
        self.text = {
            **tower("text_model", config["text_config"]),
            "token": t[x + "embeddings.token_embedding.weight"],
            "position": t[x + "embeddings.position_embedding.weight"],
            "post": pair(x + "final_layer_norm"),
            "proj": t["text_projection.weight"].T,
        }


def attention(x, layer, heads, causal):
    n, width = x.shape
    q, k, v = np.split(x @ layer["qkv"][0] + layer["qkv"][1], 3, axis=1)
    out = np.empty_like(x)
    for h in range(heads):
        part = slice(h * width // heads, (h + 1) * width // heads)
        logits = q[:, part] @ k[:, part].T / math.sqrt(width // heads)
        if causal:
            logits = np.where(np.tri(n, dtype=bool), logits, -np.inf)
        weights = np.exp(logits - logits.max(1, keepdims=True))
        out[:, part] = weights / weights.sum(1, keepdims=True) @ v[:, part]
    return out @ layer["out"][0] + layer["out"][1], v @ layer["out"][0] + layer["out"][1]


def blocks(x, tower, causal=False):
    """-> the last output, the last layer's values through its output projection"""
    for layer in tower["layers"]:
        mixed, value = attention(norm(x, *layer["ln1"], tower["eps"]), layer, tower["heads"], causal)
        x = x + mixed
        inner = tower["act"](norm(x, *layer["ln2"], tower["eps"]) @ layer["fc"][0] + layer["fc"][1])
        x = x + inner @ layer["fc2"][0] + layer["fc2"][1]
    return x, value


def text(checkpoint, ids):
    """Only as many rows as the text has: what comes after the end mark cannot matter."""
    tower = checkpoint.text
    x, _ = blocks(tower["token"][ids] + tower["position"][: len(ids)], tower, causal=True)
    return unit(norm(x[-1], *tower["post"], tower["eps"]) @ tower["proj"])


def tokens(checkpoint, picture):
    tower = checkpoint.vision
    x = (picture / 255 - np.array(checkpoint.preprocess["mean"])) / np.array(checkpoint.preprocess["std"])
    patch = tower["patch"].shape[-1]
    grid = picture.shape[0] // patch
    rows = x.reshape(grid, patch, grid, patch, 3).transpose(0, 2, 4, 1, 3).reshape(grid * grid, -1)
    rows = rows @ tower["patch"].reshape(tower["patch"].shape[0], -1).T
    rows = np.concatenate([tower["class"][None], rows]) + tower["position"]
    return norm(rows, *tower["pre"], tower["eps"])


def image(checkpoint, rows):
    """rows of one segment -> class embedding [E], value rows [n, E]"""
    tower = checkpoint.vision
    x, value = blocks(rows, tower)

    def head(y):
        return unit(norm(y, *tower["post"], tower["eps"]) @ tower["proj"])

    return head(x[0]), head(value)
