#!/usr/bin/python3
"""Writes recurrent.safetensors: what PyTorch's recurrent layers compute, forward and backward.

    /usr/bin/python3 tests/golden/make_recurrent.py

What PyTorch lacks (peepholes, the reset gate before the product, in ONNX's sense) is written out step by
step below and differentiated by its autograd.
"""
from pathlib import Path

import torch
from torch import nn

from make_golden import Family, gradient_name, normal, stream, write_safetensors

# case: (module, steps, batch, what is asked for)
MODULES = {
    "rnn": (nn.RNN(3, 4, batch_first=True), 5, 3, "all"),
    "rnn_relu": (nn.RNN(3, 4, nonlinearity="relu", batch_first=True), 5, 2, "all"),
    "rnn_no_bias": (nn.RNN(3, 4, bias=False, batch_first=True), 1, 2, "all"),
    "rnn_both": (nn.RNN(3, 2, num_layers=2, bidirectional=True, batch_first=True), 3, 2, "last"),
    "lstm": (nn.LSTM(3, 4, batch_first=True), 7, 3, "all"),
    "lstm_one_sample": (nn.LSTM(5, 17, batch_first=True), 3, 1, "all"),
    "lstm_last": (nn.LSTM(3, 4, batch_first=True), 5, 2, "last"),
    "lstm_stacked": (nn.LSTM(3, 4, num_layers=3, batch_first=True), 5, 2, "all"),
    "lstm_both": (nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), 5, 2, "all"),
    "lstm_both_last": (nn.LSTM(3, 4, bidirectional=True, bias=False, batch_first=True), 5, 2, "last"),
    "gru": (nn.GRU(3, 4, batch_first=True), 7, 3, "all"),
    "gru_one_sample": (nn.GRU(5, 17, batch_first=True), 3, 1, "last"),
    "gru_no_bias": (nn.GRU(3, 4, bias=False, batch_first=True), 5, 2, "all"),
    "gru_stacked": (nn.GRU(3, 4, num_layers=3, batch_first=True), 5, 2, "last"),
    "gru_both": (nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), 5, 2, "all"),
}

# case: (module, steps, lengths, value of all that is behind a sequence's end, what is asked for)
MASKED = {
    "rnn_masked": (nn.RNN(3, 4, batch_first=True), 5, [3, 5, 1], 0.0, "all"),
    "lstm_masked": (nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), 6, [6, 2, 5], 0.0, "all"),
    "lstm_masked_last": (nn.LSTM(3, 4, batch_first=True), 5, [1, 4], 0.0, "last"),
    "gru_masked_last": (nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), 5, [4, 5, 2], 9.0, "last"),
}


def end_sequences(x, lengths, value):
    if lengths:
        for sample, length in enumerate(lengths):
            x[sample, length:] = value
    return x


def module_case(family, case, module, steps, batch, asked, lengths=None, value=0.0):
    rng = stream(case)
    x = torch.tensor(end_sequences(normal(rng, batch, steps, module.input_size), lengths, value), requires_grad=True)
    for parameter in module.parameters():
        parameter.data = torch.tensor(normal(rng, *parameter.shape, scale=0.5))
    if lengths:
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        y, state = module(packed)
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=steps)
    else:
        y, state = module(x)
    if asked == "last":
        h = state[0] if isinstance(state, tuple) else state
        y = torch.cat(list(h[-(2 if module.bidirectional else 1):]), dim=1)
    dy = torch.tensor(normal(stream(case + "dy"), *y.shape))
    y.backward(dy)
    parameters = dict(module.named_parameters())
    family.put(case, x=x, **parameters, y=y, dy=dy)
    family.put(case, dx=x.grad, **{gradient_name(k): v.grad for k, v in parameters.items()})


def lstm_with_peepholes(diagonal):
    def run(x, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, **peepholes):
        hidden = weight_hh_l0.shape[1]
        h = c = torch.zeros(x.shape[0], hidden)
        states = []
        for t in range(x.shape[1]):
            z = x[:, t] @ weight_ih_l0.T + bias_ih_l0 + h @ weight_hh_l0.T + bias_hh_l0
            if not diagonal:
                z = z + c @ peepholes["weight_ch_l0"].T
            i, f, g, o = z.chunk(4, dim=1)
            if diagonal:
                i = i + peepholes["weight_ci_l0"] * c
                f = f + peepholes["weight_cf_l0"] * c
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            if diagonal:
                o = o + peepholes["weight_co_l0"] * c
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return torch.stack(states, dim=1)
    return run


def gru_reset_before(x, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    hidden = weight_hh_l0.shape[1]
    h = torch.zeros(x.shape[0], hidden)
    wr, wz, wn = weight_hh_l0.chunk(3)
    br, bz, bn = bias_hh_l0.chunk(3)
    states = []
    for t in range(x.shape[1]):
        xr, xz, xn = (x[:, t] @ weight_ih_l0.T + bias_ih_l0).chunk(3, dim=1)
        r = torch.sigmoid(xr + h @ wr.T + br)
        z = torch.sigmoid(xz + h @ wz.T + bz)
        n = torch.tanh(xn + (r * h) @ wn.T + bn)
        h = (1 - z) * n + z * h
        states.append(h)
    return torch.stack(states, dim=1)


def record(family, case, run, inputs):
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in inputs.items()}
    y = run(**leaves)
    dy = torch.tensor(normal(stream(case + "dy"), *y.shape))
    y.backward(dy)
    family.put(case, **leaves, y=y, dy=dy)
    family.put(case, **{gradient_name(k): v.grad for k, v in leaves.items()})


def written_case(family, case, run, gates, steps, batch, extra, lengths=None):
    rng, features, hidden = stream(case), 3, 4
    if lengths:
        counts = torch.arange(steps)[None, :, None] < torch.tensor(lengths)[:, None, None]
        whole = run
        run = lambda **arguments: whole(**arguments) * counts
    inputs = {
        "x": end_sequences(normal(rng, batch, steps, features), lengths, 0.0),
        "weight_ih_l0": normal(rng, gates * hidden, features, scale=0.5),
        "weight_hh_l0": normal(rng, gates * hidden, hidden, scale=0.5),
        "bias_ih_l0": normal(rng, gates * hidden, scale=0.5),
        "bias_hh_l0": normal(rng, gates * hidden, scale=0.5),
    }
    for name, shape in extra.items():
        inputs[name] = normal(rng, *shape, scale=0.5)
    record(family, case, run, inputs)


def main():
    family = Family()
    for case, (module, steps, batch, asked) in MODULES.items():
        module_case(family, case, module, steps, batch, asked)
    for case, (module, steps, lengths, value, asked) in MASKED.items():
        module_case(family, case, module, steps, len(lengths), asked, lengths, value)
    diagonal = {"weight_ci_l0": (4,), "weight_cf_l0": (4,), "weight_co_l0": (4,)}
    written_case(family, "lstm_peepholes", lstm_with_peepholes(False), 4, 5, 2, {"weight_ch_l0": (16, 4)})
    written_case(family, "lstm_diagonal_peepholes", lstm_with_peepholes(True), 4, 5, 2, diagonal)
    written_case(family, "gru_reset_before", gru_reset_before, 3, 5, 2, {})
    written_case(family, "lstm_diagonal_masked", lstm_with_peepholes(True), 4, 5, 3, diagonal, [2, 5, 4])
    written_case(family, "lstm_peepholes_masked", lstm_with_peepholes(False), 4, 5, 3, {"weight_ch_l0": (16, 4)}, [2, 5, 4])
    written_case(family, "gru_reset_before_masked", gru_reset_before, 3, 5, 3, {}, [2, 5, 4])
    path = Path(__file__).with_name("recurrent.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(MODULES) + len(MASKED) + 6} cases, {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
