"""PyTorch's side of `scripts/bench vae`: the network, loss and training of examples/vae.cpp on MNIST.

    python3 peer.py MNIST [EPOCHS [SEED]]

Prints the loss and the seconds of each epoch, and the negative ELBO of the test images, on one thread.
"""

import gzip
import sys
import time

import numpy as np
import torch
from torch import nn

HIDDEN, CODE, BATCH = 400, 20, 128


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen, self.hidden, self.pixels = nn.Linear(784, HIDDEN), nn.Linear(CODE, HIDDEN), nn.Linear(HIDDEN, 784)
        self.mean, self.log_variance = nn.Linear(HIDDEN, CODE), nn.Linear(HIDDEN, CODE)

    def negative_elbo(self, x):
        seen = self.seen(x).relu_()
        mean, log_variance = self.mean(seen), self.log_variance(seen)
        code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        logits = self.pixels(self.hidden(code).relu_())
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
        pixels = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (pixels + divergence) / len(x)


def images(folder, name):
    with gzip.open(f"{folder}/{name}-images-idx3-ubyte.gz") as file:
        numbers = np.frombuffer(file.read(), np.uint8, offset=16)
    return torch.from_numpy(numbers.astype(np.float32) / 255).view(-1, 784)


def main(folder, epochs=10, seed=1):
    torch.manual_seed(seed)
    train, test = images(folder, "train"), images(folder, "t10k")
    model = Vae()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        began, total = time.perf_counter(), 0.0
        for batch in torch.randperm(len(train)).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            loss = model.negative_elbo(train[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        seconds = time.perf_counter() - began
        print(f"epoch {epoch + 1:2}/{epochs}  loss {total / len(train):.4f}  {seconds:.3f} s", flush=True)
    with torch.no_grad():
        nats = sum(model.negative_elbo(batch).item() * len(batch) for batch in test.split(100)) / len(test)
    print(f"negative ELBO of new digits: {nats:.2f} nats a digit")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
