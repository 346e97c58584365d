"""Shared by the Python peers: the checkpoint as open_clip's model, the image, and turns with bench/peers/peers.mjs."""

import json
import platform
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import torch

NAME = "alfa-peer"


def tolerate_torchvision():
    """A torchvision built for another PyTorch (CUDA's beside a CPU one) misses its own operators; none is used here."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    return library


try:
    import torchvision  # noqa: F401
except RuntimeError:
    for module in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[module]
    defined = tolerate_torchvision()  # must live as long as the process
import open_clip  # noqa: E402
from safetensors.torch import load_file  # noqa: E402


def config_of(folder):
    return json.loads((Path(folder) / "open_clip_config.json").read_text())


def load(folder):
    """open_clip's own model with the checkpoint's weights, fp32, for inference."""
    with tempfile.TemporaryDirectory() as configs:
        path = Path(configs) / f"{NAME}.json"
        path.write_text(json.dumps(config_of(folder)["model_cfg"]))
        open_clip.add_model_config(path)
    model = open_clip.create_model(NAME)
    missing, unknown = model.load_state_dict(load_file(Path(folder) / "open_clip_model.safetensors"), strict=False)
    if unknown or set(missing) - {"logit_scale", "attn_mask"}:
        raise SystemExit(f"the checkpoint is not open_clip's: missing {missing}, unknown {unknown}")
    return model.eval().float()


def normalised(folder, pixels, size):
    """[1, 3, size, size] of RGB bytes."""
    preprocess = config_of(folder)["preprocess_cfg"]
    image = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).reshape(size, size, 3).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(preprocess[key]).reshape(3, 1, 1) for key in ("mean", "std"))
    return ((image - mean) / std).unsqueeze(0)


def serve(packages, detect, embeddings):
    """Reports that it is ready, with the mean of its embeddings ([1 + windows, E], unit rows), then serves turns."""
    versions = ", ".join([*(f"{each} {version(each)}" for each in packages), f"Python {platform.python_version()}"])
    rows = torch.nn.functional.normalize(embeddings(), dim=-1)
    say(versions=versions, sample=rows.mean(0).tolist(), windows=len(rows) - 1)
    for _ in sys.stdin:
        start, used = time.perf_counter(), time.process_time()
        detect()
        say(
            ms=1000 * (time.perf_counter() - start),
            cpu=1000 * (time.process_time() - used),
            peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        )


def say(**values):
    print(json.dumps(values), flush=True)
