#!/usr/bin/python3
"""Writes the golden values: what PyTorch computes, forward and backward, in double precision.

    /usr/bin/python3 tests/golden/make_golden.py [family ...]        (Debian 12: python3-torch)

One safetensors file per family lands beside this script. Every case draws from its own seeded
stream, so adding one case never changes another. README.md explains the names.
"""
import json
import os
import struct
import sys
import warnings
import zlib
from pathlib import Path
from typing import Callable, NamedTuple

# Scalar kernels and one thread: the values then do not depend on the width of this machine's SIMD.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import lr_scheduler

torch.set_num_threads(1)
# Optimizers keep some of their state (ASGD's eta, NAdam's mu product) in the default type.
torch.set_default_dtype(torch.float64)
# kl_div warns about the meaning of "mean", the schedulers about their own internals.
warnings.filterwarnings("ignore")


# --- the file ---------------------------------------------------------------------------------

def write_safetensors(path, tensors, finite=True):
    """Length of the header, header (JSON, padded to 8 bytes), then the numbers back to back."""
    header = {"__metadata__": {"torch": str(torch.__version__), "script": Path(__file__).name}}
    blobs, offset = [], 0
    for name, array in tensors.items():
        assert not finite or np.isfinite(array).all(), f"{name} is not finite"
        blobs.append(array.astype("<f8").tobytes())
        end = offset + len(blobs[-1])
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


class Family(dict):
    """The tensors of one file; `put` names them `<case>.<name>`."""

    def put(self, case, **tensors):
        for name, value in tensors.items():
            value = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
            key = f"{case}.{name}"
            assert key not in self, f"{key} is written twice"
            self[key] = value.astype(np.float64)  # a copy: optimizers change parameters in place


# --- drawing and differentiating ----------------------------------------------------------------

def stream(case):
    return np.random.RandomState(zlib.crc32(case.encode()))


def normal(rng, *shape, scale=1.0):
    return scale * rng.standard_normal(shape)


def distribution(rng, *shape):
    """Random rows that are positive and sum to one."""
    e = np.exp(normal(rng, *shape))
    return e / e.sum(axis=-1, keepdims=True)


def gradient_name(name):
    return f"d{name}" if name.startswith("x") else f"d_{name}"


def differentiate(family, case, function, inputs, constants=None, y="y", dy="dy"):
    """Records inputs, constants, function(**inputs, **constants) and the gradient of every input,
    for a random upstream gradient; a scalar result is a loss, its upstream gradient is 1."""
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in inputs.items()}
    fixed = {k: torch.tensor(v) for k, v in (constants or {}).items()}
    result = function(**leaves, **fixed)
    family.put(case, **leaves, **fixed, **{y: result})
    if result.dim() == 0:
        result.backward()
    else:
        upstream = torch.tensor(normal(stream(case + dy), *result.shape))
        family.put(case, **{dy: upstream})
        result.backward(upstream)
    family.put(case, **{gradient_name(k): v.grad for k, v in leaves.items()})


# --- activations --------------------------------------------------------------------------------

# 90 overflows exp() in single precision; 0.001 catches cancellation.
EXTREME = [0.0, 20.0, -20.0, 90.0, -90.0, 1e-3, -1e-3, 0.5, -0.5, 50.0, -50.0]


class Activation(NamedTuple):
    function: Callable
    kinks: tuple = ()         # where the derivative jumps
    parameters: dict = {}
    features: int = 7
    extreme: list = EXTREME
    differentiable: bool = True


def halves(x):
    return x.chunk(2, dim=-1)


ACTIVATIONS = {
    "relu": Activation(F.relu, (0,)),
    "leaky_relu_0p01": Activation(lambda x: F.leaky_relu(x, 0.01), (0,)),
    "leaky_relu_0p2": Activation(lambda x: F.leaky_relu(x, 0.2), (0,)),
    "prelu": Activation(lambda x, alpha: F.prelu(x, alpha), (0,), {"alpha": [0.25]}),
    "prelu_per_feature": Activation(lambda x, alpha: F.prelu(x, alpha), (0,),
                                    {"alpha": [0.25, 0.1, -0.3, 0.0, 1.0, 1.5, 0.01]}),
    "elu_1": Activation(F.elu, (0,)),
    "elu_0p5": Activation(lambda x: F.elu(x, 0.5), (0,)),
    "selu": Activation(F.selu, (0,)),
    # PyTorch's own backward rounds 1/1.3 (celu) and 1/6 (hardsigmoid) to single precision.
    "celu_1p3": Activation(lambda x: torch.where(x > 0, x, 1.3 * torch.expm1(x / 1.3)), (0,)),
    "sigmoid": Activation(torch.sigmoid),
    "hardsigmoid": Activation(lambda x: F.relu6(x + 3) / 6, (-3, 3)),
    "tanh": Activation(torch.tanh),
    "hardtanh": Activation(F.hardtanh, (-1, 1)),
    # PyTorch's default threshold of 20 replaces the formula by x; here the formula is wanted.
    "softplus": Activation(lambda x: F.softplus(x, threshold=500)),
    "softsign": Activation(F.softsign),
    "gelu": Activation(F.gelu),
    "gelu_tanh": Activation(lambda x: F.gelu(x, approximate="tanh")),
    "silu": Activation(F.silu),
    "swish_beta": Activation(lambda x, beta: x * torch.sigmoid(beta * x), (), {"beta": [1.7]}),
    "mish": Activation(F.mish),
    # Composed, because 1.13's own backward says -0.5 at -3; later releases say 0, as this does.
    "hardswish": Activation(lambda x: x * F.relu6(x + 3) / 6, (-3, 3)),
    "relu6": Activation(F.relu6, (0, 6)),
    "glu": Activation(F.glu, features=12),
    "swiglu": Activation(lambda x: F.silu(halves(x)[0]) * halves(x)[1], features=12),
    "logsigmoid": Activation(F.logsigmoid),
    # step(0) is a convention PyTorch leaves to the caller, so 0 is not asked for.
    "step": Activation(lambda x: torch.heaviside(x, torch.tensor(0.0)), extreme=EXTREME[1:],
                       differentiable=False),
    "tanhshrink": Activation(F.tanhshrink),
}


def activations(family):
    for name, a in ACTIVATIONS.items():
        shape = (5, a.features)
        usual = normal(stream(name), *shape, scale=2.0)
        for i, kink in enumerate(a.kinks):  # close to each kink, on both sides
            usual.flat[8 * i], usual.flat[8 * i + 4] = kink + 1e-3, kink - 1e-3
        inputs = {name: usual, f"{name}_extreme": np.resize(a.extreme, shape)}
        if a.kinks:
            inputs[f"{name}_kink"] = np.resize(np.array(a.kinks, dtype=float), shape)
        for case, x in inputs.items():
            if a.differentiable:
                differentiate(family, case, lambda x, **p: a.function(x, *p.values()),
                              {"x": x, **a.parameters})
            else:
                family.put(case, x=x, y=a.function(torch.tensor(x)))


# --- rows: formulas over the features of one sample -----------------------------------------------

def layer_norm(x, weight=None, bias=None):
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps=1e-5)


def rms_norm(x, weight):
    return x / torch.sqrt((x * x).mean(dim=-1, keepdim=True) + 1e-6) * weight


def hard_rows(features):
    """Rows that break one-pass variances and unshifted exponentials: far from zero, all equal,
    tiny, of large range. None is zero, where a norm has no derivative."""
    rng = stream("hard rows")
    return np.stack([1000.0 + normal(rng, features), np.full(features, 2.5),
                     normal(rng, features, scale=1e-3), np.resize(EXTREME, features),
                     normal(rng, features, scale=30.0)])


def rows(family):
    table = {
        "softmax": (lambda x: F.softmax(x, dim=-1), ()),
        "log_softmax": (lambda x: F.log_softmax(x, dim=-1), ()),
        "layer_norm": (layer_norm, ("weight", "bias")),
        "layer_norm_plain": (layer_norm, ()),
        "rms_norm": (rms_norm, ("weight",)),
        "l2_normalize": (lambda x: F.normalize(x, dim=-1), ()),
    }
    for name, (function, parameters) in table.items():
        rng = stream(name)
        values = {p: (p == "weight") + normal(rng, 7, scale=0.5) for p in parameters}
        differentiate(family, name, function, {"x": normal(rng, 5, 7, scale=2.0), **values})
        differentiate(family, f"{name}_extreme", function, {"x": hard_rows(7), **values})

    def similarity(x1, x2):
        return F.cosine_similarity(x1, x2, dim=-1)

    rng = stream("cosine_similarity")
    differentiate(family, "cosine_similarity", similarity,
                  {"x1": normal(rng, 5, 7), "x2": normal(rng, 5, 7)})
    differentiate(family, "cosine_similarity_extreme", similarity,
                  {"x1": hard_rows(7), "x2": hard_rows(7)[::-1].copy()})


# --- batch normalisation ------------------------------------------------------------------------

def batch_norm(family):
    """Three training steps, running statistics after each, then evaluation with the last ones."""
    shapes = {"batch_norm_1d": (5, 7), "batch_norm_1d_extreme": (5, 7), "batch_norm_2d": (3, 4, 5, 3)}
    for name, shape in shapes.items():
        rng, channels = stream(name), shape[1]
        mean, var = torch.zeros(channels), torch.ones(channels)
        parameters = {"weight": 1.0 + normal(rng, channels, scale=0.5),
                      "bias": normal(rng, channels, scale=0.5)}
        for case, training in {f"{name}_step1": True, f"{name}_step2": True,
                               f"{name}_step3": True, f"{name}_eval": False}.items():
            x = 0.5 + normal(rng, *shape, scale=2.0)
            if name.endswith("extreme"):
                x = hard_rows(5).T[:, [0, 1, 2, 3, 4, 0, 4]] + normal(rng, 7, scale=0.1)
            differentiate(family, case,
                          lambda x, weight, bias: F.batch_norm(x, mean, var, weight, bias, training,
                                                               momentum=0.1, eps=1e-5),
                          {"x": x, **parameters})
            family.put(case, running_mean=mean, running_var=var)


# --- losses -------------------------------------------------------------------------------------

class Loss(NamedTuple):
    function: Callable        # (prediction, ..., reduction) -> loss
    inputs: Callable          # rng -> tensors to differentiate by
    constants: Callable       # rng -> target and the like
    extreme: Callable = None  # replaces the prediction
    reductions: tuple = ("mean", "sum", "none")


def logits(rng):
    return {"prediction": normal(rng, 5, 7, scale=2.0)}


def log_probabilities(rng):
    return {"prediction": np.log(distribution(rng, 5, 7))}


def probabilities(rng):
    return {"prediction": rng.uniform(0.02, 0.98, (5, 7))}


def real_target(rng):
    return {"target": normal(rng, 5, 7, scale=2.0)}


def soft_binary(rng):
    return {"target": rng.uniform(0.0, 1.0, (5, 7)).round(1)}


def signs(rng):
    return {"target": np.where(rng.uniform(size=(5, 7)) < 0.5, -1.0, 1.0)}


def classes(rng):
    return {"target": rng.permutation(7)[:5]}


def class_distribution(rng):
    return {"target": distribution(rng, 5, 7)}


def weighted(target):
    return lambda rng: {**target(rng), "weight": rng.uniform(0.3, 2.0, 7)}


def pos_weighted(rng):
    return {**soft_binary(rng), "pos_weight": rng.uniform(0.3, 3.0, 7)}


def wide(rng):
    return np.resize(EXTREME, (5, 7))


def near_certain(rng):
    return np.resize([1e-9, 0.5, 1 - 1e-9, 1e-5, 1 - 1e-5], (5, 7))


def reduce(loss, reduction):
    return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[reduction]()


def hinge(prediction, target, reduction):
    return reduce(F.relu(1 - target * prediction), reduction)


def cosine(prediction, target, reduction):
    return reduce(1 - F.cosine_similarity(prediction, target, dim=-1), reduction)


def with_options(function, **options):
    """A PyTorch loss (input, target, ...) with this table's names and fixed options."""
    return lambda prediction, target, reduction, **rest: function(
        prediction, target, reduction=reduction, **options, **rest)


def on_classes(function, **options):
    return lambda prediction, target, reduction, **rest: function(
        prediction, target.long(), reduction=reduction, **options, **rest)


def focal(alpha, gamma):
    """torchvision.ops.sigmoid_focal_loss, written with logsigmoid so that it stays finite."""
    def loss(prediction, target, reduction):
        signed = (2 * target - 1) * prediction
        weight = alpha * target + (1 - alpha) * (1 - target) if alpha >= 0 else 1.0
        return reduce(-weight * (gamma * F.logsigmoid(-signed)).exp() * F.logsigmoid(signed), reduction)
    return loss


def dice(prediction, target, reduction):
    both, all_ = (prediction * target).sum(1), prediction.sum(1) + target.sum(1)
    return reduce(1 - (2 * both + 1) / (all_ + 1), reduction)


def contrastive(prediction, target, reduction):
    return reduce(target * prediction ** 2 + (1 - target) * F.relu(1.5 - prediction) ** 2, reduction)


def yes_or_no(rng):
    return {"target": rng.randint(0, 2, (5, 7)) * 1.0}


CE, BCE, BCE_LOGITS = F.cross_entropy, F.binary_cross_entropy, F.binary_cross_entropy_with_logits
KL_REDUCTIONS = ("mean", "batchmean", "sum", "none")

LOSSES = {
    "mse": Loss(with_options(F.mse_loss), logits, real_target, wide),
    "l1": Loss(with_options(F.l1_loss), logits, real_target, wide),
    "huber_1": Loss(with_options(F.huber_loss, delta=1.0), logits, real_target, wide),
    "huber_0p5": Loss(with_options(F.huber_loss, delta=0.5), logits, real_target, wide),
    "smooth_l1_1": Loss(with_options(F.smooth_l1_loss, beta=1.0), logits, real_target, wide),
    "smooth_l1_0p3": Loss(with_options(F.smooth_l1_loss, beta=0.3), logits, real_target, wide),
    "bce": Loss(with_options(BCE), probabilities, soft_binary, near_certain),
    # log(0) is held at -100 and the gradient's denominator at 1e-12 by PyTorch.
    "bce_certain": Loss(with_options(BCE), lambda rng: {"prediction": rng.randint(0, 2, (5, 7)) * 1.0},
                        soft_binary, None, ("mean",)),
    "bce_with_logits": Loss(with_options(BCE_LOGITS), logits, soft_binary, wide),
    "bce_with_logits_pos_weight": Loss(with_options(BCE_LOGITS), logits, pos_weighted, wide),
    "focal": Loss(focal(0.25, 2.0), logits, yes_or_no, wide),
    "focal_alike": Loss(focal(-1.0, 0.5), logits, yes_or_no, wide),
    "dice": Loss(dice, probabilities, soft_binary),
    "contrastive": Loss(contrastive, lambda rng: {"prediction": rng.uniform(0, 3, (5, 7))}, yes_or_no),
    "cross_entropy": Loss(on_classes(CE), logits, classes, wide),
    "cross_entropy_weighted": Loss(on_classes(CE), logits, weighted(classes), wide),
    "cross_entropy_smoothed_0p1": Loss(on_classes(CE, label_smoothing=0.1), logits, classes, wide),
    "cross_entropy_weighted_smoothed_0p1": Loss(on_classes(CE, label_smoothing=0.1), logits,
                                                weighted(classes), wide),
    "cross_entropy_soft": Loss(with_options(CE), logits, class_distribution, wide),
    "cross_entropy_soft_weighted": Loss(with_options(CE), logits, weighted(class_distribution), wide),
    "cross_entropy_soft_smoothed_0p1": Loss(with_options(CE, label_smoothing=0.1), logits,
                                            class_distribution, wide),
    "nll": Loss(on_classes(F.nll_loss), log_probabilities, classes),
    "nll_weighted": Loss(on_classes(F.nll_loss), log_probabilities, weighted(classes)),
    "kl_div": Loss(with_options(F.kl_div), log_probabilities, class_distribution,
                   lambda rng: normal(rng, 5, 7, scale=30.0), KL_REDUCTIONS),
    # 0 log 0 = 0
    "kl_div_one_hot": Loss(with_options(F.kl_div), log_probabilities,
                           lambda rng: {"target": np.eye(7)[rng.permutation(7)[:5]]},
                           None, KL_REDUCTIONS),
    "hinge": Loss(hinge, logits, signs, wide),
    "multi_margin": Loss(on_classes(F.multi_margin_loss), logits, classes, wide),
    "cosine": Loss(cosine, logits, real_target),
}


def losses(family):
    for name, loss in LOSSES.items():
        rng = stream(name)
        inputs, constants = loss.inputs(rng), loss.constants(rng)
        for reduction in loss.reductions:
            def run(case, inputs):
                differentiate(family, case, lambda **t: loss.function(reduction=reduction, **t),
                              inputs, constants, "loss", "d_loss")
            run(f"{name}_{reduction}", inputs)
            if loss.extreme and reduction == "mean":
                run(f"{name}_extreme_mean", {"prediction": loss.extreme(rng)})

    for name, margin in {"cosine_embedding": 0.0, "cosine_embedding_margin_0p5": 0.5}.items():
        for reduction in ("mean", "sum", "none"):
            rng = stream(name)
            differentiate(family, f"{name}_{reduction}",
                          lambda prediction, other, target: F.cosine_embedding_loss(
                              prediction, other, target, margin, reduction=reduction),
                          {"prediction": 0.7 + normal(rng, 5, 7), "other": 0.7 + normal(rng, 5, 7)},
                          {"target": [1.0, -1.0, -1.0, 1.0, -1.0]}, "loss", "d_loss")


    def drawn(case, *names):
        rng = stream(case)
        return {name: normal(rng, 6, 4) for name in names}

    for reduction in ("mean", "sum"):
        differentiate(family, f"triplet_{reduction}",
                      lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=0.5, reduction=reduction),
                      drawn("triplet", "a", "b", "c"), {}, "loss")
        differentiate(family, f"info_nce_{reduction}",
                      lambda a, b: F.cross_entropy(a @ b.T / 0.2, torch.arange(6), reduction=reduction),
                      drawn("info_nce", "a", "b"), {}, "loss")

    # Formulas of the whole batch: by element, and, of VICReg's variance and of a covariance, by feature.
    over_batch = {
        "batch_centred": (lambda prediction, target: (prediction - prediction.mean(0) - target) ** 2, ("prediction",)),
        "batch_spread": (lambda a: F.relu(1 - ((0.7 * a).var(0, unbiased=False) + 1e-4).sqrt()).expand(6, 4), ("a",)),
        "batch_twins": (lambda a, b: ((1 - ((a - a.mean(0)) * (b - b.mean(0))).mean(0)) ** 2).expand(6, 4),
                        ("a", "b")),
    }
    for case, (formula, names) in over_batch.items():
        inputs = drawn(case, *names)
        fixed = drawn(case + "_target", "target") if case == "batch_centred" else {}
        for reduction, by in (("mean", 24), ("batchmean", 6), ("sum", 1)):
            differentiate(family, f"{case}_{reduction}", lambda **of: formula(**of).sum() / by, inputs, fixed, "loss")

    # Labels that are empty, repeat themselves, and fill all steps; the last of repeated does not fit into six.
    labels = [[], [1, 1, 2], [3, 2, 3, 1], [1, 2, 1, 2, 1, 2], [2, 2, 2, 2]]
    for case, count, blank, zero in (("ctc", 4, 0, False), ("ctc_blank_4", 4, 4, False), ("ctc_impossible", 5, 0, True)):
        rng = stream(case)
        scores = normal(rng, count, 6, 5, scale=2.0)
        lengths = [len(l) for l in labels[:count]]
        for reduction in ("mean", "sum"):
            differentiate(family, f"{case}_{reduction}",
                          lambda scores: F.ctc_loss(
                              F.log_softmax(scores, -1).transpose(0, 1), torch.tensor(sum(labels[:count], [])),
                               [6] * count,
                              lengths, blank=blank, reduction=reduction, zero_infinity=zero),
                          {"scores": scores}, {}, "loss")
        filled = np.array([l + [-100] * (6 - len(l)) for l in labels[:count]])
        family.put(case, labels=filled)


# --- layers -------------------------------------------------------------------------------------

def layers(family):
    table = {"dense": lambda y: y, "dense_no_bias": lambda y: y, "dense_relu": F.relu,
             "dense_gelu": F.gelu, "dense_sigmoid": torch.sigmoid}
    for name, activation in table.items():
        rng = stream(name)
        inputs = {"x": normal(rng, 5, 7), "weight": normal(rng, 4, 7, scale=0.5)}
        if name != "dense_no_bias":
            inputs["bias"] = normal(rng, 4, scale=0.5)
        differentiate(family, name,
                      lambda x, weight, bias=None: activation(F.linear(x, weight, bias)), inputs)


# --- networks -----------------------------------------------------------------------------------

class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Concat(nn.ModuleList):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self], dim=-1)


class Add(nn.ModuleList):
    def forward(self, x):
        return sum(branch(x) for branch in self)


class Branched(nn.Module):
    """Two inputs through one tower, a residual sum, two outputs."""

    def __init__(self):
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(3, 5), nn.Tanh())
        self.mixed = nn.Sequential(nn.Linear(10, 10), nn.ReLU())
        self.kind = nn.Linear(10, 3)
        self.value = nn.Linear(10, 2)

    def branches(self, left, right):
        both = torch.cat([self.tower(left), self.tower(right)], dim=-1)
        total = both + self.mixed(both)
        return self.kind(total), self.value(total)

    def forward(self, x):
        return torch.cat(self.branches(*x.split(3, dim=-1)), dim=-1)


class Conditioned(nn.Module):
    """A block of a row x and a condition t, which is the same for every copy."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.scale = nn.Linear(2, 4)

    def forward(self, x, t):
        return x + torch.tanh(self.a(x) * self.scale(t))


class Coupled(nn.Module):
    """A block of two inputs and two outputs of the same shapes."""

    def __init__(self):
        super().__init__()
        self.f = nn.Linear(2, 4)
        self.g = nn.Linear(4, 2)

    def forward(self, a, b):
        a = a * torch.sigmoid(self.f(b))
        return a, b + self.g(a)


class RepeatConditioned(nn.Sequential):
    def forward(self, x):
        x, t = x.split((4, 2), dim=-1)
        for block in self:
            x = block(x, t)
        return x


class RepeatCoupled(nn.Sequential):
    def forward(self, x):
        both = x.split((4, 2), dim=-1)
        for block in self:
            both = block(*both)
        return torch.cat(both, dim=-1)


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 3))


NETWORKS = {
    "residual": lambda: Residual(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 6)),
    "concat": lambda: Concat([nn.Linear(6, 4), nn.Linear(6, 3)]),
    "add": lambda: Add([nn.Linear(6, 4), nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))]),
    "repeat": lambda: nn.Sequential(*[Residual(nn.Linear(6, 6), nn.Tanh()) for _ in range(3)]),
    "nested": lambda: nn.Sequential(
        nn.Linear(6, 8), nn.Sequential(nn.ReLU(), nn.Linear(8, 8)),
        Residual(nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 8)),
        Concat([nn.Linear(8, 2), nn.Sequential(nn.Linear(8, 3), nn.Sigmoid())]),
        Add([nn.Linear(5, 3), nn.Linear(5, 3)])),
    "branched": Branched,
    "repeat_conditioned": lambda: RepeatConditioned(*[Conditioned() for _ in range(3)]),
    "repeat_coupled": lambda: RepeatCoupled(*[Coupled() for _ in range(3)]),
}


def seeded(build, case):
    rng, net = stream(case), build()
    for p in net.parameters():
        p.data = torch.tensor(normal(rng, *p.shape, scale=0.5))
    return net


def networks(family):
    for name, build in NETWORKS.items():
        net = seeded(build, name)
        x = torch.tensor(normal(stream(name + "x"), 5, 6), requires_grad=True)
        y = net(x)
        dy = torch.tensor(normal(stream(name + "dy"), *y.shape))
        y.backward(dy)
        family.put(name, x=x, y=y, dy=dy, dx=x.grad, **net.state_dict())
        family.put(name, **{f"d_{k}": p.grad for k, p in net.named_parameters()})

    x = torch.tensor(normal(stream("mlp x"), 5, 6), requires_grad=True)
    target = torch.tensor([2, 0, 1, 1, 0])
    net = seeded(mlp, "mlp")
    y = net(x)
    loss = F.cross_entropy(y, target)
    loss.backward()
    family.put("mlp", x=x, target=target, logits=y, probabilities=F.softmax(y, dim=-1), loss=loss,
               dx=x.grad, **net.state_dict())
    family.put("mlp", **{f"d_{k}": p.grad for k, p in net.named_parameters()})

    for case, make in {"sgd3": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
                       "adam3": lambda p: torch.optim.Adam(p, lr=1e-2)}.items():
        net, step_losses = seeded(mlp, "mlp"), []
        optimizer = make(net.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x.detach()), target)
            loss.backward()
            optimizer.step()
            step_losses.append(loss.item())
        family.put("mlp", **{f"{case}.loss": step_losses})
        family.put("mlp", **{f"{case}.{k}": v for k, v in net.state_dict().items()})


# --- optimizers ---------------------------------------------------------------------------------

class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for w in group["params"]:
                m = self.state[w].setdefault("m", torch.zeros_like(w))
                w.mul_(1 - group["lr"] * group["weight_decay"])
                w.sub_(group["lr"] * torch.sign(beta1 * m + (1 - beta1) * w.grad))
                m.mul_(beta2).add_((1 - beta2) * w.grad)


class Lamb(torch.optim.Optimizer):
    """You et al. 2020, "Large batch optimization for deep learning", algorithm 2, with phi(z) = z."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for w in group["params"]:
                state = self.state[w]
                t = state["t"] = state.get("t", 0) + 1
                m, v = state.setdefault("m", torch.zeros_like(w)), state.setdefault("v", torch.zeros_like(w))
                m.mul_(beta1).add_((1 - beta1) * w.grad)
                v.mul_(beta2).add_((1 - beta2) * w.grad ** 2)
                u = m / (1 - beta1 ** t) / ((v / (1 - beta2 ** t)).sqrt() + group["eps"]) + group["weight_decay"] * w
                w.sub_(group["lr"] * w.norm() / u.norm() * u)


O = torch.optim
OPTIMIZERS = {
    "sgd": (O.SGD, dict(lr=0.1)),
    "sgd_weight_decay": (O.SGD, dict(lr=0.1, weight_decay=0.05)),
    "sgd_momentum": (O.SGD, dict(lr=0.05, momentum=0.9)),
    "sgd_dampening": (O.SGD, dict(lr=0.05, momentum=0.9, dampening=0.3)),
    "sgd_nesterov": (O.SGD, dict(lr=0.05, momentum=0.9, nesterov=True)),
    "sgd_nesterov_weight_decay": (O.SGD, dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.05)),
    "adam": (O.Adam, dict(lr=1e-2)),
    "adam_weight_decay": (O.Adam, dict(lr=1e-2, weight_decay=0.05)),
    "adam_betas_eps": (O.Adam, dict(lr=1e-2, betas=(0.8, 0.95), eps=1e-4)),
    "adam_amsgrad": (O.Adam, dict(lr=1e-2, betas=(0.8, 0.9), amsgrad=True)),
    "adamw": (O.AdamW, dict(lr=1e-2)),
    "adamw_weight_decay": (O.AdamW, dict(lr=1e-2, weight_decay=0.3)),
    "adamw_amsgrad": (O.AdamW, dict(lr=1e-2, betas=(0.8, 0.9), amsgrad=True)),
    "rmsprop": (O.RMSprop, dict(lr=1e-2)),
    "rmsprop_centered": (O.RMSprop, dict(lr=1e-2, alpha=0.9, centered=True)),
    "rmsprop_momentum": (O.RMSprop, dict(lr=1e-2, momentum=0.9)),
    "rmsprop_all": (O.RMSprop, dict(lr=1e-2, alpha=0.9, eps=1e-4, momentum=0.8, centered=True,
                                    weight_decay=0.05)),
    "adagrad": (O.Adagrad, dict(lr=1e-1)),
    "adagrad_decay": (O.Adagrad, dict(lr=1e-1, lr_decay=0.02, initial_accumulator_value=0.1,
                                      weight_decay=0.05)),
    "adadelta": (O.Adadelta, dict(lr=1.0)),
    "adadelta_weight_decay": (O.Adadelta, dict(lr=0.5, rho=0.8, eps=1e-5, weight_decay=0.05)),
    # 1.13's plain loop multiplies by mu once too often (mu_product * mu * mu_next); its foreach
    # form and later releases follow the paper.
    "nadam": (O.NAdam, dict(lr=2e-2, foreach=True)),
    "nadam_weight_decay": (O.NAdam, dict(lr=2e-2, momentum_decay=0.01, weight_decay=0.05, foreach=True)),
    "radam": (O.RAdam, dict(lr=1e-2)),
    "radam_weight_decay": (O.RAdam, dict(lr=1e-2, betas=(0.8, 0.99), weight_decay=0.05)),
    "asgd": (O.ASGD, dict(lr=1e-2)),
    "asgd_averaging": (O.ASGD, dict(lr=1e-1, lambd=0.05, t0=20, weight_decay=0.05)),
    "lion": (Lion, dict(lr=1e-2)),
    "lamb": (Lamb, dict(lr=1e-2, weight_decay=0.0)),
    "lamb_weight_decay": (Lamb, dict(lr=2e-2, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.05)),
    "lion_weight_decay": (Lion, dict(lr=1e-2, betas=(0.95, 0.98), weight_decay=0.3)),
}


IMPLEMENTATION_SWITCHES = {"foreach", "capturable", "differentiable", "fused", "maximize"}


def hyperparameters(options):
    """Every number an optimizer or schedule was built with; a pair of betas as beta1 and beta2."""
    numbers = {}
    for name, value in options.items():
        if name == "betas":
            numbers["beta1"], numbers["beta2"] = value
        elif name not in IMPLEMENTATION_SWITCHES and isinstance(value, (int, float, list)):
            numbers[name] = value
    return numbers


def optimizers(family):
    rng = stream("optimizers")
    initial, gradients = normal(rng, 10), 0.3 + normal(rng, 100, 10)
    gradients *= [1, 1, 1, 1, 1, 1, 0.1, 100, 1e-6, 0]  # large, near epsilon, never any
    family.put("given", initial=initial, gradients=gradients)
    for name, (make, options) in OPTIMIZERS.items():
        w = torch.tensor(initial, requires_grad=True)
        optimizer = make([w], **options)
        family.put(name, **hyperparameters(optimizer.defaults))
        for step, gradient in enumerate(gradients, start=1):
            w.grad = torch.tensor(gradient)
            optimizer.step()
            if step in (1, 10, 100):
                family.put(name, **{f"after_{step}": w})
                if make is O.ASGD:
                    family.put(name, **{f"average_{step}": optimizer.state[w]["ax"]})

    # Clipping over two parameters: one norm for both.
    a, b = normal(rng, 4, 3, scale=2.0), normal(rng, 5, scale=2.0)
    for case, clip in {"clip_norm": lambda p: nn.utils.clip_grad_norm_(p, max_norm=1.5),
                       "clip_norm_inactive": lambda p: nn.utils.clip_grad_norm_(p, max_norm=100.0),
                       "clip_norm_infinity": lambda p: nn.utils.clip_grad_norm_(p, 1.5, float("inf")),
                       "clip_value": lambda p: nn.utils.clip_grad_value_(p, 0.7)}.items():
        p = [nn.Parameter(torch.zeros(g.shape)) for g in (a, b)]
        p[0].grad, p[1].grad = torch.tensor(a), torch.tensor(b)
        norm = clip(p)
        family.put(case, gradient_a=a, gradient_b=b, clipped_a=p[0].grad, clipped_b=p[1].grad)
        if norm is not None:
            family.put(case, norm=norm)


# --- schedules ----------------------------------------------------------------------------------

def chained(optimizer, warmup, gamma):
    return lr_scheduler.ChainedScheduler([
        lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=warmup),
        lr_scheduler.ExponentialLR(optimizer, gamma=gamma)])


def sequential(optimizer, warmup, T_max):
    return lr_scheduler.SequentialLR(optimizer, [
        lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=warmup),
        lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_max)], milestones=[warmup])


def sequential_three(optimizer, first, second):
    return lr_scheduler.SequentialLR(optimizer, [
        lr_scheduler.ConstantLR(optimizer, factor=0.1, total_iters=1000),
        lr_scheduler.ExponentialLR(optimizer, gamma=0.95),
        lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)], milestones=[first, second])


S = lr_scheduler
CYCLE = dict(base_lr=0.01, max_lr=0.2, step_size_up=8, step_size_down=14)
SCHEDULES = {
    "constant": (S.ConstantLR, dict(factor=1 / 3, total_iters=5)),
    "step": (S.StepLR, dict(step_size=30, gamma=0.1)),
    "multi_step": (S.MultiStepLR, dict(milestones=[10, 35, 36, 80], gamma=0.3)),
    "exponential": (S.ExponentialLR, dict(gamma=0.95)),
    "cosine_annealing": (S.CosineAnnealingLR, dict(T_max=100, eta_min=0.0)),
    "cosine_annealing_back": (S.CosineAnnealingLR, dict(T_max=30, eta_min=0.003)),
    "cosine_restarts": (S.CosineAnnealingWarmRestarts, dict(T_0=15, T_mult=1, eta_min=0.0)),
    "cosine_restarts_doubling": (S.CosineAnnealingWarmRestarts, dict(T_0=10, T_mult=2, eta_min=0.002)),
    "polynomial": (S.PolynomialLR, dict(total_iters=60, power=2.0)),
    "polynomial_linear": (S.PolynomialLR, dict(total_iters=100, power=1.0)),
    "linear_warmup": (S.LinearLR, dict(start_factor=0.1, end_factor=1.0, total_iters=20)),
    "linear_default": (S.LinearLR, dict(start_factor=1 / 3, end_factor=1.0, total_iters=5)),
    "cyclic_triangular": (S.CyclicLR, dict(CYCLE, mode="triangular")),
    "cyclic_triangular2": (S.CyclicLR, dict(CYCLE, mode="triangular2")),
    "cyclic_exp_range": (S.CyclicLR, dict(CYCLE, mode="exp_range", gamma=0.98)),
    "one_cycle": (S.OneCycleLR, dict(max_lr=0.4, total_steps=100, pct_start=0.3, div_factor=25.0,
                                     final_div_factor=1e4, base_momentum=0.85, max_momentum=0.95)),
    "one_cycle_linear": (S.OneCycleLR, dict(max_lr=0.4, total_steps=100, pct_start=0.45, div_factor=10.0,
                                            final_div_factor=100.0, anneal_strategy="linear",
                                            base_momentum=0.85, max_momentum=0.95)),
    "one_cycle_three_phase": (S.OneCycleLR, dict(max_lr=0.4, total_steps=100, pct_start=0.4,
                                                 div_factor=25.0, final_div_factor=1e4, three_phase=True,
                                                 base_momentum=0.85, max_momentum=0.95)),
    "plateau": (S.ReduceLROnPlateau, dict(factor=0.1, patience=10, threshold=1e-4)),
    "plateau_cooldown": (S.ReduceLROnPlateau, dict(factor=0.5, patience=3, threshold=0.02, cooldown=4,
                                                   min_lr=0.01)),
    "plateau_max_absolute": (S.ReduceLROnPlateau, dict(mode="max", factor=0.3, patience=2, threshold=0.05,
                                                       threshold_mode="abs")),
    "chained": (chained, dict(warmup=10, gamma=0.97)),
    "sequential": (sequential, dict(warmup=10, T_max=90)),
    "sequential_three": (sequential_three, dict(first=20, second=60)),
}


def schedules(family):
    """Entry i is the learning rate that epoch i trains with; step() is called after each epoch."""
    rng = stream("plateau metric")
    falling = 0.2 + np.exp(-np.arange(100) / 5.0) + normal(rng, 100, scale=0.01)
    for name, (make, options) in SCHEDULES.items():
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
        schedule = make(optimizer, **options)
        metric = 1 - falling if options.get("mode") == "max" else falling
        rates, momenta = [], []
        for epoch in range(100):
            rates.append(optimizer.param_groups[0]["lr"])
            momenta.append(optimizer.param_groups[0]["momentum"])
            optimizer.step()
            if epoch < 99:  # one-cycle refuses a step past its end
                schedule.step(*([metric[epoch]] if name.startswith("plateau") else []))
        family.put(name, initial_lr=0.1, **hyperparameters(options), lr=rates)
        if len(set(momenta)) > 1:
            family.put(name, momentum=momenta)
        if name.startswith("plateau"):
            family.put(name, metric=metric)


FAMILIES = [activations, rows, batch_norm, losses, layers, networks, optimizers, schedules]


def main(names):
    chosen = {f.__name__: f for f in FAMILIES}
    for name in names or chosen:
        if name not in chosen:
            sys.exit(f"unknown family '{name}': there are {', '.join(chosen)}")
        family = Family()
        chosen[name](family)
        path = Path(__file__).with_name(f"{name}.safetensors")
        write_safetensors(path, family)
        print(f"{path.name}: {len({k.split('.')[0] for k in family})} cases, {len(family)} tensors, "
              f"{path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
