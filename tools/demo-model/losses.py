"""The losses of a training step: the state of every segment and patch, and the captions that fit."""

import numpy as np
import torch
import torch.nn.functional as F
from sampling import DOUBT, subset, windows

SCALE = 1 / 0.07  # the temperature that detection uses
CLEAR = 0.15  # from this many patches of defect on, the defect is visible


def state_loss(emb, target, weight, pairs, which):
    """Softmax over the two labels at the run-time temperature. pairs: [P, 2, E]; which: a pair per row."""
    logit = SCALE * (emb * (pairs[:, 1] - pairs[:, 0])[which]).sum(-1)
    loss = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
    return (loss * weight).sum() / weight.sum().clamp(min=1), logit


class Anchors(torch.nn.Module):
    """A fixed point for each label, for training only. Images and captions learn towards them from the first
    step on. Without them learning starts slowly, because each tower needs what the other already discriminates."""

    def __init__(self, embed):
        super().__init__()
        self.at = torch.nn.Parameter(torch.linalg.qr(torch.randn(embed, 2))[0].T.clone())

    def pair(self):
        return F.normalize(self.at, dim=-1)[None]

    def text_loss(self, text, state):
        known = state >= 0
        return state_loss(
            text[known],
            state[known].float(),
            torch.ones(int(known.sum())),
            self.pair(),
            torch.zeros(int(known.sum()), dtype=torch.long),
        )[0]


def contrast(emb, text, fits, scale):
    """Multi-positive contrastive loss in both directions; rows and columns without a match are left out."""
    logit = scale * emb @ text.T
    hit = logit.masked_fill(~fits, -1e4)
    rows, columns = fits.any(1), fits.any(0)
    loss = (logit.logsumexp(1) - hit.logsumexp(1))[rows].mean()
    return 0.5 * (loss + (logit.logsumexp(0) - hit.logsumexp(0))[columns].mean())


def losses(model, anchors, images, share, names, kinds, texts, encode, rng, np_rng, full):
    b = len(images)
    whole = torch.randperm(b, generator=rng)[:full]  # the images that also run a pass over all patches
    with torch.autocast("cpu", torch.bfloat16):
        tokens = model.visual.tokens(images)
        sets = [subset(rng, share, np_rng), windows(rng, share, 2, 4), windows(rng, share, 3, 4)]
        groups, seen = [tokens[whole]], [share[whole].flatten(1).sum(1)]
        for s in sets:
            flat = s.flatten(1)
            picked = torch.gather(tokens[:, 1:], 1, flat[..., None].expand(-1, -1, tokens.shape[2])).unflatten(
                1, s.shape[1:]
            )
            head = tokens[:, :1, None].expand(-1, s.shape[1], -1, -1)
            groups.append(torch.cat([head, picked], 2).flatten(0, 1))
            seen.append(torch.gather(share.flatten(1), 1, flat).view(b, s.shape[1], -1).sum(2).flatten())
        cls, value = model.visual(groups)
        text = model.encode_text(torch.from_numpy(encode([t.text for t in texts])))
    owner = [whole] + [torch.arange(b).repeat_interleave(len(c) // b) for c in cls[1:]]

    # Pairs of captions: the mean of the generic ones, single generic ones, and each class's own.
    state = np.array([t.state for t in texts])
    generic = [
        torch.from_numpy(np.flatnonzero((state == s) & np.array([not t.name and not t.kind for t in texts])))
        for s in (0, 1)
    ]
    order = sorted(set(names))
    own = [
        [torch.tensor([i for i, t in enumerate(texts) if t.name == n and t.state == s and not t.kind]) for s in (0, 1)]
        for n in order
    ]
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
        options = torch.stack(
            [
                torch.zeros(len(e), dtype=torch.long),
                torch.randint(1, 1 + len(single), (len(e),), generator=rng),
                class_pair[who],
                torch.full((len(e),), len(pairs) - 1),
            ]
        )
        which = options.gather(0, kind[None])[0]
        loss, logit = state_loss(e, target, weight, pairs, which)
        total = total + loss * (1.5 if label == "all" else 1.0)
        sure = weight > 0
        parts[label] = loss.item()
        if label == "all":
            parts["acc"] = ((logit > 0) == (target > 0))[sure].float().mean().item()

    # The values of single patches, in all passes. The aligner compares them, and they teach fastest.
    for label, v, who, s in zip(
        ("v-all", "v-set"),
        value[:2],
        owner,
        (share[whole].flatten(1), torch.gather(share.flatten(1), 1, sets[0].flatten(1))),
    ):
        v = v[:, 1:].flatten(0, 1)
        s = s.flatten()
        target, weight = (s > CLEAR).float(), ((s > CLEAR) | (s < DOUBT)).float()
        weight = weight * (1 + 3 * target)
        who = who.repeat_interleave(len(v) // len(who))
        which = torch.where(
            torch.rand(len(v), generator=rng) < 0.5,
            torch.randint(2, (len(v),), generator=rng) * (len(pairs) - 1),
            class_pair[who],
        )
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
        fits = ((t_name[None] == "") & (state[None] >= 0)) | (t_name[None] == name[:, None])
        fits &= (state[None] < 0) | ((state[None] == 1) == bad[:, None])
        fits &= (t_kind[None] == "") | (t_kind[None] == kind[:, None])
        keep = torch.from_numpy(np.flatnonzero(sure))
        loss = contrast(e[keep], text, torch.from_numpy(fits)[keep], model.logit_scale.exp().clamp(max=50))
        total = total + 0.25 * loss
        parts[label] = loss.item()
    return total, parts
