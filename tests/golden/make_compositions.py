#!/usr/bin/python3
"""Writes compositions.safetensors: what PyTorch makes of blocks of image networks.

    /usr/bin/python3 tests/golden/make_compositions.py
"""
from pathlib import Path

import torch
import torch.nn.functional as F

from make_golden import Family, differentiate, normal, stream, write_safetensors


def conv(rng, p, name, out, inside, kernel):
    p[name + ".weight"] = normal(rng, out, inside, kernel, kernel, scale=(inside * kernel * kernel) ** -0.5)
    p[name + ".bias"] = normal(rng, out, scale=0.3)


def dense(rng, p, name, out, inside):
    p[name + ".weight"] = normal(rng, out, inside, scale=inside ** -0.5)
    p[name + ".bias"] = normal(rng, out, scale=0.3)


def apply(x, p, name, **options):
    return F.conv2d(x, p[name + ".weight"], p[name + ".bias"], **options)


def squeeze_excite(x, **p):
    s = F.relu(F.linear(x.mean((2, 3)), p["1.weight"], p["1.bias"]))
    s = torch.sigmoid(F.linear(s, p["3.weight"], p["3.bias"]))
    return x * s[:, :, None, None]


def residual_projection(x, **p):
    main = apply(F.relu(apply(x, p, "0.0", stride=2, padding=1)), p, "0.2", padding=1)
    return F.relu(main + apply(x, p, "1", stride=2))


def dense_block(x, **p):
    for i in range(3):
        x = torch.cat([x, F.relu(apply(x, p, f"{i}.1.0", padding=1))], 1)
    return x


def u_net(x, **p):
    outer = F.relu(apply(x, p, "encoder.0", padding=1))
    inner = F.relu(apply(F.max_pool2d(outer, 2), p, "across.below.inner.encoder.0", padding=1))
    bottom = torch.tanh(apply(F.max_pool2d(inner, 2), p, "across.below.inner.across.below.inner.0", padding=1))
    up = F.interpolate(bottom, scale_factor=2, mode="nearest")
    inner = F.relu(apply(torch.cat([inner, up], 1), p, "across.below.inner.decoder.0", padding=1))
    up = F.interpolate(inner, scale_factor=2, mode="nearest")
    return F.relu(apply(torch.cat([outer, up], 1), p, "decoder.0", padding=1))


def main():
    family = Family()
    rng, p = stream("squeeze_excite"), {}
    dense(rng, p, "1", 3, 6), dense(rng, p, "3", 6, 3)
    differentiate(family, "squeeze_excite", squeeze_excite, {"x": normal(rng, 3, 6, 4, 5), **p})

    rng, p = stream("residual_projection"), {}
    conv(rng, p, "0.0", 4, 2, 3), conv(rng, p, "0.2", 4, 4, 3), conv(rng, p, "1", 4, 2, 1)
    differentiate(family, "residual_projection", residual_projection, {"x": normal(rng, 2, 2, 6, 7), **p})

    rng, p = stream("dense_block"), {}
    for i in range(3):
        conv(rng, p, f"{i}.1.0", 2, 3 + 2 * i, 3)
    differentiate(family, "dense_block", dense_block, {"x": normal(rng, 2, 3, 5, 4), **p})

    rng, p = stream("u_net"), {}
    conv(rng, p, "encoder.0", 3, 1, 3)
    conv(rng, p, "across.below.inner.encoder.0", 4, 3, 3)
    conv(rng, p, "across.below.inner.across.below.inner.0", 5, 4, 3)
    conv(rng, p, "across.below.inner.decoder.0", 4, 9, 3)
    conv(rng, p, "decoder.0", 2, 7, 3)
    differentiate(family, "u_net", u_net, {"x": normal(rng, 2, 1, 8, 12), **p})

    path = Path(__file__).with_name("compositions.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
