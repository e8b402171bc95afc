"""PyTorch's side of `scripts/bench diffusion`: the network, schedule and training of examples/diffusion_mnist.cpp.

    python3 peer.py MNIST EPOCHS SEED FOLDER

Trains, prints the seconds of training, and writes to FOLDER unguided.npy (5,000 images) and guided.npy (1,000), digit
i % 10 asked of image i, each drawn in 20 steps of DDIM. A .npy file that is there is drawn anew.
"""

import copy
import gzip
import math
import sys
import time

import numpy as np
import torch
from torch import nn

STEPS, DRAWN_IN, CONDITION = 1000, 20, 64


class Block(nn.Module):
    def __init__(self, before, channels):
        super().__init__()
        self.around = nn.Conv2d(before, channels, 1)
        self.seen = nn.Sequential(nn.Conv2d(before, channels, 3, padding=1), nn.GroupNorm(8, channels))
        self.scale, self.shift = nn.Linear(CONDITION, channels), nn.Linear(CONDITION, channels)
        self.through = nn.Sequential(nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x, t):
        modulated = self.seen(x) * (self.scale(t) + 1)[..., None, None] + self.shift(t)[..., None, None]
        return self.through(modulated) + self.around(x)


class Attend(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.look = nn.MultiheadAttention(channels, 4, batch_first=True)

    def forward(self, x):
        y = self.norm(x).flatten(2).transpose(1, 2)
        y, _ = self.look(y, y, y, need_weights=False)
        return x + y.transpose(1, 2).reshape(x.shape)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        waves = nn.Linear(1, 64)
        nn.init.normal_(waves.weight, 0, 10)
        nn.init.uniform_(waves.bias, -3, 3)
        self.waves, self.what = waves, nn.Linear(10, CONDITION)
        self.when = nn.Sequential(nn.Linear(64, CONDITION), nn.SiLU(), nn.Linear(CONDITION, CONDITION))
        self.stem = nn.Conv2d(1, 48, 4, stride=2, padding=1)
        self.outer, self.inner = Block(48, 48), Block(48, 96)
        self.attended, self.under, self.up = Attend(96), Block(96, 96), Block(48 + 96, 48)
        self.seen = nn.Sequential(nn.GroupNorm(8, 48), nn.SiLU())
        self.prediction = nn.ConvTranspose2d(48, 1, 4, stride=2, padding=1)
        self.smaller, self.larger = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)

    def forward(self, noisy, time_, label):
        t = nn.functional.silu(self.when(torch.sin(self.waves(time_))) + self.what(label))
        outer = self.outer(self.stem(noisy), t)
        y = self.under(self.attended(self.inner(self.smaller(outer), t)), t)
        return self.prediction(self.seen(self.up(torch.cat([outer, self.larger(y)], 1), t)))


def cosine():
    kept = lambda t: math.cos((t / STEPS + 0.008) / 1.008 * math.pi / 2) ** 2
    product, signal = 1.0, [1.0]
    for t in range(1, STEPS + 1):
        product *= 1 - min(1 - kept(t) / kept(t - 1), 0.999)
        signal.append(math.sqrt(product))
    signal = torch.tensor(signal, dtype=torch.float64)
    return signal, (1 - signal**2).sqrt()


def read(folder, name, offset):
    with gzip.open(f"{folder}/train-{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def hot(labels):
    return nn.functional.one_hot(labels, 10).float()


@torch.no_grad()
def draw(net, labels, guidance, signal, level, generator, many=500):
    times = [(STEPS * (DRAWN_IN - k) + DRAWN_IN // 2) // DRAWN_IN for k in range(DRAWN_IN + 1)]
    result = []
    for label in labels.split(many):
        x = torch.randn(len(label), 1, 28, 28, generator=generator)
        for t, to in zip(times, times[1:]):
            when = torch.full((len(x), 1), t / STEPS)
            y = net(x, when, label)
            if guidance != 1:
                without = net(x, when, torch.zeros_like(label))
                y = without + guidance * (y - without)
            image = y.double().clamp(-1, 1)
            noise = (x - signal[t] * image) / level[t]
            x = (signal[to] * image + level[to] * noise).float()
        result.append(x)
    return torch.cat(result).flatten(1).numpy()


def main(mnist, epochs, seed, folder):
    torch.manual_seed(seed)
    images = torch.from_numpy(read(mnist, "images-idx3", 16).astype(np.float32) / 255 * 2 - 1).view(-1, 1, 28, 28)
    labels = hot(torch.from_numpy(read(mnist, "labels-idx1", 8).astype(np.int64)))
    signal, level = cosine()
    net = Net()
    average = copy.deepcopy(net)
    print("parameters:", sum(p.numel() for p in net.parameters()), flush=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    began = time.time()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(images)).split(64):
            x, label = images[batch], labels[batch] * (torch.rand(len(batch), 1) >= 0.1)
            t = torch.randint(1, STEPS + 1, (len(batch),))
            a, b = (v[t].float()[:, None, None, None] for v in (signal, level))
            noise = torch.randn_like(x)
            loss = ((net(a * x + b * noise, t[:, None] / STEPS, label) - x) ** 2).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                for to, p in zip(average.parameters(), net.parameters()):
                    to.lerp_(p, 0.001)
            total += loss.item() * len(batch)
        schedule.step()
        print(f"epoch {epoch + 1}: loss {total / len(images):.4f}, {time.time() - began:.0f} s", flush=True)
    print(f"trained in {time.time() - began:.0f} s", flush=True)
    average.eval()
    generator = torch.Generator().manual_seed(seed)
    began = time.time()
    np.save(f"{folder}/unguided.npy", draw(average, hot(torch.arange(5000) % 10), 1, signal, level, generator))
    np.save(f"{folder}/guided.npy", draw(average, hot(torch.arange(1000) % 10), 2, signal, level, generator))
    print(f"drawn in {time.time() - began:.0f} s")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    torch.set_num_threads(2)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
