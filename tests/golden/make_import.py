#!/usr/bin/python3
"""Writes import.safetensors: what PyTorch says of operators that the interpreter of imported graphs defines.

    /usr/bin/python3 tests/golden/make_import.py

Inputs are `in0`, `in1`, ... in the order of ONNX's operator, results `out0`, `out1`, ...; the attributes are in the
test.
"""
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from make_golden import Family, normal, stream, write_safetensors


def gates(matrix, order):
    """Rows of PyTorch's gates in ONNX's order."""
    parts = matrix.chunk(len(order))
    return torch.cat([parts[i] for i in order])


def recurrent(family, case, kind, order, **options):
    """Both directions, 5 steps, a batch of 2."""
    torch.manual_seed(len(case))
    module = kind(3, 4, bidirectional=True, **options).double()
    p = {name: value.detach() for name, value in module.named_parameters()}
    names = ["l0", "l0_reverse"]
    w = torch.stack([gates(p[f"weight_ih_{n}"], order) for n in names])
    r = torch.stack([gates(p[f"weight_hh_{n}"], order) for n in names])
    b = torch.stack([torch.cat([gates(p[f"bias_ih_{n}"], order), gates(p[f"bias_hh_{n}"], order)]) for n in names])
    rng = stream(case)
    x, h, c = (torch.tensor(normal(rng, *shape)) for shape in [(5, 2, 3), (2, 2, 4), (2, 2, 4)])
    states = {"in5": h}
    if kind is nn.LSTM:
        y, (h_end, c_end) = module(x, (h, c))
        states |= {"in6": c, "out2": c_end}
    else:
        y, h_end = module(x, h)
    family.put(case, in0=x, in1=w, in2=r, in3=b, out0=y.reshape(5, 2, 2, 4).transpose(1, 2), out1=h_end, **states)


def attend(q, k, v, bias=0.0, scale=2**-0.5):
    k, v = (t.repeat_interleave(q.shape[1] // t.shape[1], 1) for t in (k, v))
    return torch.softmax(q @ k.mT * scale + bias, -1) @ v


def sampled(mode, padding, aligned):
    return lambda x, grid: F.grid_sample(x, grid, mode, padding, align_corners=aligned)


# case: (function of the inputs, their shapes)
CASES = {
    "conv1d": (lambda x, w, b: F.conv1d(x, w, b, stride=3, padding=2, dilation=2), [(2, 4, 17), (6, 4, 3), (6,)]),
    "conv2d_groups": (lambda x, w: F.conv2d(F.pad(x, (1, 0, 2, 1)), w, stride=(2, 1), groups=2), [(2, 4, 7, 6), (6, 2, 3, 2)]),
    "conv3d": (lambda x, w, b: F.conv3d(x, w, b, stride=(1, 2, 1), padding=(0, 1, 2), dilation=(1, 1, 2)),
               [(1, 2, 4, 5, 6), (3, 2, 2, 3, 2), (3,)]),
    "conv_pointwise": (lambda x, w: F.conv2d(x, w), [(2, 3, 4, 5), (2, 3, 1, 1)]),
    "conv_transpose": (lambda x, w, b: F.conv_transpose2d(x, w, b, stride=(2, 3), padding=(1, 0), output_padding=(1, 2),
                                                          groups=2, dilation=(1, 2)),
                  [(2, 4, 3, 4), (4, 3, 3, 2), (6,)]),
    "max_pool": (lambda x: F.max_pool2d(x, (3, 2), stride=(2, 2), padding=(1, 1), ceil_mode=True), [(2, 2, 7, 6)]),
    "average_pool": (lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True, count_include_pad=True), [(2, 2, 7, 6)]),
    "average_pool_inside": (lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False), [(2, 2, 7, 6)]),
    "gemm": (lambda a, b, c: 0.5 * a.T @ b.T + 2 * c, [(4, 3), (5, 4), (5,)]),
    "matmul": (torch.matmul, [(2, 1, 3, 4), (5, 4, 2)]),
    "einsum": (lambda a, b: torch.einsum("bhqd,bkhd->bhqk", a, b), [(2, 3, 4, 5), (2, 6, 3, 5)]),
    "einsum_dots": (lambda a, b: torch.einsum("...ij,jk", a, b), [(2, 3, 4, 5), (5, 2)]),
    "einsum_diagonal": (lambda a: torch.einsum("ii->i", a), [(4, 4)]),
    "log_softmax": (lambda x: F.log_softmax(x, 1), [(2, 5, 3)]),
    "log_sum_exp": (lambda x: torch.logsumexp(x, (0, 2)), [(2, 5, 3)]),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (3, 4), w, b, 1e-3), [(2, 5, 3, 4), (3, 4), (3, 4)]),
    "instance_norm": (lambda x, w, b: F.instance_norm(x, weight=w, bias=b), [(2, 3, 4, 5), (3,), (3,)]),
    "group_norm": (lambda x, w, b: F.group_norm(x, 2, w, b), [(2, 4, 3, 5), (4,), (4,)]),
    "lrn": (lambda x: F.local_response_norm(x, 3, alpha=0.5, beta=0.6, k=1.5), [(2, 5, 3)]),
    "cubic": (lambda x: F.interpolate(x, size=(7, 3), mode="bicubic", align_corners=False), [(1, 2, 4, 5)]),
    "linear": (lambda x: F.interpolate(x, size=(7, 3), mode="bilinear", align_corners=False), [(1, 2, 4, 5)]),
    "linear_corners": (lambda x: F.interpolate(x, size=(7, 3), mode="bilinear", align_corners=True), [(1, 2, 4, 5)]),
    "linear_antialias": (lambda x: F.interpolate(x, size=(2, 3), mode="bilinear", antialias=True), [(1, 2, 8, 9)]),
    "gelu": (F.gelu, [(7,)]),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), [(7,)]),
    "mish": (F.mish, [(7,)]),
    "selu": (F.selu, [(7,)]),
    "celu": (lambda x: F.celu(x, 1.3), [(7,)]),
    "depth_to_space": (lambda x: F.pixel_shuffle(x, 2), [(2, 8, 3, 2)]),
    "attention_causal": (lambda q, k, v: attend(q, k, v, torch.full((3, 3), -torch.inf).triu(1)),
                         [(2, 4, 3, 2), (2, 2, 3, 2), (2, 2, 3, 5)]),
    "attention_masked": (lambda q, k, v, mask: attend(q, k, v, mask, 0.3),
                         [(1, 2, 3, 2), (1, 2, 4, 2), (1, 2, 4, 2), (3, 4)]),
    "grid_linear": (sampled("bilinear", "zeros", False), [(2, 2, 3, 4), (2, 4, 5, 2)]),
    "grid_border": (sampled("bilinear", "border", True), [(2, 2, 3, 4), (2, 4, 5, 2)]),
    "grid_nearest": (sampled("nearest", "reflection", False), [(1, 2, 3, 4), (1, 4, 5, 2)]),
    "grid_cubic": (sampled("bicubic", "reflection", True), [(1, 2, 3, 4), (1, 4, 5, 2)]),
    "grid_cubic_zeros": (sampled("bicubic", "zeros", False), [(1, 2, 3, 4), (1, 4, 5, 2)]),
    "grid_volume": (sampled("bilinear", "reflection", False), [(1, 2, 3, 4, 2), (1, 2, 2, 3, 3)]),
    "columns": (lambda x: F.fold(x, (4, 5), (2, 2), dilation=(1, 2), padding=(0, 1), stride=(2, 2)), [(2, 12, 6)]),
    "spectrum": (lambda x: torch.view_as_real(torch.fft.fft(torch.view_as_complex(x), dim=1)), [(2, 5, 2)]),
    "half_spectrum": (lambda x: torch.view_as_real(torch.fft.rfft(x[..., 0], dim=1)), [(2, 6, 1)]),
    "back": (lambda x: torch.fft.irfft(torch.view_as_complex(x), dim=1)[..., None], [(2, 4, 2)]),
}


def main():
    family = Family()
    for case, (function, shapes) in CASES.items():
        rng = stream(case)
        inputs = [torch.tensor(normal(rng, *shape)) for shape in shapes]
        family.put(case, **{f"in{i}": x for i, x in enumerate(inputs)}, out0=function(*inputs))
    recurrent(family, "rnn", nn.RNN, [0])
    recurrent(family, "lstm", nn.LSTM, [0, 3, 1, 2])  # i f g o there, i o f c here
    recurrent(family, "gru", nn.GRU, [1, 0, 2])  # r z n there, z r h here
    path = Path(__file__).with_name("import.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
