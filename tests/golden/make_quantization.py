#!/usr/bin/python3
"""Writes quantization.safetensors: what PyTorch's fake quantisation computes, forward and backward.

    /usr/bin/python3 tests/golden/make_quantization.py
"""
from pathlib import Path

import torch

from make_golden import Family, normal, stream, write_safetensors


def main():
    family = Family()
    # activations: the range of the batch, with 0 in it; float32, for torch quantises nothing else
    for case, shift in [("both_signs", 0.3), ("positive", 6.0)]:
        x = torch.tensor(normal(stream(case), 3, 7) + shift, dtype=torch.float32, requires_grad=True)
        low, high = min(x.min().item(), 0.0), max(x.max().item(), 0.0)
        scale = (high - low) / 255
        zero = int(round(-128 - low / scale))
        y = torch.fake_quantize_per_tensor_affine(x, scale, zero, -128, 127)
        dy = torch.tensor(normal(stream(case + "dy"), 3, 7), dtype=torch.float32)
        y.backward(dy)
        family.put(case, x=x, y=y, dy=dy, dx=x.grad)
    # weights: a scale for each row
    weight = torch.tensor(normal(stream("weight"), 4, 6), dtype=torch.float32)
    scale = weight.abs().amax(1) / 127
    family.put("weight", weight=weight, rounded=torch.fake_quantize_per_channel_affine(weight, scale, torch.zeros(4, dtype=torch.int32), 0, -127, 127))
    path = Path(__file__).with_name("quantization.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
