#!/usr/bin/python3
"""Writes multi_label.safetensors: metrics of made-up predictions of several labels, by the formulas in scikit-learn's manual.

    /usr/bin/python3 tests/golden/make_multi_label.py        (Debian 12: python3-numpy)
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


def divided(a, b):
    """0 where the divisor is 0 (zero_division=0)."""
    return np.where(b == 0, 0.0, a / np.maximum(b, 1))


rng = np.random.default_rng(5)
target = (rng.uniform(size=(71, 4)) < 0.4).astype(int)
outputs = np.clip(0.5 + 0.3 * (2 * target - 1) + rng.normal(0, 0.4, size=target.shape), 0, 1).round(2)
target[:, -1], outputs[:, -1] = 0, 0.25  # a label that is never there and never predicted
predicted = outputs > 0.5
is_ = target == 1
out = {"outputs": outputs, "targets": target, "accuracy": (predicted == is_).all(1).mean(), "hamming": (predicted != is_).mean(),
       "confusion": [[[(~predicted & ~is_)[:, j].sum(), (predicted & ~is_)[:, j].sum()], [(~predicted & is_)[:, j].sum(), (predicted & is_)[:, j].sum()]]
                     for j in range(4)]}
for average, axis in ("macro", 0), ("micro", None):
    both, all_predicted, all_is = (predicted & is_).sum(axis), predicted.sum(axis), is_.sum(axis)
    out["precision." + average] = divided(both, all_predicted).mean()
    out["recall." + average] = divided(both, all_is).mean()
    out["f1." + average] = divided(2 * both, all_predicted + all_is).mean()
write(Path(__file__).with_suffix("").with_name("multi_label.safetensors"), {f"several.{name}": value for name, value in out.items()})
