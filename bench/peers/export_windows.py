"""Exports the windows of an image as a graph with standard operators, for onnxruntime-node.

Use: export_windows.py MODEL SIZE FILE. The graphs of engine.exportOnnx contain alfa.SegmentAttention, which no other
runtime has.
"""

import sys

import torch

from checkpoint import load
from windows import Windows


def main():
    folder, size, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.backends.mha.set_fastpath_enabled(False)  # the fused operator has no ONNX equivalent
    model = Windows(load(folder).visual).eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, size, size),),
        file,
        input_names=["pixels"],
        output_names=["embeddings"],
        opset_version=17,
        dynamo=False,
    )


main()
