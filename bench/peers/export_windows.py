"""The windows' graph of stock operators for onnxruntime-node: export_windows.py MODEL SIZE FILE. (What engine.exportOnnx
writes holds alfa.SegmentAttention, which no other runtime has.)"""

import sys

import torch

from checkpoint import load
from windows import Windows


def main():
    folder, size, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.backends.mha.set_fastpath_enabled(False)  # the fused operator has no ONNX
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
