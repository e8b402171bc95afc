#!/usr/bin/python3
"""Writes max_pools.safetensors: what PyTorch's MaxPool2d computes, forward and backward.

    /usr/bin/python3 tests/golden/make_max_pools.py
"""
from pathlib import Path

import numpy as np
import torch.nn.functional as F

from make_golden import Family, differentiate, normal, stream, write_safetensors

CASES = {
    "halves": ((3, 6, 8), dict(kernel_size=2)),
    "halves_odd": ((2, 7, 35), dict(kernel_size=2)),
    "overlapping": ((2, 7, 6), dict(kernel_size=3, stride=2, padding=1)),
    "uneven": ((2, 7, 8), dict(kernel_size=(2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1))),
    "ties": ((2, 6, 6), dict(kernel_size=2)),
    "ties_overlapping": ((2, 6, 6), dict(kernel_size=3, stride=1)),
}


def main():
    family = Family()
    for name, (sample, options) in CASES.items():
        x = normal(stream(name), 2, *sample)
        if name.startswith("ties"):
            x = np.maximum(np.round(x), 0)
        differentiate(family, name, lambda x: F.max_pool2d(x, **options), {"x": x})
    path = Path(__file__).with_name("max_pools.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(CASES)} cases, {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
