#!/usr/bin/env python3
"""Weights cross between Tenon and PyTorch, both ways, and give the same numbers on the other side.

    model_python.py TEST_EXECUTABLE      the whole exchange; exit code 77 when torch is missing

A state_dict goes in and out by the safetensors format, read and written here with struct and json.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections import OrderedDict

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as missing:
    print(f"{missing}: nothing to exchange weights with")
    sys.exit(77)


def network():
    """The network of model_interop_test.cpp."""
    return nn.Sequential(OrderedDict(
        encoder=nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.5)),
        head=nn.Sequential(nn.Linear(8, 5, bias=False), nn.Tanh(), nn.Linear(5, 3)))).eval()


class SequenceNetwork(nn.Module):
    """The network of sequences of model_interop_test.cpp."""
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2)
        self.lstm = nn.LSTM(8, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, tokens):
        return self.head(self.lstm(self.blocks(self.words(tokens)))[0])


def save(tensors, path):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        array = tensor.detach().numpy().astype("<f4")
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def load(path):
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length].decode())
    assert header.pop("__metadata__") == {"format": "pt"}
    data, tensors = content[8 + length:], OrderedDict()
    for name, entry in header.items():
        assert entry["dtype"] == "F32", name
        begin, end = entry["data_offsets"]
        tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy())
    return tensors


def exchange(executable):
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as directory, torch.no_grad():
        file = lambda name: os.path.join(directory, name + ".safetensors")
        theirs, x = network(), torch.randn(7, 6)
        save(theirs.state_dict(), file("torch_weights"))
        save({"x": x, "y": theirs(x)}, file("torch_numbers"))
        sequences, tokens = SequenceNetwork(), torch.randint(11, (4, 6))
        save(sequences.state_dict(), file("sequence_weights"))
        save({"x": tokens, "y": sequences(tokens)}, file("sequence_numbers"))

        subprocess.run([executable], env={**os.environ, "TENON_INTEROP_DIR": directory}, check=True)

        ours = network()
        ours.load_state_dict(load(file("tenon_weights")), strict=True)
        assert not torch.equal(ours.head[2].weight, theirs.head[2].weight), "Tenon sent back what it got"
        numbers = load(file("tenon_numbers"))
        assert numbers["x"].shape[1] == 6 and numbers["y"].shape[1] == 3
        difference = (ours(numbers["x"]) - numbers["y"]).abs().max().item()
        print(f"largest difference of PyTorch's outputs from Tenon's: {difference:.2g}")
        assert difference < 1e-6


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    exchange(sys.argv[1])
