#!/usr/bin/python3
"""Writes metrics.safetensors: what scikit-learn says of made-up predictions.

    /usr/bin/python3 tests/golden/make_metrics.py        (Debian 12: python3-sklearn)
"""
import json
import struct
from pathlib import Path

import numpy as np
from sklearn import __version__, metrics


def write(path, tensors):
    header = {"__metadata__": {"sklearn": __version__, "script": Path(__file__).name}}
    blobs, offset = [], 0
    for name, value in tensors.items():
        array = np.asarray(value, dtype="<f8")
        blobs.append(array.tobytes())
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [offset, offset + len(blobs[-1])]}
        offset += len(blobs[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def classes(rng, samples, width, ties):
    labels = rng.integers(0, width, samples)
    scores = rng.normal(size=(samples, width))
    scores[np.arange(samples), labels] += 1.0
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    if ties:
        p = np.round(p, 1) + 1e-3
        p /= p.sum(1, keepdims=True)
    p = p.astype(np.float32).astype(np.float64)  # so that ties are the same in both precisions
    guess = p.argmax(1)
    out = {"outputs": p, "labels": labels, "accuracy": metrics.accuracy_score(labels, guess),
           "confusion": metrics.confusion_matrix(labels, guess, labels=np.arange(width)),
           "perplexity": np.exp(metrics.log_loss(labels, p, labels=np.arange(width)))}
    for average in "macro", "micro":
        out["precision." + average] = metrics.precision_score(labels, guess, average=average, zero_division=0)
        out["recall." + average] = metrics.recall_score(labels, guess, average=average, zero_division=0)
        out["f1." + average] = metrics.f1_score(labels, guess, average=average, zero_division=0)
    if width > 2:
        out["auc"] = metrics.roc_auc_score(labels, p, multi_class="ovr")
        if not ties:
            out["top2"] = metrics.top_k_accuracy_score(labels, p, k=2)
            out["top3"] = metrics.top_k_accuracy_score(labels, p, k=3)
    else:
        out["auc"] = metrics.roc_auc_score(labels, p[:, 1])
    return out


def values(rng, samples, width):
    target = rng.normal(3, 2, size=(samples, width))
    outputs = target + rng.normal(0, 0.7, size=(samples, width))
    return {"outputs": outputs, "targets": target, "mae": metrics.mean_absolute_error(target, outputs),
            "rmse": np.sqrt(metrics.mean_squared_error(target, outputs)), "r2": metrics.r2_score(target, outputs)}


tensors = {}
for case, made in {"five": classes(np.random.default_rng(1), 83, 5, False), "two": classes(np.random.default_rng(2), 61, 2, False),
                   "ties": classes(np.random.default_rng(3), 97, 4, True), "values": values(np.random.default_rng(4), 57, 3)}.items():
    tensors.update({f"{case}.{name}": value for name, value in made.items()})
write(Path(__file__).with_name("metrics.safetensors"), tensors)
