#!/usr/bin/python3
"""Writes upsampling.safetensors: what makes images larger in PyTorch, forward and backward.

    /usr/bin/python3 tests/golden/make_upsampling.py
"""
from pathlib import Path

import torch
import torch.nn.functional as F

from make_golden import Family, differentiate, normal, stream, write_safetensors


def pool_and_back(x, **options):
    pooled, places = F.max_pool2d(x, return_indices=True, **options)
    return F.max_unpool2d(torch.tanh(pooled), places, options["kernel_size"], options.get("stride"),
                          output_size=x.shape[2:])


def pool_and_back1d(x, size):
    pooled, places = F.max_pool1d(x, size, return_indices=True)
    return F.max_unpool1d(pooled, places, size, output_size=x.shape[2:])


def middle(x, height, width):
    """A kernel with a single 1 in the middle of each window, channel by channel."""
    kernel = torch.zeros(x.shape[1], 1, height, width)
    kernel[:, 0, (height - 1) // 2, (width - 1) // 2] = 1
    return F.conv_transpose2d(x, kernel, stride=(height, width), groups=x.shape[1])


# case: (function, shape of one sample)
CASES = {
    "unpool": (lambda x: pool_and_back(x, kernel_size=2), (2, 6, 4)),
    "unpool_odd": (lambda x: pool_and_back(x, kernel_size=2, stride=3), (2, 8, 7)),
    "unpool1d": (lambda x: pool_and_back1d(x, 3), (2, 10)),
    "middle": (lambda x: middle(x, 3, 3), (2, 3, 4)),
    "middle_uneven": (lambda x: middle(x, 2, 5), (2, 3, 2)),
    "nearest": (lambda x: F.interpolate(x, scale_factor=(2, 3), mode="nearest"), (2, 3, 4)),
    "nearest1d": (lambda x: F.interpolate(x, scale_factor=3, mode="nearest"), (2, 5)),
    "bilinear": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False), (2, 3, 20)),
    "bilinear_uneven": (lambda x: F.interpolate(x, scale_factor=(3, 4), mode="bilinear", align_corners=False), (2, 3, 1)),
    "linear": (lambda x: F.interpolate(x, scale_factor=4, mode="linear", align_corners=False), (2, 5)),
    "pad": (lambda x: F.pad(x, (2, 2, 2, 2)), (2, 3, 4)),
    "pad_uneven": (lambda x: F.pad(x, (1, 0, 2, 3)), (2, 3, 4)),
    "pad1d": (lambda x: F.pad(x, (1, 2)), (2, 4)),
}


def main():
    family = Family()
    for name, (function, sample) in CASES.items():
        differentiate(family, name, function, {"x": normal(stream(name), 2, *sample)})
    path = Path(__file__).with_name("upsampling.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(CASES)} cases, {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
