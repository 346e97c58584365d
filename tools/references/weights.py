"""Random weights of a tower that behaves like a trained one: outputs that differ, attention that is far from even."""

import torch

NORMS = ("ln_", "norm", "layrnorm")


def scale_of(name, shape):
    if any(part in name for part in ("class_embedding", "token_embedding", "cls_token", "reg_token", "register_token")):
        return 1.0
    if "position" in name or "pos_embed" in name:
        return 0.5
    if name.endswith("bias"):
        return 0.1
    if name in ("visual.proj", "text_projection"):  # open_clip keeps these as [in, out]
        return shape[0] ** -0.5
    fan_in = 1
    for each in shape[1:]:
        fan_in *= each
    # The deviation of the attention logits is the square of this 1.3.
    return (1.3 if any(part in name for part in ("q_proj", "k_proj", "in_proj", "attn.qkv")) else 1.0) * fan_in**-0.5


@torch.no_grad()
def vary(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        if name.startswith("logit_"):
            continue
        random = torch.randn(parameter.shape, generator=generator)
        if any(part in name for part in NORMS) and name.endswith("weight"):
            parameter.copy_(1 + 0.2 * random)
        elif name.endswith(("gamma", "lambda1")):  # LayerScale
            parameter.copy_(0.8 + 0.4 * random)
        else:
            parameter.copy_(scale_of(name, parameter.shape) * random)
    return model.eval()
