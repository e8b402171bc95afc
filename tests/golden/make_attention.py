#!/usr/bin/python3
"""Writes attention.safetensors: what PyTorch's MultiheadAttention and TransformerEncoderLayer compute.

    /usr/bin/python3 tests/golden/make_attention.py
"""
from pathlib import Path

import torch
from torch import nn

from make_golden import Family, normal, stream, write_safetensors


def record(family, case, module, function, shape, rename=lambda name: name):
    for parameter in module.parameters():  # biases are zeros otherwise
        parameter.data = torch.tensor(normal(stream(case + str(tuple(parameter.shape))), *parameter.shape, scale=0.5))
    x = torch.tensor(normal(stream(case), *shape), requires_grad=True)
    y = function(x)
    dy = torch.tensor(normal(stream(case + "dy"), *y.shape))
    y.backward(dy)
    family.put(case, x=x, y=y, dy=dy, dx=x.grad)
    for name, value in module.named_parameters():
        family.put(case, **{rename(name): value, "d_" + rename(name): value.grad})


def main():
    family = Family()

    def attend(module, causal):
        def run(x):
            mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1) if causal else None
            return module(x, x, x, attn_mask=mask, need_weights=False)[0]
        return run

    for case, heads, causal, shape in [("heads", 2, False, (3, 5, 6)), ("causal", 3, True, (2, 7, 6)),
                                       ("one_head", 1, False, (1, 4, 5)), ("one_step", 2, True, (2, 1, 4))]:
        module = nn.MultiheadAttention(shape[2], heads, batch_first=True)
        record(family, case, module, attend(module, causal), shape)

    # Names of the same block as a Sequential of two Residuals.
    order = {"norm1": "0.0", "self_attn": "0.1", "norm2": "1.0", "linear1": "1.1", "linear2": "1.3"}
    block = nn.TransformerEncoderLayer(8, 2, 12, dropout=0, batch_first=True, norm_first=True)
    record(family, "encoder_block", block, block, (3, 5, 8),
           lambda name: order[name.split(".")[0]] + "." + name.split(".", 1)[1])
    path = Path(__file__).with_name("attention.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
