#!/usr/bin/env python3
"""Files cross between Tenon and Python, both ways.

    safetensors_python.py TEST_EXECUTABLE      the whole exchange; exit code 77 when numpy is missing
    safetensors_python.py write FILE           only write the file that the executable reads
    safetensors_python.py check FILE           only check a file that the executable wrote

The format is written and read here from its description alone, with numpy, struct and json.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("numpy is missing, nothing to compare with")
    sys.exit(77)

METADATA = {"format": "pt", "note": "größer \"quoted\"\n"}


def tensors():
    """The same numbers as in safetensors_interop_test.cpp, all exact in their types."""
    ramp = np.arange(6, dtype=np.float64)
    return {
        "0.weight": (ramp * 0.5 - 1).astype("<f4").reshape(2, 3),
        "0.bias": np.array([1e-40, -0.0, 3.0e38], "<f4"),
        "running.variance": np.array([1 / 3, -1e300], "<f8"),
        "scalar": np.array(2.5, "<f4"),
        "empty": np.zeros((0, 4), "<f4"),
        "größe": np.array([7.0], "<f4"),
    }


DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "U8": "<u1"}


def write(path):
    named = {name: (code, array) for name, array in tensors().items()
             for code, spec in DTYPES.items() if array.dtype == np.dtype(spec)}
    named["half"] = ("F16", np.array([0.333251953125, 6e-8, -65504, np.inf], "<f2"))
    named["brain"] = ("BF16", (np.array([1.5, -3.0], "<f4").view("<u4") >> 16).astype("<u2"))
    named["1.num_batches_tracked"] = ("I64", np.array(99, "<i8"))
    header, data = {"__metadata__": METADATA}, b""
    for name, (code, array) in named.items():
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def check(path):
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    assert length % 8 == 0, "the data are not aligned"
    assert content[8:9] == b"{"

    def without_duplicates(pairs):
        assert len({key for key, _ in pairs}) == len(pairs), "duplicate keys"
        return dict(pairs)

    header = json.loads(content[8:8 + length].decode(), object_pairs_hook=without_duplicates)
    data = content[8 + length:]
    assert header.pop("__metadata__") == METADATA
    wanted = tensors()
    assert header.keys() == wanted.keys(), header.keys()
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        assert begin == end, f"{name}: a hole or an overlap at {end}"
        end = stop
        dtype = np.dtype(DTYPES[entry["dtype"]])
        assert begin % dtype.itemsize == 0, f"{name} is not aligned"
        array = np.frombuffer(data[begin:stop], dtype).reshape(entry["shape"])
        assert array.dtype == wanted[name].dtype and array.shape == wanted[name].shape, name
        assert array.tobytes() == wanted[name].tobytes(), name
    assert end == len(data), "bytes after the last tensor"


def exchange(executable):
    with tempfile.TemporaryDirectory() as directory:
        write(os.path.join(directory, "from_python.safetensors"))
        subprocess.run([executable], env={**os.environ, "TENON_INTEROP_DIR": directory}, check=True)
        check(os.path.join(directory, "from_tenon.safetensors"))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        exchange(sys.argv[1])
    elif len(sys.argv) == 3 and sys.argv[1] in ("write", "check"):
        {"write": write, "check": check}[sys.argv[1]](sys.argv[2])
    else:
        sys.exit(__doc__)
