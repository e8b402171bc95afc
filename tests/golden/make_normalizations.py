#!/usr/bin/python3
"""Writes normalizations.safetensors: what PyTorch's normalising layers of images and signals compute.

    /usr/bin/python3 tests/golden/make_normalizations.py
"""
from pathlib import Path

import torch
import torch.nn.functional as F

from make_golden import Family, differentiate, normal, stream, write_safetensors

# case: (function of x, weight and bias, shape of one sample, shape of the parameters or none)
CASES = {
    "group_norm": (lambda x, weight, bias: F.group_norm(x, 2, weight, bias, 1e-5), (4, 3, 5), (4,)),
    "group_norm_relu": (lambda x, weight, bias: F.relu(F.group_norm(x, 3, weight, bias, 1e-3)), (6, 5), (6,)),
    "group_norm_plain": (lambda x: F.group_norm(x, 2), (4, 3, 2), None),
    "instance_norm": (lambda x: F.instance_norm(x), (3, 4, 5), None),
    "instance_norm_affine": (lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias, eps=1e-4), (3, 7), (3,)),
    "layer_norm": (lambda x, weight, bias: F.layer_norm(x, x.shape[1:], weight, bias), (2, 3, 4), (2, 3, 4)),
}


def main():
    family = Family()
    for name, (function, sample, shape) in CASES.items():
        rng = stream(name)
        inputs = {"x": normal(rng, 3, *sample, scale=2.0) + 0.5}
        if shape is not None:
            inputs |= {"weight": 1.0 + normal(rng, *shape, scale=0.5), "bias": normal(rng, *shape, scale=0.5)}
        differentiate(family, name, function, inputs)

    # Three training steps, running statistics after each, then evaluation with the last ones.
    for name, shape, options in [("signals", (3, 4, 5), dict(momentum=0.3, eps=1e-3)),
                                 ("one_sample", (1, 2, 3, 4), dict(momentum=0.1, eps=1e-5))]:
        rng, channels = stream(name), shape[1]
        mean, var = torch.zeros(channels), torch.ones(channels)
        parameters = {"weight": 1.0 + normal(rng, channels, scale=0.5), "bias": normal(rng, channels, scale=0.5)}
        for step in ["step1", "step2", "step3", "eval"]:
            differentiate(family, f"{name}_{step}",
                          lambda x, weight, bias: F.batch_norm(x, mean, var, weight, bias, step != "eval", **options),
                          {"x": 0.5 + normal(rng, *shape, scale=2.0), **parameters})
            family.put(f"{name}_{step}", running_mean=mean, running_var=var)
    path = Path(__file__).with_name("normalizations.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
