"""Train the demo model on rendered pictures. Every token set that detection uses is trained: all patches, subsets,
blocks, and 2x2 and 3x3 windows; what a segment is told about its state is decided by what its patches show."""
import argparse
import copy
import glob
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
from captions import caption
from catalogue import CLASSES
from export import save
from model import CONFIG, Clip
from tokens import build, encoder

SCALE = 1 / 0.07                    # the temperature that detection uses
CLEAR, DOUBT = 0.15, 0.02           # patches' worth of defect: visible from, possibly visible from
NAMES = list(CLASSES)


class Pictures:
    """Rendered shards in memory, indexed by class and state."""

    def __init__(self, paths):
        parts = [np.load(p) for p in paths]
        self.image = torch.from_numpy(np.concatenate([p["image"] for p in parts]))
        self.mask = torch.from_numpy(np.concatenate([p["mask"] for p in parts]))
        self.name = np.concatenate([p["name"] for p in parts])
        self.kind = np.concatenate([p["defect"] for p in parts])
        self.of = {n: [np.flatnonzero((self.name == n) & ((self.kind != "") == bad)) for bad in (False, True)]
                   for n in sorted(set(self.name))}

    def batch(self, rng, classes, each):
        names = rng.choice(sorted(self.of), classes, replace=False)
        return np.concatenate([rng.choice(self.of[n][bad], each) for n in names for bad in (0, 1)])


def prepare(images, masks, rng, mean, std):
    """Turned, mirrored, recoloured and refocused pictures, and the defect's share of each patch."""
    x, m = images.permute(0, 3, 1, 2).float() / 255, masks.float() / 255
    turns = rng.integers(0, 8, len(x))
    for t in range(1, 8):
        i = torch.from_numpy(np.flatnonzero(turns == t))
        if len(i):
            a, b = torch.rot90(x[i], t % 4, (2, 3)), torch.rot90(m[i], t % 4, (1, 2))
            x[i], m[i] = (a.flip(3), b.flip(2)) if t >= 4 else (a, b)
    def some(low, high, *shape):
        return torch.from_numpy(rng.uniform(low, high, (len(x), *shape)).astype(np.float32))
    focus = some(-0.5, 0.7, 1, 1, 1)
    x = x + focus * (x - F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
    x = (x * some(0.8, 1.2, 1, 1, 1) * some(0.92, 1.08, 3, 1, 1) + some(-0.06, 0.06, 1, 1, 1)).clamp(0, 1)
    return (x - mean) / std, F.avg_pool2d(m[:, None], 8)[:, 0]


def windows(rng, share, k, count):
    """Per picture `count` k x k windows, half of them drawn towards the defect -> patch numbers [B, count, k*k]."""
    b, g, _ = share.shape
    seen = F.avg_pool2d(share[:, None], k, 1)[:, 0].flatten(1) * k * k
    seen = (seen > DOUBT).double() * (1 + seen.clamp(max=2)) + 1e-4
    near = torch.multinomial(seen, count // 2, generator=rng)
    far = torch.randint(seen.shape[1], (b, count - count // 2), generator=rng)
    corner = torch.cat([near, far], 1)
    corner = corner // (g - k + 1) * g + corner % (g - k + 1)
    offset = (torch.arange(k)[:, None] * g + torch.arange(k)).flatten()
    return corner[..., None] + offset


def subset(rng, share, np_rng):
    """One patch set of a common size per picture: a block, drawn half the time towards the defect, or patches at
    random."""
    b, g, _ = share.shape
    side = int(np_rng.integers(4, 8))
    if np_rng.random() < 0.7:
        return windows(rng, share, side, 2)[torch.arange(b), torch.randint(2, (b,), generator=rng)][:, None]
    return torch.rand(b, g * g, generator=rng).argsort(1)[:, None, : side * side]


def captions_for(rng, names, kinds):
    """The step's captions: generic pairs, a pair per class, plain names, and kinds of defect."""
    rows = [caption(rng, "", s) for _ in range(6) for s in (0, 1)]
    for n in sorted(set(names)):
        rows += [caption(rng, n, s) for s in (0, 1)] + [caption(rng, n)]
    pairs = sorted({(n, k) for n, k in zip(names, kinds) if k})
    for i in rng.permutation(len(pairs))[:8]:
        n, k = pairs[i]
        rows.append(caption(rng, n if rng.random() < 0.5 else "", 1, k))
    return rows


def state_loss(emb, target, weight, pairs, which):
    """Softmax over the two labels at the run-time temperature. pairs: [P, 2, E]; which: a pair per row."""
    logit = SCALE * (emb * (pairs[:, 1] - pairs[:, 0])[which]).sum(-1)
    loss = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
    return (loss * weight).sum() / weight.sum().clamp(min=1), logit


class Anchors(torch.nn.Module):
    """A fixed point for each label, for training only. Pictures and captions both learn towards them from the first
    step on; with each other alone they wait long, since either's gradient is what the other already tells apart."""

    def __init__(self, embed):
        super().__init__()
        self.at = torch.nn.Parameter(torch.linalg.qr(torch.randn(embed, 2))[0].T.clone())

    def pair(self):
        return F.normalize(self.at, dim=-1)[None]

    def text_loss(self, text, state):
        known = state >= 0
        return state_loss(text[known], state[known].float(), torch.ones(int(known.sum())), self.pair(),
                          torch.zeros(int(known.sum()), dtype=torch.long))[0]


def contrast(emb, text, fits, scale):
    """Multi-positive contrast both ways; rows and columns that nothing fits are left out."""
    logit = scale * emb @ text.T
    hit = logit.masked_fill(~fits, -1e4)
    rows, columns = fits.any(1), fits.any(0)
    loss = (logit.logsumexp(1) - hit.logsumexp(1))[rows].mean()
    return 0.5 * (loss + (logit.logsumexp(0) - hit.logsumexp(0))[columns].mean())


def whiten(model, images, mean, std):
    """Start the patch embedding at the pictures' own principal components, evened out: a random start would let a
    patch's mean colour drown all that happens inside it, and defects are what happens inside."""
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
    return (torch.optim.Muon(hidden, lr=lr, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(rest, lr=lr, weight_decay=0.0, betas=(0.9, 0.98)))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("data")
    p.add_argument("out", help="folder for the checkpoint and the log")
    p.add_argument("--model", default="../../models/demo", help="folder that receives the exported model")
    p.add_argument("--minutes", type=float, default=50, help="length of the learning-rate schedule")
    p.add_argument("--steps", type=int, default=0, help="instead of --minutes: a fixed number of steps")
    p.add_argument("--classes", type=int, default=8)
    p.add_argument("--each", type=int, default=3, help="pictures per class and state in a batch")
    p.add_argument("--full", type=float, default=0.25,
                   help="share of the pictures that get a pass over all patches at the start; it grows to all of them")
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
    average = copy.deepcopy(model)      # what is exported: the running mean of the weights
    for _ in range(200 if not o.start else 0):      # the text tower alone first: it costs next to nothing
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
        loss, parts = losses(model, anchors, images, share, names, kinds, texts, encode, rng, np_rng,
                             round(len(rows) * (o.full + (1 - o.full) * at ** 2)))
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
            print(f"{step} {spent:.0f}s {step * len(rows) / spent:.1f} img/s "
                  + " ".join(f"{n} {v / 50:.3f}" for n, v in sums.items()), file=log)
            sums = {}
        if time.time() - saved > 120:
            saved = time.time()
            keep_all(model, average, o)
    keep_all(model, average, o)


def keep_all(model, average, o):
    torch.save(model.state_dict(), f"{o.out}/last.pt")
    torch.save(average.state_dict(), f"{o.out}/average.pt")
    save(average, CONFIG, o.model)


def losses(model, anchors, images, share, names, kinds, texts, encode, rng, np_rng, full):
    b = len(images)
    whole = torch.randperm(b, generator=rng)[:full]     # the pictures whose pass over all patches is run
    with torch.autocast("cpu", torch.bfloat16):
        tokens = model.visual.tokens(images)
        sets = [subset(rng, share, np_rng), windows(rng, share, 2, 4), windows(rng, share, 3, 4)]
        groups, seen = [tokens[whole]], [share[whole].flatten(1).sum(1)]
        for s in sets:
            flat = s.flatten(1)
            picked = torch.gather(tokens[:, 1:], 1, flat[..., None].expand(-1, -1, tokens.shape[2])).unflatten(1, s.shape[1:])
            head = tokens[:, :1, None].expand(-1, s.shape[1], -1, -1)
            groups.append(torch.cat([head, picked], 2).flatten(0, 1))
            seen.append(torch.gather(share.flatten(1), 1, flat).view(b, s.shape[1], -1).sum(2).flatten())
        cls, value = model.visual(groups)
        text = model.encode_text(torch.from_numpy(encode([t.text for t in texts])))
    owner = [whole] + [torch.arange(b).repeat_interleave(len(c) // b) for c in cls[1:]]

    # Pairs of captions: the mean of the generic ones, single generic ones, and each class's own.
    state = np.array([t.state for t in texts])
    generic = [torch.from_numpy(np.flatnonzero((state == s) & np.array([not t.name and not t.kind for t in texts])))
               for s in (0, 1)]
    order = sorted(set(names))
    own = [[torch.tensor([i for i, t in enumerate(texts) if t.name == n and t.state == s and not t.kind]) for s in (0, 1)]
           for n in order]
    ensemble = torch.stack([F.normalize(text[i].mean(0), dim=0) for i in generic])[None]
    single = torch.stack([text[i] for i in generic], 1)
    classed = torch.stack([torch.stack([F.normalize(text[i].mean(0), dim=0) for i in q]) for q in own])
    pairs = torch.cat([ensemble, single, classed, anchors.pair()])
    class_pair = torch.tensor([1 + len(single) + order.index(n) for n in names])

    total = anchors.text_loss(text, torch.from_numpy(state))
    parts = {"text": total.item()}
    for label, e, s, who in zip(("all", "set", "w2", "w3"), cls, seen, owner):
        target, weight = (s > CLEAR).float(), ((s > CLEAR) | (s < DOUBT)).float()
        kind = torch.randint(4, (len(e),), generator=rng)
        options = torch.stack([torch.zeros(len(e), dtype=torch.long), torch.randint(1, 1 + len(single), (len(e),), generator=rng),
                               class_pair[who], torch.full((len(e),), len(pairs) - 1)])
        which = options.gather(0, kind[None])[0]
        loss, logit = state_loss(e, target, weight, pairs, which)
        total = total + loss * (1.5 if label == "all" else 1.0)
        sure = weight > 0
        parts[label] = loss.item()
        if label == "all":
            parts["acc"] = ((logit > 0) == (target > 0))[sure].float().mean().item()

    # The values of single patches, in all passes: what the aligner compares, and the quickest teacher.
    for label, v, who, s in zip(("v-all", "v-set"), value[:2], owner, (share[whole].flatten(1), torch.gather(share.flatten(1), 1, sets[0].flatten(1)))):
        v = v[:, 1:].flatten(0, 1)
        s = s.flatten()
        target, weight = (s > CLEAR).float(), ((s > CLEAR) | (s < DOUBT)).float()
        weight = weight * (1 + 3 * target)
        who = who.repeat_interleave(len(v) // len(who))
        which = torch.where(torch.rand(len(v), generator=rng) < 0.5, torch.randint(2, (len(v),), generator=rng) * (len(pairs) - 1),
                            class_pair[who])
        loss, _ = state_loss(v, target, weight, pairs, which)
        total = total + loss
        parts[label] = loss.item()
    for label, v, c in zip(("v-w2", "v-w3"), value[2:], sets[1:]):
        s = torch.gather(share.flatten(1), 1, c.flatten(1)).flatten()
        v = v[:, 1:].flatten(0, 1)
        target, weight = (s > CLEAR).float(), ((s > CLEAR) | (s < DOUBT)).float()
        loss, _ = state_loss(v, target, weight, pairs, torch.zeros(len(v), dtype=torch.long))
        total = total + 0.5 * loss

    # Contrast with every caption: class, state and kind together.
    t_name, t_kind = np.array([t.name for t in texts]), np.array([t.kind for t in texts])
    for label, e, s, who in zip(("c-all", "c-set"), cls[:2], seen[:2], owner):
        name, kind = names[who.numpy()], kinds[who.numpy()]
        bad, sure = (s > CLEAR).numpy(), ((s > CLEAR) | (s < DOUBT)).numpy()
        fits = (((t_name[None] == "") & (state[None] >= 0)) | (t_name[None] == name[:, None]))
        fits &= (state[None] < 0) | ((state[None] == 1) == bad[:, None])
        fits &= (t_kind[None] == "") | (t_kind[None] == kind[:, None])
        keep = torch.from_numpy(np.flatnonzero(sure))
        loss = contrast(e[keep], text, torch.from_numpy(fits)[keep], model.logit_scale.exp().clamp(max=50))
        total = total + 0.25 * loss
        parts[label] = loss.item()
    return total, parts


if __name__ == "__main__":
    main()
