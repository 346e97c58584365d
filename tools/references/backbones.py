"""One face for timm's and transformers' vision transformers without a text tower, as towers.py has one for CLIP."""

import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import torchvision_stub  # noqa: F401  (before timm)
import timm
from timm.models.vision_transformer import checkpoint_filter_fn
from transformers import AutoModel


class Timm:
    def __init__(self, model):
        self.model = model
        self.prefix = model.num_prefix_tokens

    def image(self, pixels):
        return F.normalize(self.model.forward_features(pixels)[:, 0], dim=-1)

    def tokens(self, pixels):
        model = self.model
        return model.norm_pre(model._pos_embed(model.patch_embed(pixels)))

    def layers(self):
        return list(self.model.blocks)

    def head(self, x):
        return F.normalize(self.model.norm(x), dim=-1)

    def value(self, x):
        """Values of the last layer for its input x, through its output projection and LayerScale."""
        block = self.model.blocks[-1]
        width = x.shape[-1]
        qkv = block.attn.qkv
        values = F.linear(block.norm1(x), qkv.weight[2 * width :], qkv.bias[2 * width :])
        return block.ls1(block.attn.proj(values))


class Dinov2:
    def __init__(self, model):
        self.model = model
        self.prefix = 1 + getattr(model.config, "num_register_tokens", 0)

    def image(self, pixels):
        return F.normalize(self.model(pixel_values=pixels).pooler_output, dim=-1)

    def tokens(self, pixels):
        return self.model.embeddings(pixels)

    def layers(self):
        return list(self.model.encoder.layer)

    def head(self, x):
        return F.normalize(self.model.layernorm(x), dim=-1)

    def value(self, x):
        layer = self.model.encoder.layer[-1]
        return layer.layer_scale1(layer.attention.o_proj(layer.attention.v_proj(layer.norm1(x))))


def timm_from(folder, dtype=torch.float64, size=None):
    """`size`: another image size; the filter of checkpoints resamples the positions then, in the format of the file:
    half precision is widened first, so that it rounds nothing twice."""
    other = {} if size is None else {"img_size": size}
    model = timm.create_model(f"local-dir:{folder}", pretrained=False, **other)
    state = {name: each.float() for name, each in load_file(folder / "model.safetensors").items()}
    model.load_state_dict(checkpoint_filter_fn(state, model))
    config = json.loads((folder / "config.json").read_text())["pretrained_cfg"]
    return Timm(model.to(dtype).eval()), config


def dinov2_from(folder, dtype=torch.float64):
    """The model resamples its positions to the size of its pixels, whatever they are."""
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    preprocess = json.loads((folder / "preprocessor_config.json").read_text())
    return Dinov2(model.to(dtype).eval()), {"mean": preprocess["image_mean"], "std": preprocess["image_std"]}
