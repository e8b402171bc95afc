"""Pictures of schedules for their pages: the rates that tests/unit/optim/schedules_test.cpp compares with PyTorch's.

They are in tests/golden/schedules.safetensors: CASE.lr, of the times 0 to 99, and the options as CASE.NAME. Standard
library only.
"""
import json
import struct
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "tests" / "golden" / "schedules.safetensors"
# The cases of each schedule.
CASES = {"ConstantLR": ["constant"], "StepLR": ["step"], "MultiStepLR": ["multi_step"], "ExponentialLR": ["exponential"],
         "LinearLR": ["linear_default", "linear_warmup"], "PolynomialLR": ["polynomial_linear", "polynomial"],
         "CosineAnnealingLR": ["cosine_annealing", "cosine_annealing_back"],
         "CosineAnnealingWarmRestarts": ["cosine_restarts", "cosine_restarts_doubling"],
         "ChainedScheduler": ["chained"], "SequentialLR": ["sequential", "sequential_three"],
         "CyclicLR": ["cyclic_triangular", "cyclic_triangular2", "cyclic_exp_range"],
         "OneCycleLR": ["one_cycle", "one_cycle_linear", "one_cycle_three_phase"],
         "ReduceLROnPlateau": ["plateau", "plateau_cooldown"]}
# On their pages, but no functions of the time.
WITHOUT = {"PerStep", "ScheduleEnd"}
COLOURS = ["#1f77d0", "#e8710a", "#2e9e4f"]
# Options that are not listed: the same in all cases, or of the momentum.
UNSAID = {"initial_lr", "lr", "momentum", "metric", "base_momentum", "max_momentum"}


@cache
def tensors():
    """NAME: its numbers."""
    data = FILE.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    found = {}
    for name, about in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in about["data_offsets"])
            found[name] = struct.unpack(f"<{(end - begin) // 8}d", data[begin:end])  # all of them are doubles
    return found


def options_of(case):
    """`step_size` = 30, `gamma` = 0.1."""
    options = {name.partition(".")[2]: values for name, values in tensors().items() if name.partition(".")[0] == case}
    return ", ".join(f"`{name}` = {', '.join(f'{v:.3g}' for v in values)}"
                     for name, values in sorted(options.items()) if name not in UNSAID)


def schedule_picture(name):
    """The rate over a hundred epochs or steps, as SVG in the page; nothing for what is no schedule."""
    if name not in CASES:
        return ""
    curves = [tensors()[f"{case}.lr"] for case in CASES[name]]
    top = max(max(curve) for curve in curves) * 1.05
    width, height, left, bottom = 560, 260, 44, 24
    head = 18 * len(curves)
    across = lambda t: left + t / 99 * (width - left - 8)
    down = lambda rate: head + (1 - rate / top) * (height - bottom - head)
    text = lambda x, y, words, more="": f'<text x="{x:.0f}" y="{y:.0f}" {more}>{words}</text>'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
             f'aria-label="the learning rate of {name}" style="max-width:100%;height:auto" fill="none" stroke-width="2">',
             f'<path stroke="#888888" stroke-width="1" d="M{left},{head} V{height - bottom} H{width - 8}"/>']
    labels = [text(across(t) - 9, height - 6, t) for t in (0, 25, 50, 75, 99)]
    labels += [text(4, down(rate) + 4, f"{rate:.3g}") for rate in (top / 2.1, top / 1.05)]
    for curve, case, colour in zip(curves, CASES[name], COLOURS):
        points = " ".join(f"{across(t):.1f},{down(rate):.1f}" for t, rate in enumerate(curve))
        parts.append(f'<polyline points="{points}" stroke="{colour}"/>')
        labels.append(text(left, 13 + 18 * COLOURS.index(colour), case.replace("_", " "), f'fill="{colour}"'))
    parts.append(f'<g fill="#888888" stroke="none" font-size="12" font-family="sans-serif">{"".join(labels)}</g></svg>')
    rate = f"{tensors()[CASES[name][0] + '.initial_lr'][0]:g}"
    said = [f"- {case.replace('_', ' ')}: {options_of(case)}" for case in CASES[name]]
    return "\n\n".join(["".join(parts), f"The rate at the times 0 to 99, given a rate of {rate}; tests compare it with "
                        "PyTorch's:", "\n".join(said)])
