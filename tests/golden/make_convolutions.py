#!/usr/bin/python3
"""Writes convolutions.safetensors: what PyTorch's convolutions compute, forward and backward.

    /usr/bin/python3 tests/golden/make_convolutions.py
"""
from pathlib import Path

import torch.nn.functional as F
from torch import nn

from make_golden import Family, differentiate, normal, stream, write_safetensors

# case: (module, shape of one sample, batch, activation)
CASES = {
    "conv2d": (nn.Conv2d(2, 3, 3), (2, 5, 6), 3, None),
    "conv2d_stride": (nn.Conv2d(2, 3, 3, stride=2, padding=1), (2, 8, 7), 2, None),
    "conv2d_uneven": (nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)), (2, 6, 7), 2, None),
    "conv2d_dilated_same": (nn.Conv2d(2, 3, 3, dilation=2, padding="same"), (2, 5, 7), 2, None),
    "conv2d_even_same": (nn.Conv2d(1, 2, 4, padding="same"), (1, 5, 4), 2, None),
    "conv2d_full": (nn.Conv2d(2, 3, 3, padding=2), (2, 4, 5), 2, None),
    "conv2d_groups": (nn.Conv2d(4, 6, 3, padding=1, groups=2), (4, 5, 5), 2, None),
    "conv2d_depthwise": (nn.Conv2d(3, 6, 3, stride=2, padding=1, groups=3), (3, 7, 6), 2, None),
    "conv2d_1x1": (nn.Conv2d(5, 4, 1, bias=False), (5, 3, 4), 2, None),
    "conv2d_1x1_stride": (nn.Conv2d(3, 4, 1, stride=2), (3, 5, 4), 2, None),
    "conv2d_1x1_large": (nn.Conv2d(64, 64, 1), (64, 1, 2), 2, None),
    "conv2d_gaps": (nn.Conv2d(2, 3, 2, stride=3), (2, 8, 7), 2, None),
    "conv2d_strided_dilated": (nn.Conv2d(2, 3, 3, stride=2, dilation=3, padding=2), (2, 9, 8), 2, None),
    "conv2d_one_sample": (nn.Conv2d(1, 9, 5, padding=2), (1, 9, 9), 1, None),
    "conv2d_relu": (nn.Conv2d(2, 3, 3, padding=1), (2, 5, 6), 3, F.relu),
    "conv2d_tanh": (nn.Conv2d(2, 3, 3, padding=1), (2, 5, 6), 3, F.tanh),
    "conv2d_gelu": (nn.Conv2d(2, 3, 3), (2, 5, 6), 3, F.gelu),
    "conv1d": (nn.Conv1d(2, 3, 3), (2, 7), 3, None),
    "conv1d_options": (nn.Conv1d(4, 6, 3, stride=2, padding=3, dilation=2, groups=2, bias=False), (4, 11), 2, None),
    "transpose2d": (nn.ConvTranspose2d(2, 3, 3), (2, 4, 3), 3, None),
    "transpose2d_stride": (nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), (2, 3, 4), 2, None),
    "transpose2d_gaps": (nn.ConvTranspose2d(2, 3, 2, stride=3, output_padding=2), (2, 3, 2), 2, None),
    "transpose2d_uneven": (nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2,
                                              bias=False), (4, 3, 4), 2, None),
    "transpose2d_relu": (nn.ConvTranspose2d(2, 3, 2, stride=2), (2, 3, 4), 2, F.relu),
    "transpose1d": (nn.ConvTranspose1d(2, 3, 4, stride=2, padding=1), (2, 5), 2, None),
    "transpose1d_options": (nn.ConvTranspose1d(2, 4, 3, stride=3, dilation=2, output_padding=1, groups=2), (2, 4), 2, None),
}


def main():
    family = Family()
    for name, (module, sample, batch, activation) in CASES.items():
        rng = stream(name)
        inputs = {"x": normal(rng, batch, *sample), "weight": normal(rng, *module.weight.shape, scale=0.5)}
        if module.bias is not None:
            inputs["bias"] = normal(rng, *module.bias.shape, scale=0.5)

        def run(x, weight, bias=None):
            if isinstance(module, (nn.ConvTranspose1d, nn.ConvTranspose2d)):
                function = F.conv_transpose1d if x.dim() == 3 else F.conv_transpose2d
                y = function(x, weight, bias, module.stride, module.padding, module.output_padding, module.groups,
                             module.dilation)
            else:
                function = F.conv1d if x.dim() == 3 else F.conv2d
                y = function(x, weight, bias, module.stride, module.padding, module.dilation, module.groups)
            return activation(y) if activation else y

        differentiate(family, name, run, inputs)
    path = Path(__file__).with_name("convolutions.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(CASES)} cases, {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
