#!/usr/bin/python3
"""Writes edges.safetensors: the functions of formulas where they are special, as PyTorch has them.

    /usr/bin/python3 tests/golden/make_edges.py

Each case holds its inputs (x, and t of functions of two; p of those with a parameter), and for both precisions the
value (y32, y64) and the gradients (dx32, dt32, dp32, ...) for an upstream gradient of ones. Values and gradients
may be infinite or NaN: that is what they are there for.
"""
import itertools
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import make_golden

INF, NAN = float("inf"), float("nan")
POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 88.0, -88.0, 1e-30, -1e-30, 1e30, -1e30, INF, -INF,
          NAN]
PAIRS = list(itertools.product([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0, INF, -INF, NAN], repeat=2))
ROWS = [[0.0, 0.0, 0.0], [0.0, -0.0, 0.0], [3.0, 4.0, 0.0], [2.0, 2.0, 1.0], [2.0, 2.0, 2.0], [-1.0, 1.0, -1.0],
        [1.0, 5.0, 2.0], [INF, 1.0, 0.0], [1.0, NAN, 0.0]]

UNARY = {
    "abs": torch.abs, "sign": torch.sign, "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "sqrt": torch.sqrt,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "erf": torch.erf, "sin": torch.sin, "cos": torch.cos,
    "softplus": lambda x: F.softplus(x, threshold=500), "negative": torch.neg, "reciprocal": lambda x: 1 / x,
    "square": torch.square, "relu": F.relu, "minus_relu": lambda x: -F.relu(-x), "clamp": lambda x: torch.clamp(x, -1, 1),
    "pow_0": lambda x: x ** 0, "pow_1": lambda x: x ** 1, "pow_2": lambda x: x ** 2, "pow_3": lambda x: x ** 3,
    "pow_half": lambda x: x ** 0.5, "pow_one_and_half": lambda x: x ** 1.5, "pow_minus_1": lambda x: x ** -1,
    "pow_minus_2": lambda x: x ** -2, "pow_minus_3": lambda x: x ** -3,
    "pow_minus_half": lambda x: x ** -0.5, "pow_10": lambda x: x ** 10,
    # the branch that is not taken: PyTorch wants it kept away from its edge
    "sqrt_behind_select": lambda x: torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, torch.ones_like(x))), torch.zeros_like(x)),
    "log_behind_select": lambda x: torch.where(x > 0, torch.log(torch.where(x > 0, x, torch.ones_like(x))), torch.zeros_like(x)),
}
BINARY = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "maximum": torch.maximum,
    "minimum": torch.minimum, "pow": torch.pow, "select": lambda x, t: torch.where(x > t, x, t),
}
ROW = {
    "sum": lambda x: x.sum(1, keepdim=True).expand(-1, 3), "row_max": lambda x: x.amax(1, keepdim=True).expand(-1, 3),
    "row_min": lambda x: x.amin(1, keepdim=True).expand(-1, 3),
    "norm": lambda x: torch.linalg.vector_norm(x, dim=1, keepdim=True).expand(-1, 3),
    "x_plus_norm": lambda x: x + torch.linalg.vector_norm(x, dim=1, keepdim=True),
    "x_minus_max": lambda x: x - x.amax(1, keepdim=True), "x_minus_min": lambda x: x - x.amin(1, keepdim=True),
    "variance": lambda x: x.var(1, unbiased=False, keepdim=True).expand(-1, 3),
}
EXPONENTS = [0.0, 1.0, 2.0, 3.0, 0.5, -1.0]


def record(tensors, case, function, **inputs):
    for name, value in inputs.items():
        tensors[f"{case}.{name}"] = np.asarray(value, dtype=np.float64)
    for bits, dtype in ((32, torch.float32), (64, torch.float64)):
        leaves = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in inputs.items()}
        y = function(*leaves.values())
        tensors[f"{case}.y{bits}"] = y.detach().double().numpy()
        if y.requires_grad:
            y.sum().backward()
        for k, leaf in leaves.items():
            gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            tensors[f"{case}.d{k}{bits}"] = gradient.double().numpy()


def main():
    tensors = {}
    for case, function in UNARY.items():
        # with an exponent of one half PyTorch takes square roots, which differ from powers at minus 0 and infinity; and
        # neighbours of 1e30 are many periods of a sine apart
        left_out = ("-0.0", "-inf") if "half" in case else ("1e+30", "-1e+30") if case in ("sin", "cos") else ()
        record(tensors, case, function, x=[[v for v in POINTS if str(v) not in left_out]])
    for case, function in BINARY.items():
        record(tensors, case, function, x=[[a for a, _ in PAIRS]], t=[[b for _, b in PAIRS]])
    for case, function in ROW.items():
        record(tensors, case, function, x=ROWS)
    for k, p in enumerate(EXPONENTS):
        record(tensors, f"pow_parameter_{k}", lambda x, p: x ** p, x=[[0.0, 2.0, 1.0]], p=[p])
    make_golden.write_safetensors(Path(__file__).parent / "edges.safetensors", tensors, finite=False)


if __name__ == "__main__":
    main()
