"""anomalib's WinCLIP, zero-shot, on a GPU: its own forward, from images to score and map. Pixels come
in the model's size; its two prompt embeddings are random, since encoding them is no part of a detection. Needs
bench/peers/requirements.txt.

modes: fp32      as published
       autocast  the same under torch.autocast in fp16"""

from measure_gpu import Clock, Report, arguments, check, measure, require

require("torch", "torchvision", "open_clip", "safetensors", "anomalib")
import torch  # noqa: E402
from checkpoint import load  # noqa: E402  before anomalib: it works around an incompatible torchvision
import anomalib.models.image.winclip.torch_model as winclip  # noqa: E402
import open_clip  # noqa: E402

MODES = ["fp32", "autocast"]


def model_of(folder, device):
    """The weights of `folder`, else open_clip's random ones for WinCLIP's own backbone."""
    torch.manual_seed(240)
    clip = load(folder) if folder else open_clip.create_model(winclip.BACKBONE)
    winclip.open_clip.create_model_and_transforms = lambda *_, **__: (clip, None, None)
    model = winclip.WinClipModel(class_name=None, scales=(2, 3)).eval()
    model._text_embeddings = torch.nn.functional.normalize(torch.randn(2, clip.visual.proj.shape[1]), dim=-1)
    return model.to(device)


def run(model, mode, batch, device, clock, seconds):
    size = model.clip.visual.image_size
    size = size[0] if isinstance(size, (tuple, list)) else size
    cuda = device.startswith("cuda")
    host = torch.randn(batch, 3, size, size)
    host = host.pin_memory() if cuda else host
    out = {}

    @torch.inference_mode()
    def work():
        with torch.autocast(
            "cuda" if cuda else "cpu", torch.float16 if cuda else torch.bfloat16, enabled=mode == "autocast"
        ):
            result = model(host.to(device, non_blocking=True))
        for name, found in (("score", result.pred_score), ("map", result.anomaly_map)):
            if name not in out:
                out[name] = torch.empty(found.shape, dtype=found.dtype, pin_memory=cuda)
            out[name].copy_(found, non_blocking=True)

    found = measure(clock, work, batch, seconds)
    if not all(torch.isfinite(each).all() for each in out.values()):
        raise ValueError("scores that are not finite")
    return found


def main():
    parser = arguments(__doc__, MODES)
    parser.add_argument(
        "--model", help="a checkpoint's folder in open_clip's layout; default random weights of the backbone"
    )
    chosen = parser.parse_args()
    check(parser, chosen, MODES)
    clock = Clock(chosen.device)
    report = Report(
        f"anomalib's WinCLIP, {chosen.model or winclip.BACKBONE + ' of random weights'}", chosen.device, chosen.json
    )
    model = model_of(chosen.model, chosen.device)
    for mode in chosen.modes:
        for batch in chosen.batch:
            try:
                report.add(mode, run(model, mode, batch, chosen.device, clock, chosen.seconds))
            except (RuntimeError, ValueError) as error:  # out of memory: other modes may still run
                report.fail(mode, batch, error)


if __name__ == "__main__":
    main()
