"""One face for open_clip's and transformers' CLIP: tokens after the first norm, any subset of them through the tower.

Shapes: pixels [batch, 3, S, S] normalised, tokens [batch, n, D], embeddings [batch, E] unit.
"""

import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import torchvision_stub  # noqa: F401  (before open_clip)
from open_clip.model import CLIP
from transformers import CLIPConfig, CLIPModel


class OpenClip:
    pad = 0

    def __init__(self, model):
        self.model, self.visual = model, model.visual
        self.heads = model.visual.transformer.resblocks[0].attn.num_heads

    def text(self, ids):
        return self.model.encode_text(ids, normalize=True)

    def image(self, pixels):
        return self.model.encode_image(pixels, normalize=True)

    def tokens(self, pixels):
        return self.visual._embeds(pixels)

    def layers(self):
        return list(self.visual.transformer.resblocks)

    def head(self, x):
        """ln_post and projection of any rows"""
        return F.normalize(self.visual.ln_post(x) @ self.visual.proj, dim=-1)

    def qkv(self, layer, x):
        """Queries, keys and values of a layer for its input x"""
        block, width = self.layers()[layer], x.shape[-1]
        weight, bias = block.attn.in_proj_weight, block.attn.in_proj_bias
        parts = [slice(i * width, (i + 1) * width) for i in range(3)]
        return [F.linear(block.ln_1(x), weight[part], bias[part]) for part in parts]

    def out(self, layer, mixed):
        return self.layers()[layer].attn.out_proj(mixed)

    def feed(self, layer, x):
        block = self.layers()[layer]
        return x + block.mlp(block.ln_2(x))

    def value(self, x):
        """Values of the last layer for its input x, through its output projection."""
        return self.out(-1, self.qkv(-1, x)[2])


class HuggingFace:
    def __init__(self, model, pad):
        self.model, self.vision, self.pad = model, model.vision_model, pad
        self.heads = self.vision.encoder.layers[0].self_attn.num_heads

    def text(self, ids):
        return F.normalize(self.model.get_text_features(input_ids=ids).pooler_output, dim=-1)

    def image(self, pixels):
        return F.normalize(self.model.get_image_features(pixel_values=pixels).pooler_output, dim=-1)

    def tokens(self, pixels):
        return self.vision.pre_layrnorm(self.vision.embeddings(pixels))

    def layers(self):
        return [lambda x, layer=layer: layer(x, None) for layer in self.vision.encoder.layers]

    def head(self, x):
        return F.normalize(self.model.visual_projection(self.vision.post_layernorm(x)), dim=-1)

    def qkv(self, layer, x):
        block = self.vision.encoder.layers[layer]
        attention, x = block.self_attn, block.layer_norm1(x)
        return [attention.q_proj(x), attention.k_proj(x), attention.v_proj(x)]

    def out(self, layer, mixed):
        return self.vision.encoder.layers[layer].self_attn.out_proj(mixed)

    def feed(self, layer, x):
        block = self.vision.encoder.layers[layer]
        return x + block.mlp(block.layer_norm2(x))

    def value(self, x):
        return self.out(-1, self.qkv(-1, x)[2])


def run(tower, tokens, value=None):
    """-> class embedding [batch, E], value rows [batch, n, E], the input of every layer and the last output.
    value: what to take as values, the tower's own if not given"""
    hidden = [tokens]
    for layer in tower.layers():
        hidden.append(layer(hidden[-1]))
    return tower.head(hidden[-1][:, 0]), tower.head((value or tower.value)(hidden[-2])), hidden


def window_rows(grid, k, prefix):
    """Token rows of each k x k window, row-major, class row and registers first. -> [windows, prefix + k * k]"""
    return torch.tensor(
        [
            list(range(prefix)) + [prefix + (i + a) * grid + j + b for a in range(k) for b in range(k)]
            for i in range(grid - k + 1)
            for j in range(grid - k + 1)
        ]
    )


def run_windows(tower, tokens, grid, k, prefix=1, value=None):
    """-> embeddings [batch, windows, E], value rows [batch, windows, prefix + k * k, E]"""
    rows = window_rows(grid, k, prefix)
    batch, _, width = tokens.shape
    kept = tokens[:, rows].reshape(batch * len(rows), -1, width)
    embeddings, values, _ = run(tower, kept, value)
    return embeddings.reshape(batch, len(rows), -1), values.reshape(batch, len(rows), rows.shape[1], -1)


def open_clip_from(folder, dtype=torch.float64):
    config = json.loads((folder / "open_clip_config.json").read_text())
    model = CLIP(**config["model_cfg"])
    model.load_state_dict(load_file(folder / "open_clip_model.safetensors"))
    return OpenClip(model.to(dtype).eval()), config["preprocess_cfg"]


def hugging_face_from(folder, dtype=torch.float64):
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    preprocess = json.loads((folder / "preprocessor_config.json").read_text())
    pad = CLIPConfig.from_pretrained(folder).text_config.vocab_size - 1
    return HuggingFace(model.to(dtype).eval(), pad), {"mean": preprocess["image_mean"], "std": preprocess["image_std"]}


def normalised(pixels, preprocess, dtype=torch.float64):
    """uint8 [batch, S, S, 3] -> [batch, 3, S, S]"""
    x = torch.tensor(pixels).to(dtype) / 255
    x = (x - torch.tensor(preprocess["mean"], dtype=dtype)) / torch.tensor(preprocess["std"], dtype=dtype)
    return x.permute(0, 3, 1, 2).contiguous()


def padded(ids, pad, context=77):
    return torch.tensor([each + [pad] * (context - len(each)) for each in ids])
