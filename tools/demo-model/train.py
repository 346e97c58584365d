"""Trains the demo model on rendered images. Every token set that detection uses is trained: all patches, subsets,
blocks, and 2x2 and 3x3 windows. The label of a segment depends on what its patches show."""

import argparse
import copy
import glob
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
from export import save
from losses import Anchors, losses
from model import CONFIG, Clip
from sampling import Pictures, captions_for, prepare
from tokens import build, encoder


def whiten(model, images, mean, std):
    """Initialises the patch embedding with the whitened principal components of the images. With a random start, the
    mean colour of a patch would hide the structure inside it, and defects are such structure."""
    x = (images.permute(0, 3, 1, 2).float() / 255 - mean) / std
    rows = F.unfold(x, 8, stride=8).transpose(1, 2).flatten(0, 1)
    power, axes = torch.linalg.eigh(torch.cov(rows.T))
    width = model.visual.conv1.weight.shape[0]
    kernel = (axes[:, -width:] / (power[-width:] + 0.02).sqrt()).T
    with torch.no_grad():
        model.visual.conv1.weight.copy_(kernel.view_as(model.visual.conv1.weight))
        model.visual.positional_embedding.normal_(std=0.3)


def optimisers_for(model, anchors, lr):
    hidden = [q for n, q in model.named_parameters() if "resblocks" in n and q.ndim == 2]
    chosen = {id(q) for q in hidden}
    rest = [q for q in model.parameters() if id(q) not in chosen] + [anchors.at]
    return (
        torch.optim.Muon(hidden, lr=lr, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=lr, weight_decay=0.0, betas=(0.9, 0.98)),
    )


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("data")
    p.add_argument("out", help="folder for the checkpoint and the log")
    p.add_argument("--model", default="../../models/demo", help="folder that receives the exported model")
    p.add_argument("--minutes", type=float, default=50, help="length of the learning-rate schedule")
    p.add_argument("--steps", type=int, default=0, help="instead of --minutes: a fixed number of steps")
    p.add_argument("--classes", type=int, default=8)
    p.add_argument("--each", type=int, default=3, help="pictures per class and state in a batch")
    p.add_argument(
        "--full",
        type=float,
        default=0.25,
        help="share of the pictures that get a pass over all patches at the start; it grows to all of them",
    )
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--start", help="checkpoint to continue from")
    o = p.parse_args()
    for folder in (o.out, o.model):
        os.makedirs(folder, exist_ok=True)
    torch.manual_seed(o.seed)
    np_rng, rng = np.random.default_rng(o.seed), torch.Generator().manual_seed(o.seed)
    if not os.path.exists(f"{o.model}/tokenizer.json"):
        build(f"{o.model}/tokenizer.json", CONFIG["model_cfg"]["text_cfg"]["vocab_size"], o.seed)
    encode = encoder(f"{o.model}/tokenizer.json", CONFIG["model_cfg"]["text_cfg"]["context_length"])
    data = Pictures(sorted(glob.glob(f"{o.data}/train-*.npz")))
    mean, std = (torch.tensor(CONFIG["preprocess_cfg"][n]).view(3, 1, 1) for n in ("mean", "std"))
    model = Clip()
    whiten(model, data.image[::40], mean, std)
    if o.start:
        model.load_state_dict(torch.load(o.start))
    anchors = Anchors(CONFIG["model_cfg"]["embed_dim"])
    optimisers = optimisers_for(model, anchors, o.lr)
    log = open(f"{o.out}/train.log", "a", buffering=1)
    print(f"{len(data.image)} pictures, {sum(q.numel() for q in model.parameters()) / 1e6:.2f} M parameters", file=log)
    average = copy.deepcopy(model)  # exported: the running mean of the weights
    for _ in range(200 if not o.start else 0):  # first only the text tower: it costs almost nothing
        names = np_rng.choice(sorted(data.of), 8)
        texts = captions_for(np_rng, names, [""] * 8)
        text = model.encode_text(torch.from_numpy(encode([t.text for t in texts])))
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss = anchors.text_loss(text, torch.tensor([t.state for t in texts]))
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        if loss.item() < 0.1:
            break
    begun, step, saved, sums = time.time(), 0, time.time(), {}
    while True:
        at = step / o.steps if o.steps else (time.time() - begun) / 60 / o.minutes
        if at >= 1:
            break
        for group in (g for optimiser in optimisers for g in optimiser.param_groups):
            group["lr"] = o.lr * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * at)) + 1e-6
        rows = data.batch(np_rng, o.classes, o.each)
        images, share = prepare(data.image[rows], data.mask[rows], np_rng, mean, std)
        names, kinds = data.name[rows], data.kind[rows]
        texts = captions_for(np_rng, names, kinds)
        loss, parts = losses(
            model,
            anchors,
            images,
            share,
            names,
            kinds,
            texts,
            encode,
            rng,
            np_rng,
            round(len(rows) * (o.full + (1 - o.full) * at**2)),
        )
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        step += 1
        with torch.no_grad():
            keep = min(0.998, step / (step + 20))
            for a, b in zip(average.parameters(), model.parameters()):
                a.lerp_(b, 1 - keep)
        for n, v in parts.items():
            sums[n] = sums.get(n, 0) + v
        if step % 50 == 0:
            spent = time.time() - begun
            print(
                f"{step} {spent:.0f}s {step * len(rows) / spent:.1f} img/s "
                + " ".join(f"{n} {v / 50:.3f}" for n, v in sums.items()),
                file=log,
            )
            sums = {}
        if time.time() - saved > 120:
            saved = time.time()
            keep_all(model, average, o)
    keep_all(model, average, o)


def keep_all(model, average, o):
    torch.save(model.state_dict(), f"{o.out}/last.pt")
    torch.save(average.state_dict(), f"{o.out}/average.pt")
    save(average, CONFIG, o.model)


if __name__ == "__main__":
    main()
