"""The embeddings of an image and all its windows as one would write them in PyTorch for a GPU: the shape of
ViT-B-16-plus-240 with random weights, tokens outside a window dropped, one packed batch per window size,
scaled_dot_product_attention. Embeddings only: it does not resize, and computes no prompts and no maps, which makes it
faster. Pixels have the model's size. Needs only torch.

modes: fp32    eager, products in fp32
       tf32    eager, products in TF32
       fp16    eager, weights and activations in fp16
       compiled   fp16 under torch.compile, all three sizes one graph, replayed as a CUDA graph
       autotuned  the same, every kernel chosen by trial (minutes for each batch)"""

from measure_gpu import Clock, Report, arguments, check, measure, require

require("torch")
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402
from windows import window_rows  # noqa: E402

MODES = ["fp32", "tf32", "fp16", "compiled", "autotuned"]
FULL = {"image": 240, "patch": 16, "width": 896, "layers": 12, "heads": 14, "mlp": 3584, "embed": 640}
SMALL = {"image": 64, "patch": 16, "width": 64, "layers": 2, "heads": 2, "mlp": 256, "embed": 32}
COMPILED = {"compiled": "reduce-overhead", "autotuned": "max-autotune"}
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Attention(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = torch.nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = torch.nn.Parameter(torch.empty(3 * width))
        self.out_proj = torch.nn.Linear(width, width)

    def forward(self, x):
        n, rows, width = x.shape
        qkv = functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.view(n, rows, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.out_proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, rows, width))


class Block(torch.nn.Module):
    def __init__(self, width, heads, mlp):
        super().__init__()
        self.ln_1, self.ln_2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = torch.nn.Sequential()
        self.mlp.add_module("c_fc", torch.nn.Linear(width, mlp))
        self.mlp.add_module("gelu", torch.nn.GELU())
        self.mlp.add_module("c_proj", torch.nn.Linear(mlp, width))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Windows(torch.nn.Module):
    """8-bit pixels [B, S, S, 3] -> unit embeddings [B, 1 + windows, E], the whole image first.

    Parameters have the names of open_clip's `visual.`.
    """

    def __init__(self, image, patch, width, layers, heads, mlp, embed, scales=(2, 3)):
        super().__init__()
        grid = image // patch
        self.class_embedding = torch.nn.Parameter(torch.empty(width))
        self.positional_embedding = torch.nn.Parameter(torch.empty(grid * grid + 1, width))
        self.conv1 = torch.nn.Conv2d(3, width, patch, patch, bias=False)
        self.ln_pre, self.ln_post = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.transformer = torch.nn.Module()
        self.transformer.resblocks = torch.nn.ModuleList(Block(width, heads, mlp) for _ in range(layers))
        self.proj = torch.nn.Parameter(torch.empty(width, embed))
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1) * 255, persistent=False)
        for i, side in enumerate(scales):  # after the class row
            rows = window_rows(grid, side)
            self.register_buffer(
                f"rows{i}", torch.cat([torch.zeros(len(rows), 1, dtype=rows.dtype), rows + 1], 1), persistent=False
            )
        self.scales = len(scales)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5 if name != "proj" else width**-0.5)
            elif not name.endswith("weight"):
                torch.nn.init.normal_(parameter, std=0.1)

    def tower(self, x):
        for block in self.transformer.resblocks:
            x = block(x)
        return functional.normalize(self.ln_post(x[:, 0]) @ self.proj, dim=-1)

    def forward(self, pixels):
        x = ((pixels.permute(0, 3, 1, 2) - self.mean) / self.deviation).to(self.proj.dtype)
        patches = self.conv1(x).flatten(2).transpose(1, 2)
        n, _, width = patches.shape
        tokens = torch.cat([self.class_embedding.expand(n, 1, width), patches], 1) + self.positional_embedding
        tokens = self.ln_pre(tokens)
        out = [self.tower(tokens).unsqueeze(1)]
        for i in range(self.scales):
            rows = getattr(self, f"rows{i}")
            packed = tokens[:, rows].reshape(n * len(rows), rows.shape[1], width)
            out.append(self.tower(packed).view(n, len(rows), -1))
        return torch.cat(out, 1)


def prepared(shape, mode, device):
    torch.manual_seed(240)
    model = Windows(**shape).eval().to(device)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = mode == "tf32"
    if mode not in ("fp32", "tf32"):
        model = model.half()
    return torch.compile(model, mode=COMPILED[mode], fullgraph=True, dynamic=False) if mode in COMPILED else model


@torch.inference_mode()
def run(model, shape, batch, device, clock, seconds):
    cuda = device.startswith("cuda")
    host = torch.randint(0, 256, (batch, shape["image"], shape["image"], 3), dtype=torch.uint8)
    host = host.pin_memory() if cuda else host
    out = None

    def work():
        nonlocal out
        found = model(host.to(device, non_blocking=True))
        if out is None:
            out = torch.empty(found.shape, dtype=found.dtype, pin_memory=cuda)
        out.copy_(found, non_blocking=True)

    found = measure(clock, work, batch, seconds)
    if not torch.isfinite(out).all():
        raise ValueError("embeddings that are not finite")
    return found


def main():
    parser = arguments(__doc__, MODES)
    parser.add_argument("--small", action="store_true", help="a model of 2 layers: whether it runs, not how fast")
    chosen = parser.parse_args()
    check(parser, chosen, MODES)
    shape = SMALL if chosen.small else FULL
    clock = Clock(chosen.device)
    report = Report(
        f"windows of 2 and 3 patches in PyTorch, {'small' if chosen.small else 'ViT-B-16-plus-240'}",
        chosen.device,
        chosen.json,
    )
    for mode in chosen.modes:
        for batch in chosen.batch:
            try:
                if mode in COMPILED:
                    torch.compiler.reset()  # shapes are fixed, so each batch size is compiled separately
                report.add(
                    mode, run(prepared(shape, mode, chosen.device), shape, batch, chosen.device, clock, chosen.seconds)
                )
            except (RuntimeError, ValueError) as error:  # out of memory, or no compiler: other modes may still run
                report.fail(mode, batch, error)


if __name__ == "__main__":
    main()
