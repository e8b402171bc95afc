#!/usr/bin/python3
"""Writes transformers.safetensors: what PyTorch computes with Embedding, masks, cross attention, transformer layers and
additive attention.

    /usr/bin/python3 tests/golden/make_transformers.py
"""
from pathlib import Path

import torch
from torch import nn

from make_golden import Family, normal, stream, write_safetensors


def fill(case, module):
    for name, parameter in module.named_parameters():
        parameter.data = torch.tensor(normal(stream(case + name), *parameter.shape, scale=0.5))


def record(family, case, module, function, inputs, rename=lambda name: name):
    """inputs: what function takes; one that is not floating is tokens, which have no gradient."""
    y = function(*inputs)
    dy = torch.tensor(normal(stream(case + "dy"), *y.shape))
    y.backward(dy)
    gradients = [x.grad if x.is_floating_point() else torch.zeros(x.shape) for x in inputs]
    # several inputs are one sequence, in this order
    family.put(case, x=torch.cat([x.detach().double() for x in inputs], 1), y=y, dy=dy,
               dx=torch.cat([g.double() for g in gradients], 1))
    for name, value in module.named_parameters():
        family.put(case, **{rename(name): value, "d_" + rename(name): value.grad})


def sequence(case, *shape):
    return torch.tensor(normal(stream(case), *shape), requires_grad=True)


def tokens(case, count, *shape):
    return torch.tensor(abs(normal(stream(case), *shape, scale=1000.0)).astype("int64") % count)


def main():
    family = Family()

    embedding = nn.Embedding(7, 4)
    fill("embedding", embedding)
    record(family, "embedding", embedding, embedding, [tokens("embedding", 7, 3, 5)], lambda n: "0." + n)
    padded = nn.Embedding(7, 4, padding_idx=2)
    fill("padded", padded)
    x = tokens("padded", 7, 3, 5)
    x[0, 1] = 2
    record(family, "padded", padded, padded, [x], lambda n: "0." + n)

    words = nn.Embedding(6, 4)
    middle = nn.Linear(4, 4)
    fill("tied", words)
    fill("tied", middle)
    both = nn.ModuleDict({"0": words, "1": middle})
    record(family, "tied", both, lambda t: torch.tanh(middle(words(t))) @ words.weight.T, [tokens("tied", 6, 2, 5)])

    # padding: the last steps of some sequences are zeros
    attention = nn.MultiheadAttention(6, 2, batch_first=True)
    fill("padding", attention)
    x = sequence("padding", 3, 5, 6)
    with torch.no_grad():
        x[0, 3:] = 0
        x[2, 4:] = 0
    mask = (x == 0).all(2)
    record(family, "padding", attention, lambda x: attention(x, x, x, key_padding_mask=mask, need_weights=False)[0], [x], lambda n: "0." + n)

    # cross attention: the memory, then the steps that look at it; the result at the memory is 0
    attention = nn.MultiheadAttention(6, 3, batch_first=True)
    fill("cross", attention)

    def cross(memory, target):
        y = attention(target, memory, memory, need_weights=False)[0]
        return torch.cat([torch.zeros(memory.shape, dtype=y.dtype), y], 1)
    record(family, "cross", attention, cross, [sequence("cross_memory", 2, 4, 6), sequence("cross_target", 2, 3, 6)])

    for norm_first in (True, False):
        case = "pre_norm" if norm_first else "post_norm"
        layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0, batch_first=True, norm_first=norm_first)
        fill(case, layer)
        layer.train()  # evaluation takes a fused path in single precision only
        record(family, case, layer, layer, [sequence(case, 2, 5, 8)])
    for norm_first in (True, False):
        case = "decoder_pre_norm" if norm_first else "decoder_post_norm"
        layer = nn.TransformerDecoderLayer(8, 2, 12, dropout=0, batch_first=True, norm_first=norm_first)
        fill(case, layer)

        def decode(memory, target):
            later = torch.triu(torch.ones(target.shape[1], target.shape[1], dtype=torch.bool), 1)
            return torch.cat([memory, layer(target, memory, tgt_mask=later)], 1)
        record(family, case, layer, decode, [sequence(case + "memory", 2, 4, 8), sequence(case + "target", 2, 3, 8)])

    # rotary positions by the formula of Su et al., on the heads of an attention
    rotary = nn.MultiheadAttention(8, 2, batch_first=True)
    fill("rotary", rotary)

    def rotated(v):
        steps, depth = v.shape[2], v.shape[3]
        speed = 10000.0 ** (-torch.arange(0, depth, 2, dtype=torch.double) / depth)
        angle = torch.arange(steps, dtype=torch.double)[:, None] * speed
        pairs = torch.view_as_complex(v.reshape(*v.shape[:-1], depth // 2, 2))
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(3)

    def attend(x):
        b, t, w = x.shape
        projected = x @ rotary.in_proj_weight.T + rotary.in_proj_bias
        q, k, v = [p.reshape(b, t, 2, w // 2).transpose(1, 2) for p in projected.chunk(3, 2)]
        scores = rotated(q) @ rotated(k).transpose(2, 3) / (w // 2) ** 0.5
        scores = scores.masked_fill(torch.triu(torch.ones(t, t, dtype=torch.bool), 1), float("-inf"))
        return rotary.out_proj((scores.softmax(3) @ v).transpose(1, 2).reshape(b, t, w))
    record(family, "rotary", rotary, attend, [sequence("rotary", 2, 5, 8)])

    additive = nn.ModuleDict({"query": nn.Linear(6, 4, bias=False), "key": nn.Linear(6, 4, bias=False), "score": nn.Linear(4, 1, bias=False)})
    fill("additive", additive)

    def look(memory, target):
        scores = additive["score"](torch.tanh(additive["query"](target)[:, :, None] + additive["key"](memory)[:, None])).squeeze(3)
        return torch.cat([torch.zeros(memory.shape), scores.softmax(2) @ memory], 1)
    record(family, "additive", additive, look, [sequence("additive_memory", 2, 5, 6), sequence("additive_target", 2, 3, 6)])

    # cross-entropy at every step, where some have no label
    scores = sequence("labels", 3, 4, 5)
    labels = torch.tensor([[1, -100, 4, 0], [-100, -100, -100, -100], [2, 3, 3, -100]])
    weight = torch.tensor([0.5, 1.0, 2.0, 1.5, 0.25])
    for case, options in [("labels", {}), ("labels_smooth", {"label_smoothing": 0.1}), ("labels_weighted", {"weight": weight}),
                          ("labels_sum", {"reduction": "sum"})]:
        scores.grad = None
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), **options)
        loss.backward()
        family.put(case, prediction=scores, labels=labels, loss=loss.reshape(1), gradient=scores.grad)

    path = Path(__file__).with_name("transformers.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    torch.set_default_dtype(torch.double)
    main()
