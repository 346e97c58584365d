"""The content of a training step: images, sets of patches, and captions."""

import numpy as np
import torch
import torch.nn.functional as F
from captions import caption

DOUBT = 0.02  # from this many patches of defect on, the defect may be visible


class Pictures:
    """Rendered shards in memory, indexed by class and state."""

    def __init__(self, paths):
        parts = [np.load(p) for p in paths]
        self.image = torch.from_numpy(np.concatenate([p["image"] for p in parts]))
        self.mask = torch.from_numpy(np.concatenate([p["mask"] for p in parts]))
        self.name = np.concatenate([p["name"] for p in parts])
        self.kind = np.concatenate([p["defect"] for p in parts])
        self.of = {
            n: [np.flatnonzero((self.name == n) & ((self.kind != "") == bad)) for bad in (False, True)]
            for n in sorted(set(self.name))
        }

    def batch(self, rng, classes, each):
        names = rng.choice(sorted(self.of), classes, replace=False)
        return np.concatenate([rng.choice(self.of[n][bad], each) for n in names for bad in (0, 1)])


def prepare(images, masks, rng, mean, std):
    """Images that are rotated, mirrored, recoloured and blurred, and the defect's fraction of each patch."""
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
    """`count` windows of k x k patches per image, half of them near the defect -> patch numbers [B, count, k*k]."""
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
    """One patch set of a common size per image: a block, drawn half the time towards the defect, or patches at
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
