"""A plain loop over batches of windows with open_clip on PyTorch: open_clip_windows.py MODEL IMAGE SIZE THREADS.

It computes embeddings only, no prompts and no map, which makes it faster.
"""

import sys

import torch

from checkpoint import load, normalised, serve
from windows import Windows


def main():
    folder, picture, size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    pixels = open(picture, "rb").read()
    model = Windows(load(folder).visual)

    @torch.inference_mode()
    def embeddings():
        return model(normalised(folder, pixels, size))

    serve(["open_clip_torch", "torch"], embeddings, embeddings)


main()
