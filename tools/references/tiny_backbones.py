"""Writes test/fixtures/tiny-timm*, tiny-dinov2* and image-sizes.json.

These are tiny vision transformers with random weights and no text tower, with the embeddings of timm and transformers,
and the embeddings of every layout at other image sizes.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import torchvision_stub  # noqa: F401  (before open_clip and timm)
import open_clip.model
import timm
from timm.models import save_for_hf
from transformers import Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from arrays import pack, write
from backbones import dinov2_from, timm_from
from pictures import noise, shapes
from tiny_models import FIXTURES, PATCH, SCALES, SIZE, pictures, write_json
from towers import OpenClip, hugging_face_from, normalised, run, run_windows
from weights import vary

IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
SIZES = [32, 64]


def timm_folder(name, seed, architecture, half=False, **arguments):
    folder = FIXTURES / name
    model = vary(timm.create_model(architecture, img_size=SIZE, patch_size=PATCH, depth=3, **arguments), seed)
    save_for_hf(model, folder, safe_serialization=True)
    if half:
        path = folder / "model.safetensors"
        save_file({k: v.half() for k, v in load_file(path).items()}, path, metadata={"format": "pt"})


def dinov2_folder(name, seed, make, config):
    folder = FIXTURES / name
    vary(make(config), seed).save_pretrained(folder)
    write_json(
        folder / "preprocessor_config.json",
        {  # as published, except for the sizes
            "crop_size": {"height": SIZE, "width": SIZE},
            "do_center_crop": True,
            "do_convert_rgb": True,
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": IMAGENET_MEAN,
            "image_processor_type": "BitImageProcessor",
            "image_std": IMAGENET_STD,
            "resample": 3,
            "rescale_factor": 1 / 255,
            "size": {"shortest_edge": SIZE},
        },
    )


@torch.no_grad()
def outputs(tower, preprocess, dtype):
    pixels = normalised(pictures(), preprocess, dtype)
    tokens = tower.tokens(pixels)
    image, value, hidden = run(tower, tokens)
    assert torch.allclose(image, tower.image(pixels), atol=1e-5), "the split forward is not the library's own"
    out = {"image_embeddings": image, "value": value, "hidden": torch.stack([h[0] for h in hidden])}
    for k in SCALES:
        out[f"windows_{k}"], out[f"value_{k}"] = run_windows(tower, tokens, SIZE // PATCH, k, tower.prefix)
    return {name: each.numpy() for name, each in out.items()}


def expected(name, load):
    folder = FIXTURES / name
    tower, preprocess = load(folder)
    exact = outputs(tower, preprocess, torch.float64)
    rounded = outputs(*load(folder, torch.float32), torch.float32)
    worst = max(float(np.abs(exact[key] - rounded[key]).max()) for key in exact if key != "hidden")
    write(
        folder / "expected.json",
        {
            "made_by": "tools/references/tiny_backbones.py",
            "versions": {"torch": torch.__version__.split("+")[0], "timm": timm.__version__},
            "float32_deviation": worst,
            "prefix": tower.prefix,
            "picture_names": ["noise", "gradient", "shapes"],
            "pictures": pack(pictures(), "uint8"),
            "image_embeddings": pack(exact["image_embeddings"], "float32"),
            "scales": {
                str(k): {
                    "embeddings": pack(exact[f"windows_{k}"], "float32"),
                    "value": pack(exact[f"value_{k}"], "float32"),
                }
                for k in SCALES
            },
            "value": pack(exact["value"], "float32"),
            "hidden": pack(exact["hidden"], "float32"),
        },
    )
    (folder / "model.safetensors").chmod(0o644)
    spread = exact["image_embeddings"] @ exact["image_embeddings"].T
    print(f"{name}: float32 within {worst:.1e}, cosines {spread[0, 1]:.2f} {spread[0, 2]:.2f} {spread[1, 2]:.2f}")


def open_clip_at(folder, pixels, size):
    """Loads a checkpoint into a model of another image size, as open_clip does."""
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    config["vision_cfg"]["image_size"] = size
    model = open_clip.model.CLIP(**config)
    state = load_file(folder / "open_clip_model.safetensors")
    open_clip.model.resize_pos_embed(state, model)
    model.load_state_dict(state)
    return OpenClip(model.to(torch.float64).eval()).image(pixels)


def hugging_face_at(folder, pixels, size):
    model = hugging_face_from(folder)[0].model
    found = model.get_image_features(pixel_values=pixels, interpolate_pos_encoding=True)
    return F.normalize(found.pooler_output, dim=-1)


AT_SIZE = {
    "tiny-open-clip-gelu": open_clip_at,
    "tiny-hf-gelu": hugging_face_at,
    "tiny-timm": lambda folder, pixels, size: timm_from(folder, size=size)[0].image(pixels),
    "tiny-timm-reg": lambda folder, pixels, size: timm_from(folder, size=size)[0].image(pixels),
    "tiny-dinov2": lambda folder, pixels, size: dinov2_from(folder)[0].image(pixels),
    "tiny-dinov2-reg": lambda folder, pixels, size: dinov2_from(folder)[0].image(pixels),
}


def preprocess_of(folder):
    for name, key in (
        ("open_clip_config.json", "preprocess_cfg"),
        ("preprocessor_config.json", None),
        ("config.json", "pretrained_cfg"),
    ):
        if (folder / name).exists():
            config = json.loads((folder / name).read_text())
            config = config[key] if key else config
            return {each: config.get(each, config.get(f"image_{each}")) for each in ("mean", "std")}


@torch.no_grad()
def image_sizes():
    sizes = {}
    for size in SIZES:
        images = np.stack([noise(size, size, 1), shapes(size)])
        sizes[str(size)] = {
            "pictures": pack(images, "uint8"),
            "image_embeddings": {
                name: pack(
                    at(FIXTURES / name, normalised(images, preprocess_of(FIXTURES / name)), size).numpy(), "float32"
                )
                for name, at in AT_SIZE.items()
            },
        }
    write(
        FIXTURES / "image-sizes.json",
        {
            "made_by": "tools/references/tiny_backbones.py",
            "versions": {"torch": torch.__version__.split("+")[0], "timm": timm.__version__},
            **sizes,
        },
    )


def main():
    timm_folder("tiny-timm", 11, "vit_tiny_patch16_224", num_classes=5, embed_dim=48)
    timm_folder("tiny-timm-reg", 12, "vit_small_patch14_reg4_dinov2", half=True, embed_dim=64, num_heads=4)
    sizes = {"image_size": SIZE, "patch_size": PATCH, "num_hidden_layers": 3}
    dinov2_folder(
        "tiny-dinov2", 13, Dinov2Model, Dinov2Config(**sizes, hidden_size=64, num_attention_heads=4, mlp_ratio=2)
    )
    dinov2_folder(
        "tiny-dinov2-reg",
        14,
        Dinov2WithRegistersModel,
        Dinov2WithRegistersConfig(**sizes, hidden_size=48, num_attention_heads=3),
    )
    for name, load in (
        ("tiny-timm", timm_from),
        ("tiny-timm-reg", timm_from),
        ("tiny-dinov2", dinov2_from),
        ("tiny-dinov2-reg", dinov2_from),
    ):
        expected(name, load)
    image_sizes()


if __name__ == "__main__":
    main()
