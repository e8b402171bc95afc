#!/usr/bin/python3
"""Writes generative.safetensors: distances between sets of samples, and diffusion by the formulas of the papers.

    /usr/bin/python3 tests/golden/make_generative.py        (Debian 12: python3-numpy)
"""
import json
import struct
from pathlib import Path

import numpy as np


def write(path, tensors):
    header = {"__metadata__": {"numpy": np.__version__, "script": Path(__file__).name}}
    blobs, offset = [], 0
    for name, value in tensors.items():
        array = np.asarray(value, dtype="<f8")
        blobs.append(array.tobytes())
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [offset, offset + len(blobs[-1])]}
        offset += len(blobs[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def frechet(a, b):
    """The root's trace is the sum of the roots of the product's eigenvalues, which is not symmetric."""
    c, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    roots = np.sqrt(np.linalg.eigvals(c @ d).astype(complex)).real.sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c) + np.trace(d) - 2 * roots


def sets(rng, n, m, width, rank):
    """Two sets of samples whose features depend on each other; in a space of `rank` dimensions."""
    a = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, width)) + rng.normal(size=width)
    b = rng.normal(size=(m, rank)) @ rng.normal(size=(rank, width))
    a, b = a.astype(np.float32).astype(float), b.astype(np.float32).astype(float)
    return {"a": a, "b": b, "mean": a.mean(0), "covariance": np.cov(a, rowvar=False), "distance": frechet(a, b)}


def inside(known, asked, k):
    """The share of rows of `asked` within the k-th neighbour's distance of a row of `known`."""
    own = np.sort(np.linalg.norm(known[:, None] - known[None], axis=2), axis=1)[:, k]
    return (np.linalg.norm(known[:, None] - asked[None], axis=2) <= own[:, None]).any(0).mean()


def score(rng):
    z = rng.normal(size=(40, 5)) * 2
    p = (np.exp(z) / np.exp(z).sum(1, keepdims=True)).astype(np.float32).astype(float)
    return {"probabilities": p, "score": np.exp((p * np.log(p / p.mean(0))).sum(1).mean())}


def quality(rng):
    real = rng.normal(size=(60, 3)).astype(np.float32).astype(float)
    made = (rng.normal(size=(50, 3)) * 0.8 + [1.0, 0, 0]).astype(np.float32).astype(float)
    return {"real": real, "made": made, "precision": inside(real, made, 3), "recall": inside(made, real, 3)}


def linear(steps):
    return np.linspace(1e-4, 0.02, steps)


def cosine(steps):
    """Nichol and Dhariwal 2021, equation 17; betas are cut at 0.999."""
    t = np.arange(steps + 1) / steps
    f = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.minimum(1 - f[1:] / f[:-1], 0.999)


def diffusion(rng, betas, t):
    """At step t, from 1: the forward process, its posterior (Ho et al. 2020, equations 4 and 7), and a step of DDIM (Song et
    al. 2021, equation 12)."""
    alphas = 1 - betas
    bars = np.concatenate([[1], np.cumprod(alphas)])
    x0, noise, fresh = rng.uniform(-0.9, 0.9, size=6), rng.normal(size=6), rng.normal(size=6)
    xt = np.sqrt(bars[t]) * x0 + np.sqrt(1 - bars[t]) * noise
    beta, bar, before = betas[t - 1], bars[t], bars[t - 1]
    mean = np.sqrt(before) * beta / (1 - bar) * x0 + np.sqrt(alphas[t - 1]) * (1 - before) / (1 - bar) * xt
    variance = (1 - before) / (1 - bar) * beta
    to, eta = t // 2, 0.5
    sigma = eta * np.sqrt((1 - bars[to]) / (1 - bar)) * np.sqrt(1 - bar / bars[to])
    ddim = np.sqrt(bars[to]) * x0 + np.sqrt(1 - bars[to] - sigma**2) * noise + sigma * fresh
    return {"betas": betas, "alphas_cumprod": bars, "t": t, "image": x0, "noise": noise, "fresh": fresh, "noisy": xt,
            "velocity": np.sqrt(bar) * noise - np.sqrt(1 - bar) * x0, "ancestral": mean + np.sqrt(variance) * fresh, "ddim": ddim}


tensors = {}
for case, made in {"full": sets(np.random.default_rng(1), 50, 40, 7, 7), "flat": sets(np.random.default_rng(2), 30, 30, 8, 3),
                   "score": score(np.random.default_rng(3)), "quality": quality(np.random.default_rng(4)),
                   "linear": diffusion(np.random.default_rng(5), linear(1000), 700),
                   "cosine": diffusion(np.random.default_rng(6), cosine(50), 20)}.items():
    tensors.update({f"{case}.{name}": value for name, value in made.items()})
write(Path(__file__).with_name("generative.safetensors"), tensors)
