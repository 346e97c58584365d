"""Write a model in open_clip's layout: open_clip_config.json and open_clip_model.safetensors (fp16)."""

import argparse
import json
import os
import torch
from safetensors.torch import save_file
from model import CONFIG, Clip


def save(model, config, folder):
    os.makedirs(folder, exist_ok=True)
    tensors = {n: t.detach().to(torch.float16).contiguous() for n, t in model.state_dict().items()}
    save_file(tensors, f"{folder}/open_clip_model.safetensors", metadata={"format": "pt"})
    os.chmod(f"{folder}/open_clip_model.safetensors", 0o644)
    with open(f"{folder}/open_clip_config.json", "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoint")
    p.add_argument("folder")
    o = p.parse_args()
    clip = Clip()
    clip.load_state_dict(torch.load(o.checkpoint))
    save(clip, CONFIG, o.folder)
