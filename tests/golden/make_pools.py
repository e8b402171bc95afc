#!/usr/bin/python3
"""Writes pools.safetensors: what PyTorch's pools compute, forward and backward.

    /usr/bin/python3 tests/golden/make_pools.py
"""
from pathlib import Path

import numpy as np
import torch.nn.functional as F

from make_golden import Family, differentiate, normal, stream, write_safetensors

# case: (function, shape of one sample, options)
CASES = {
    "halves": (F.max_pool2d, (3, 6, 8), dict(kernel_size=2)),
    "halves_odd": (F.max_pool2d, (2, 7, 35), dict(kernel_size=2)),
    "overlapping": (F.max_pool2d, (2, 7, 6), dict(kernel_size=3, stride=2, padding=1)),
    "uneven": (F.max_pool2d, (2, 7, 8), dict(kernel_size=(2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1))),
    "ties": (F.max_pool2d, (2, 6, 6), dict(kernel_size=2)),
    "ties_overlapping": (F.max_pool2d, (2, 6, 6), dict(kernel_size=3, stride=1)),
    "max1d": (F.max_pool1d, (2, 35), dict(kernel_size=3, stride=2, padding=1)),
    "global_max": (lambda x: F.adaptive_max_pool2d(x, 1).flatten(1), (3, 5, 4), {}),
    "average": (F.avg_pool2d, (3, 6, 8), dict(kernel_size=2)),
    "average_overlapping": (F.avg_pool2d, (2, 7, 36), dict(kernel_size=3, stride=1, padding=1)),
    "average_inside": (F.avg_pool2d, (2, 7, 6), dict(kernel_size=3, stride=2, padding=1, count_include_pad=False)),
    "average_uneven": (F.avg_pool2d, (2, 7, 8), dict(kernel_size=(2, 3), stride=(1, 2), padding=(1, 0))),
    "average1d": (F.avg_pool1d, (2, 11), dict(kernel_size=4, stride=3, padding=2)),
    "global_average": (lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), (3, 5, 4), {}),
    "global_average1d": (lambda x: F.adaptive_avg_pool1d(x, 1).flatten(1), (3, 5), {}),
    "adaptive": (F.adaptive_avg_pool2d, (2, 7, 5), dict(output_size=(3, 4))),
    "adaptive_larger": (F.adaptive_avg_pool2d, (2, 3, 2), dict(output_size=(3, 5))),
    "adaptive1d": (F.adaptive_avg_pool1d, (2, 10), dict(output_size=4)),
}


def main():
    family = Family()
    for name, (function, sample, options) in CASES.items():
        x = normal(stream(name), 2, *sample)
        if name.startswith("ties"):
            x = np.maximum(np.round(x), 0)
        differentiate(family, name, lambda x: function(x, **options), {"x": x})
    path = Path(__file__).with_name("pools.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(CASES)} cases, {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
