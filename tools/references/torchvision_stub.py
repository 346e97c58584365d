"""Just enough of torchvision for open_clip's and timm's model classes to import. Import this before either.

They need torchvision for image transforms, data sets and frozen batch norm; the references use none of them.
"""

import importlib.machinery
import sys
import types


class Unused:
    def __init__(self, *args, **kwargs):
        raise RuntimeError("a stand-in for torchvision was called")


def module(name, *names):
    made = types.ModuleType(name)
    made.__spec__ = importlib.machinery.ModuleSpec(name, None)
    made.__path__ = []
    for each in names:
        setattr(made, each, type(each, (Unused,), {}))
    sys.modules[name] = made
    return made


def install():
    # transformers looks for the real package first and must not mistake the stub for it.
    import transformers.utils.import_utils as utils

    utils.is_torchvision_available()
    root = module("torchvision")
    root.ops = module("torchvision.ops")
    root.ops.misc = module("torchvision.ops.misc", "FrozenBatchNorm2d")
    root.transforms = module(
        "torchvision.transforms",
        "Normalize",
        "Compose",
        "RandomResizedCrop",
        "InterpolationMode",
        "ToTensor",
        "Resize",
        "CenterCrop",
        "ColorJitter",
        "Grayscale",
    )
    modes = ("NEAREST", "BILINEAR", "BICUBIC", "BOX", "HAMMING", "LANCZOS")
    for mode in modes:
        setattr(root.transforms.InterpolationMode, mode, mode.lower())
    root.transforms.functional = module("torchvision.transforms.functional")
    root.transforms.functional.InterpolationMode = root.transforms.InterpolationMode
    root.datasets = module(
        "torchvision.datasets", "CIFAR100", "CIFAR10", "MNIST", "KMNIST", "FashionMNIST", "ImageFolder"
    )
    root.utils = module("torchvision.utils", "save_image")


if "torchvision" not in sys.modules:
    install()
