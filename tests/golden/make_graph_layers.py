#!/usr/bin/python3
"""Writes graph_layers.safetensors: layers of several inputs, and layers that pick and move numbers.

    /usr/bin/python3 tests/golden/make_graph_layers.py

`x` is one row a sample, the inputs one behind the other, and so is `dx`.
"""
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from make_golden import Family, normal, stream, write_safetensors

BATCH = 3
family = Family()


def record(case, shapes, function, module=None, change=None, names=lambda name: name):
    sizes = [int(torch.Size(s).numel()) for s in shapes]
    numbers = torch.tensor(normal(stream(case), BATCH, sum(sizes)))
    if change:
        change(*numbers.split(sizes, 1))
    x = numbers.requires_grad_()
    if module:
        for parameter in module.parameters():
            numbers = stream(case + str(tuple(parameter.shape)))
            parameter.data = torch.tensor(normal(numbers, *parameter.shape, scale=0.5))
    y = function(*[part.reshape(BATCH, *shape) for part, shape in zip(x.split(sizes, 1), shapes)])
    dy = torch.tensor(normal(stream(case + "dy"), *y.shape))
    y.backward(dy)
    family.put(case, x=x, y=y.reshape(BATCH, -1), dy=dy.reshape(BATCH, -1), dx=x.grad)
    for name, value in module.named_parameters() if module else []:
        family.put(case, **{names(name): value, "d_" + names(name): value.grad})


def flags(condition, *_):
    condition[:] = condition > 0


def moving():
    record("slice_front", [(5, 3)], lambda x: x[:, 2:])
    record("slice_middle", [(4, 6)], lambda x: x[:, :, 1:-2])
    record("slice_image", [(2, 5, 3)], lambda x: x[:, :, 2:4])
    def parts(pieces):
        return torch.cat([piece.reshape(BATCH, -1) for piece in pieces], 1)

    record("split_front", [(5, 3)], lambda x: parts(x.split([2, 3], 1)))
    record("split_thirds", [(4, 6)], lambda x: parts(x.chunk(3, 2)))
    record("split_image", [(2, 6, 2)], lambda x: parts(x.split([1, 3, 2], 2)))
    record("select", [(4, 3)], lambda x: x.select(1, -2))
    record("select_inner", [(4, 3)], lambda x: x.select(2, 1))
    record("take", [(4, 3)], lambda x: x.index_select(1, torch.tensor([2, 0, 2])))
    record("take_inner", [(2, 4, 2)], lambda x: x.index_select(2, torch.tensor([3, 1])))
    record("permute", [(2, 3, 4)], lambda x: x.permute(0, 3, 1, 2).contiguous())
    record("permute_turned", [(2, 3, 4)], lambda x: x.permute(0, 3, 2, 1).contiguous())
    record("permute_four", [(2, 3, 2, 2)], lambda x: x.permute(0, 2, 4, 1, 3).contiguous())


def element_by_element():
    def ties(a, b, *rest):
        b[:, ::2] = a[:, ::2]

    record("multiply", [(2, 3)] * 3, lambda a, b, c: a * b * c)
    record("multiply_channels", [(2, 3, 2), (2,)], lambda a, b: a * b[:, :, None, None])
    record("multiply_map", [(1, 3, 2), (2, 3, 2)], lambda a, b: a * b)
    record("multiply_outer", [(3, 1), (1, 4)], lambda a, b: a * b)
    record("multiply_middle", [(2, 3, 2), (1, 3, 1), (2,)], lambda a, b, c: a * b * c[:, :, None, None])
    record("subtract", [(5,), (5,)], torch.sub)
    record("subtract_number", [(1,), (2, 3)], lambda a, b: a[:, None] - b)
    record("divide", [(5,), (5,)], torch.div)
    record("divide_number", [(4,), (1,)], torch.div)
    record("maximum", [(6,), (6,)], torch.maximum, change=ties)
    record("maximum_channels", [(2, 3), (2,)], lambda a, b: torch.maximum(a, b[:, :, None]))
    record("maximum_three", [(6,)] * 3, lambda *v: torch.amax(torch.stack(v), 0), change=ties)
    record("minimum", [(6,), (6,)], torch.minimum, change=ties)
    record("minimum_three", [(6,)] * 3, lambda *v: torch.amin(torch.stack(v), 0), change=ties)
    record("where", [(6,)] * 3, lambda c, a, b: torch.where(c != 0, a, b), change=flags)
    record("where_spread", [(2, 1), (2, 3), (1,)], lambda c, a, b: torch.where(c != 0, a, b[:, :, None]), change=flags)
    record("mean", [(4,)] * 3, lambda *v: torch.stack(v).mean(0))
    record("film", [(3, 2, 2), (3,), (3,)], lambda x, s, t: s[:, :, None, None] * x + t[:, :, None, None])
    record("film_steps", [(4, 3), (1, 3), (1,)], lambda x, s, t: torch.addcmul(t[:, :, None], s, x))


def products():
    record("matmul", [(3, 4), (4, 2)], torch.matmul)
    record("matmul_transposed", [(3, 4), (2, 4)], lambda a, b: torch.matmul(a, b.mT))
    record("matmul_heads", [(2, 3, 4), (2, 4, 5)], torch.matmul)
    record("matmul_heads_transposed", [(2, 3, 4), (2, 5, 4)], lambda a, b: torch.matmul(a, b.mT))
    record("matmul_one_matrix", [(2, 3, 4), (4, 5)], lambda a, b: torch.matmul(a, b[:, None]))
    record("matmul_vector", [(4,), (4, 3)], lambda a, b: torch.matmul(a[:, None], b)[:, 0])
    record("stack", [(2, 3)] * 3, lambda *v: torch.stack(v, 1))
    record("dot", [(6,), (6,)], lambda a, b: (a * b).sum(-1, keepdim=True))
    record("dot_steps", [(4, 3), (4, 3)], lambda a, b: (a * b).sum(-1))
    record("cosine", [(6,), (6,)], lambda a, b: F.cosine_similarity(a, b, dim=-1).unsqueeze(1))
    record("cosine_steps", [(4, 3), (4, 3)], lambda a, b: F.cosine_similarity(a, b, dim=-1))


class Additive(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.query = nn.Linear(width, hidden, bias=False)
        self.key = nn.Linear(width, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, steps, memory, mask=None):
        scores = self.score(torch.tanh(self.query(steps)[:, :, None] + self.key(memory)[:, None]))[..., 0]
        if mask is not None:
            scores = scores.masked_fill(mask.bool()[:, None], -1e30)
        return scores.softmax(-1) @ memory


def attention():
    def pad(mask):
        mask[:] = 0
        mask[0, -1:] = 1
        mask[1, 1:3] = 1

    heads = lambda width, count: nn.MultiheadAttention(width, count, batch_first=True)
    cross = lambda m: lambda x, y, mask=None: m(x, y, y, key_padding_mask=None if mask is None else mask.bool(),
                                                need_weights=False)[0]
    for case, masked in [("cross", []), ("cross_masked", [(4,)])]:
        module = heads(6, 3)
        record(case, [(5, 6), (4, 6)] + masked, cross(module), module, lambda *v: pad(v[-1]) if len(v) == 3 else None)
    for case, masked in [("additive", []), ("additive_masked", [(5,)])]:
        module = Additive(6, 4)
        record(case, [(3, 6), (5, 6)] + masked, module, module, lambda *v: pad(v[-1]) if len(v) == 3 else None)
    for case, causal in [("self_masked", False), ("self_masked_causal", True)]:
        module = heads(6, 2)
        unseen = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1) if causal else None
        record(case, [(5, 6), (5,)],
               lambda x, mask: module(x, x, x, key_padding_mask=mask.bool(), attn_mask=unseen, need_weights=False)[0],
               module,
               lambda x, mask: pad(mask))


if __name__ == "__main__":
    moving()
    element_by_element()
    products()
    attention()
    path = Path(__file__).with_name("graph_layers.safetensors")
    write_safetensors(path, family)
    print(f"{path.name}: {len(family)} tensors, {path.stat().st_size} bytes")
