"""anomalib's WinCLIP, its own forward as published: winclip_anomalib.py MODEL PICTURE SIZE THREADS. Its weights are not
downloaded but those of MODEL, and its two prompt embeddings are random: encoding them is no part of a detection."""

import sys

import torch

from checkpoint import load, normalised, serve  # before anomalib: it works around an incompatible torchvision
import anomalib.models.image.winclip.torch_model as winclip


def main():
    folder, picture, size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    pixels = open(picture, "rb").read()
    winclip.open_clip.create_model_and_transforms = lambda *_, **__: (load(folder), None, None)
    model = winclip.WinClipModel(class_name=None, scales=(2, 3)).eval()
    width = model.clip.visual.proj.shape[1]
    model._text_embeddings = torch.nn.functional.normalize(torch.randn(2, width), dim=-1)

    def detect():
        result = model(normalised(folder, pixels, size))
        return result.pred_score.item(), result.anomaly_map.numpy()

    @torch.no_grad()
    def embeddings():
        image, windows, _ = model.encode_image(normalised(folder, pixels, size))
        return torch.cat([image, *(each[0] for each in windows)])

    serve(["anomalib", "open_clip_torch", "torch"], detect, embeddings)


main()
