"""The recipes that read a map off one forward: MaskCLIP's values, AnoVL's V-V path, gradients of the last attention."""

import numpy as np
import torch

from alfa import abnormal_part
from towers import run


def patch_map(rows, pair, temperature):
    """rows: [N, E] of the patches. -> [G, G], the abnormal part of each"""
    grid = round(len(rows) ** 0.5)
    return np.array([abnormal_part(row, pair, temperature) for row in rows]).reshape(grid, grid)


def neighbours_mean(x):
    """Over the 3 x 3 patches that exist"""
    planes = torch.tensor(x)[None, None]
    return torch.nn.functional.avg_pool2d(planes, 3, 1, 1, count_include_pad=False)[0, 0].numpy()


def corners(x, size):
    """Bilinear, align_corners = true"""
    planes = torch.tensor(x)[None, None]
    return torch.nn.functional.interpolate(planes, size=size, mode="bilinear", align_corners=True)[0, 0].numpy()


def split(x, heads):
    """[n, D] -> [heads, n, D / heads]"""
    return x.reshape(len(x), heads, -1).transpose(0, 1)


def merge(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def mix(query, key, value):
    """-> attention weights [heads, n, n], what they make of the values"""
    weights = torch.softmax(query @ key.transpose(1, 2) / query.shape[-1] ** 0.5, -1)
    return weights, weights @ value


@torch.no_grad()
def value_path(tower, tokens):
    """CLIP Surgery's dual path: q = k = v of the normal path in every block, no MLP. tokens: [1 + N, D] -> [N, E]"""
    _, _, hidden = run(tower, tokens[None])
    x = tokens
    for layer in range(len(hidden) - 1):
        v = split(tower.qkv(layer, hidden[layer][0])[2], tower.heads)
        x = x + tower.out(layer, merge(mix(v, v, v)[1]))
    return tower.head(x[1:]).numpy()


def relevance(tower, tokens, direction):
    """-> similarity, gradient * attention of the class row [heads, 1 + N], the map [G, G]"""
    with torch.no_grad():
        image, _, hidden = run(tower, tokens[None])
        x = hidden[-2][0]
        q, k, v = (split(each, tower.heads) for each in tower.qkv(-1, x))
        attention = mix(q, k, v)[0]
    attention.requires_grad_()
    last = tower.feed(-1, x + tower.out(-1, merge(attention @ v)))
    assert torch.allclose(last, hidden[-1][0], atol=1e-5), "the layer taken apart is not the library's own"
    similarity = tower.head(last[0]) @ torch.tensor(direction).to(x.dtype)
    (gradient,) = torch.autograd.grad(similarity, attention)
    product = (gradient * attention).detach()[:, 0].numpy()
    grid = round((len(tokens) - 1) ** 0.5)
    return similarity.item(), product, np.maximum(0, product[:, 1:]).mean(0).reshape(grid, grid)
