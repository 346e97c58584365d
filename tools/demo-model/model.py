"""open_clip's CLIP with the same tensor names, plus a forward over any sets of patches as segments."""

import torch
import torch.nn as nn
import torch.nn.functional as F

CONFIG = {
    "model_cfg": {
        "embed_dim": 128,
        "vision_cfg": {"image_size": 96, "layers": 4, "width": 128, "head_width": 32, "patch_size": 8},
        "text_cfg": {"context_length": 64, "vocab_size": 2048, "width": 128, "heads": 4, "layers": 4},
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
}


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width**-0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x, shapes, causal=False):
        """x: [T, D] rows of all segments; shapes: [(segments, length)], in the order of the rows."""
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        out = []
        for part, (count, length) in zip(qkv.split([c * n for c, n in shapes]), shapes):
            q, k, v = part.view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            # Written out, because in bf16 on a CPU this is three times as fast as the fused call.
            score = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
            if causal:
                score = score + torch.full((length, length), -torch.inf, dtype=score.dtype).triu(1)
            y = score.softmax(-1) @ v
            out.append(y.transpose(1, 2).reshape(count * length, -1))
        return self.out_proj(torch.cat(out))

    def value(self, x):
        """The value of each row as if it attended only to itself."""
        d = x.shape[1]
        return self.out_proj(F.linear(x, self.in_proj_weight[2 * d :], self.in_proj_bias[2 * d :]))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x, shapes, causal=False):
        x = x + self.attn(self.ln_1(x), shapes, causal).to(x.dtype)
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)))).to(x.dtype)


class Transformer(nn.Module):
    def __init__(self, width, layers, heads):
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, heads) for _ in range(layers))


class Visual(nn.Module):
    def __init__(self, embed, image_size, layers, width, head_width, patch_size):
        super().__init__()
        self.grid = image_size // patch_size
        self.conv1 = nn.Conv2d(3, width, patch_size, patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positional_embedding = nn.Parameter(torch.randn(self.grid**2 + 1, width) * width**-0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Transformer(width, layers, width // head_width)
        self.proj = nn.Parameter(torch.randn(width, embed) * width**-0.5)

    def tokens(self, images):
        """[B, 3, S, S] normalised -> [B, 1 + N, D], class token first, after ln_pre."""
        p = self.conv1.kernel_size[0]
        b, g = len(images), self.grid
        x = images.view(b, 3, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(b, g * g, -1)
        x = F.linear(x, self.conv1.weight.flatten(1)).to(self.class_embedding.dtype)
        x = torch.cat([self.class_embedding.expand(b, 1, -1), x], 1)
        return self.ln_pre(x + self.positional_embedding)

    def forward(self, groups):
        """groups: list of [segments, length, D] -> per group (class embeddings [segments, E], values
        [segments, length, E]), all of unit length."""
        shapes = [g.shape[:2] for g in groups]
        x = torch.cat([g.flatten(0, 1) for g in groups])
        *first, last = self.transformer.resblocks
        for block in first:
            x = block(x, shapes)
        value = last.attn.value(last.ln_1(x))
        x = last(x, shapes)
        heads = torch.cat([torch.arange(c) * n + s for (c, n), s in zip(shapes, starts(shapes))])
        cls = F.normalize(self.ln_post(x[heads]).float() @ self.proj.float(), dim=-1)
        value = F.normalize(self.ln_post(value).float() @ self.proj.float(), dim=-1)
        return (
            cls.split([c for c, _ in shapes]),
            [v.view(c, n, -1) for v, (c, n) in zip(value.split([c * n for c, n in shapes]), shapes)],
        )


def starts(shapes):
    at, out = 0, []
    for c, n in shapes:
        out.append(at)
        at += c * n
    return out


class Clip(nn.Module):
    def __init__(self, config=CONFIG):
        super().__init__()
        m = config["model_cfg"]
        t = m["text_cfg"]
        self.visual = Visual(m["embed_dim"], **m["vision_cfg"])
        self.transformer = Transformer(t["width"], t["layers"], t["heads"])
        self.token_embedding = nn.Embedding(t["vocab_size"], t["width"])
        self.positional_embedding = nn.Parameter(torch.randn(t["context_length"], t["width"]) * 0.01)
        self.ln_final = nn.LayerNorm(t["width"])
        self.text_projection = nn.Parameter(torch.randn(t["width"], m["embed_dim"]) * t["width"] ** -0.5)
        self.logit_scale = nn.Parameter(torch.tensor(14.2857).log())
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def encode_text(self, ids):
        """ids: [B, L] padded with 0 after the end of text, which has the highest id -> [B, E], unit rows."""
        b, n = ids.shape
        x = (self.token_embedding(ids) + self.positional_embedding[:n]).flatten(0, 1)
        for block in self.transformer.resblocks:
            x = block(x, [(b, n)], causal=True)
        x = self.ln_final(x).view(b, n, -1)[torch.arange(b), ids.argmax(1)]
        return F.normalize(x.float() @ self.text_projection.float(), dim=-1)
