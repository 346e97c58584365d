"""Writes test/fixtures/tiny-open-clip*, tiny-hf*: tiny CLIP checkpoints with random weights, and PyTorch's results."""

import copy
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from arrays import pack, write
from pictures import noise, shapes, smooth
from prompts import corpus, token_texts
from tiny_tokenizer import VOCABULARY, encode, tokenizer_json
from towers import hugging_face_from, normalised, open_clip_from, padded, run, run_windows
from weights import vary
from open_clip.model import CLIP
from transformers import CLIPConfig, CLIPModel

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test" / "fixtures"
SIZE, PATCH = 48, 8
SCALES = [2, 3]
HALVES = ("tiny-open-clip-fp16", "tiny-hf-bf16")
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
HALF = [0.5, 0.5, 0.5]


def pictures():
    return np.stack([noise(SIZE, SIZE, 1), smooth(SIZE, SIZE), shapes(SIZE)])


def write_tokenizer(folder):
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer_json(corpus()), ensure_ascii=False, indent=0), encoding="utf-8"
    )


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def open_clip_folder(name, seed, model_cfg, preprocess_cfg):
    folder = FIXTURES / name
    folder.mkdir(parents=True, exist_ok=True)
    model = vary(CLIP(**model_cfg), seed)
    write_json(folder / "open_clip_config.json", {"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg})
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    write_tokenizer(folder)


def hugging_face_folder(name, seed, config, preprocess, buffers):
    folder = FIXTURES / name
    model = vary(CLIPModel(CLIPConfig(**config)), seed)
    model.save_pretrained(folder)
    if buffers:  # older versions of transformers saved these two, and most published files still contain them
        path = folder / "model.safetensors"
        tensors = load_file(path)
        for tower in ("text_model", "vision_model"):
            ids = getattr(model, tower).embeddings.position_ids
            tensors[f"{tower}.embeddings.position_ids"] = ids.clone().contiguous()
        save_file(tensors, path, metadata={"format": "pt"})
    write_json(folder / "preprocessor_config.json", preprocess)
    write_tokenizer(folder)


def half_copy(source, name, dtype):
    """The same checkpoint with its floating tensors rounded."""
    folder = FIXTURES / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in (FIXTURES / source).iterdir():
        if path.suffix == ".safetensors":
            tensors = {k: v.to(dtype) if v.is_floating_point() else v for k, v in load_file(path).items()}
            save_file(tensors, folder / path.name, metadata={"format": "pt"})
        elif path.name != "expected.json":
            text = path.read_text(encoding="utf-8")
            if path.name == "config.json":
                text = text.replace('"float32"', '"bfloat16"')
            (folder / path.name).write_text(text, encoding="utf-8")


@torch.no_grad()
def outputs(tower, preprocess, ids, dtype):
    pixels = normalised(pictures(), preprocess, dtype)
    tokens = tower.tokens(pixels)
    image, value, hidden = run(tower, tokens)
    assert torch.allclose(image, tower.image(pixels), atol=1e-5), "the split forward is not the library's own"
    out = {
        "text_embeddings": tower.text(padded(ids, tower.pad)),
        "image_embeddings": image,
        "value": value,
        "hidden": torch.stack([h[0] for h in hidden]),
    }
    for k in SCALES:
        out[f"windows_{k}"], out[f"value_{k}"] = run_windows(tower, tokens, SIZE // PATCH, k)
    return {name: each.numpy() for name, each in out.items()}


def expected(name):
    folder = FIXTURES / name
    load = open_clip_from if (folder / "open_clip_config.json").exists() else hugging_face_from
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = token_texts()
    ids = [encode(tokenizer, text) for text in texts]
    assert len(ids[9]) == 77 and len(tokenizer.encode(texts[9]).ids) == 77 < len(tokenizer.encode(texts[10]).ids)
    tower, preprocess = load(folder)
    exact = outputs(tower, preprocess, ids, torch.float64)
    single, _ = load(folder, torch.float32)
    rounded = outputs(single, preprocess, ids, torch.float32)
    worst = max(float(np.abs(exact[key] - rounded[key]).max()) for key in exact if key != "hidden")
    brief = name in HALVES  # the embeddings of a rounded copy are enough
    rows = {} if brief else {"value": pack(exact["value"], "float32"), "hidden": pack(exact["hidden"], "float32")}
    write(
        folder / "expected.json",
        {
            "made_by": "tools/references/tiny_models.py",
            "versions": {"torch": torch.__version__.split("+")[0]},
            "float32_deviation": worst,
            "texts": texts,
            "ids": ids,
            "text_embeddings": pack(exact["text_embeddings"], "float32"),
            "picture_names": ["noise", "gradient", "shapes"],
            "pictures": pack(pictures(), "uint8"),
            "image_embeddings": pack(exact["image_embeddings"], "float32"),
            "scales": {
                str(k): {
                    "embeddings": pack(exact[f"windows_{k}"], "float32"),
                    **({} if brief else {"value": pack(exact[f"value_{k}"], "float32")}),
                }
                for k in SCALES
            },
            **rows,
        },
    )
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    spread = exact["image_embeddings"] @ exact["image_embeddings"].T
    print(
        f"{name}: float32 within {worst:.1e}, cosines of the pictures {spread[0, 1]:.2f} {spread[0, 2]:.2f} "
        f"{spread[1, 2]:.2f}, of the texts {np.median(exact['text_embeddings'] @ exact['text_embeddings'].T):.2f}"
    )


def main():
    text = {"context_length": 77, "vocab_size": VOCABULARY}
    open_clip_folder(
        "tiny-open-clip-gelu",
        1,
        {
            "embed_dim": 40,
            "vision_cfg": {"image_size": SIZE, "patch_size": PATCH, "width": 64, "layers": 3, "head_width": 32},
            "text_cfg": {**text, "width": 48, "heads": 3, "layers": 2},
        },
        {"mean": CLIP_MEAN, "std": CLIP_STD, "interpolation": "bicubic", "resize_mode": "shortest"},
    )
    open_clip_folder(
        "tiny-open-clip-quickgelu",
        2,
        {
            "embed_dim": 32,
            "quick_gelu": True,
            "vision_cfg": {
                "image_size": SIZE,
                "patch_size": PATCH,
                "width": 64,
                "layers": 3,
                "head_width": 16,
                "mlp_ratio": 2.0,
            },
            "text_cfg": {**text, "width": 48, "heads": 2, "layers": 2, "mlp_ratio": 2.0},
        },
        {"mean": HALF, "std": HALF, "interpolation": "bicubic", "resize_mode": "squash"},
    )
    vision = {"image_size": SIZE, "patch_size": PATCH, "num_hidden_layers": 3}
    text = {"vocab_size": VOCABULARY, "max_position_embeddings": 77, "num_hidden_layers": 2}
    hugging_face_folder(
        "tiny-hf-gelu",
        3,
        {
            "projection_dim": 24,
            "vision_config": {
                **vision,
                "hidden_size": 48,
                "intermediate_size": 144,
                "num_attention_heads": 3,
                "hidden_act": "gelu",
                "projection_dim": 24,
            },
            "text_config": {
                **text,
                "hidden_size": 32,
                "intermediate_size": 96,
                "num_attention_heads": 2,
                "hidden_act": "gelu",
                "projection_dim": 24,
                "bos_token_id": VOCABULARY - 2,
                "eos_token_id": VOCABULARY - 1,
                "pad_token_id": VOCABULARY - 1,
            },
        },
        {
            "do_resize": True,
            "size": {"shortest_edge": SIZE},
            "resample": 3,
            "do_center_crop": True,
            "crop_size": {"height": SIZE, "width": SIZE},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": HALF,
            "image_std": HALF,
            "do_convert_rgb": True,
            "image_processor_type": "CLIPImageProcessor",
        },
        buffers=False,
    )
    # OpenAI's published configs say eos_token_id 2, bos 0, pad 1: wrong numbers, which transformers interprets as
    # "pool at the highest id". They also write the sizes as plain numbers.
    hugging_face_folder(
        "tiny-hf-quickgelu",
        4,
        {
            "projection_dim": 40,
            "vision_config": {
                **vision,
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_attention_heads": 4,
                "hidden_act": "quick_gelu",
                "layer_norm_eps": 1e-4,
                "projection_dim": 40,
            },
            "text_config": {
                **text,
                "hidden_size": 48,
                "intermediate_size": 96,
                "num_attention_heads": 3,
                "hidden_act": "quick_gelu",
                "projection_dim": 40,
                "bos_token_id": 0,
                "eos_token_id": 2,
                "pad_token_id": 1,
            },
        },
        {
            "crop_size": SIZE,
            "do_center_crop": True,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "CLIPFeatureExtractor",
            "image_mean": CLIP_MEAN,
            "image_std": CLIP_STD,
            "resample": 3,
            "size": SIZE,
        },
        buffers=True,
    )
    half_copy("tiny-open-clip-gelu", "tiny-open-clip-fp16", torch.float16)
    half_copy("tiny-hf-gelu", "tiny-hf-bf16", torch.bfloat16)
    for name in (
        "tiny-open-clip-gelu",
        "tiny-open-clip-quickgelu",
        "tiny-hf-gelu",
        "tiny-hf-quickgelu",
        "tiny-open-clip-fp16",
        "tiny-hf-bf16",
    ):
        expected(name)


if __name__ == "__main__":
    main()
