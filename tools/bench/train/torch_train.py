# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of compare.py in PyTorch, as fast as we could make it: matrix products with the
channels first, so that each is one large sgemm; sites in the order of subtrees, so that a window is
four slabs; a product of slices, whose gradient needs no case for zeros. Loss and normalisation are
those of entcap, but for the scale of a product: divided by its largest magnitude, which costs less
here than a power of two.

usage: torch_train.py FOLDER BATCH PART N THREADS   a batch goes through in parts of PART samples
prints the seconds of an epoch of N samples, and how many labels the weights in FOLDER find right
       torch_train.py --peak THREADS                prints the flops per second of large products
"""
import json
import sys
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy, relu


def site_order(side):
    """Row-major sites, children of a window one slab apart at every level."""
    order = np.zeros((1, 2), dtype=np.int64)
    for _ in range(int(np.log2(side))):
        corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
        # slab k holds child k of every position
        order = (2 * order[None] + corners[:, None]).reshape(-1, 2)
    return order[:, 0] * side + order[:, 1]


def forward(weights, x):
    """Logits (outputs, samples) of x (sites, samples)."""
    slope, offset, *matrices = weights
    v = relu(slope[:, None, None] * x + offset[:, None, None])
    for w in matrices[:-1]:
        channels, positions, samples = v.shape
        u = (w @ v.reshape(channels, -1)).reshape(w.shape[0], 4, positions // 4, samples)
        v = (u[:, 0] * u[:, 1]) * (u[:, 2] * u[:, 3])
        largest = v.detach().abs().amax(0)
        v = v / largest.clamp_min(1e-30)
    t = v[:, 0]
    return matrices[-1] @ (t / t.square().mean(0).sqrt())


def read_weights(path):
    """Tensors of a safetensors file, in the order that forward wants."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        return np.frombuffer(data[begin:end], np.float32).reshape(header[name]["shape"]).copy()

    layers = sum(name.startswith("layers.") for name in header)
    names = ["features.weight", "features.bias"] + [f"layers.{k}.weight" for k in range(layers)]
    tensors = [tensor(name) for name in names]
    return [torch.tensor(a.reshape(-1) if k < 2 else a) for k, a in enumerate(tensors)]


def epoch(weights, x, y, batch, part):
    """Seconds of an epoch of Adam over x (samples, sites), uint8."""
    for w in weights:
        w.requires_grad_()
    optimizer = torch.optim.Adam(weights, 0.005, foreach=True)
    order = torch.randperm(len(x))
    begin = time.perf_counter()
    for first in range(0, len(x), batch):
        optimizer.zero_grad()
        for at in range(first, min(first + batch, len(x)), part):
            samples = order[at:min(at + part, first + batch)]
            pixels = x[samples].T.contiguous().float() / 255
            cross_entropy(forward(weights, pixels).T, y[samples], reduction="sum").backward()
        for w in weights:
            w.grad /= batch
        optimizer.step()
    return time.perf_counter() - begin


def peak(n=1536, runs=5):
    """Flops per second of sgemm where it is at its best."""
    a, b, best = torch.rand(n, n), torch.rand(n, n), 0
    for _ in range(runs):
        begin = time.perf_counter()
        a @ b
        best = max(best, 2 * n**3 / (time.perf_counter() - begin))
    return best


def main():
    torch.set_num_threads(int(sys.argv[-1]))
    torch.manual_seed(1)
    if sys.argv[1] == "--peak":
        print(peak())
        return
    folder, batch, part = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    n = int(sys.argv[4])
    images, y = np.load(f"{folder}/x.npy")[:n], torch.tensor(np.load(f"{folder}/y.npy")[:n]).long()
    x = torch.tensor(images.reshape(len(images), -1)[:, site_order(images.shape[1])])
    weights = read_weights(f"{folder}/weights.safetensors")
    with torch.no_grad():
        found = forward(weights, x.T.float() / 255).argmax(0)
    print(epoch(weights, x, y, batch, part))
    print(int((found == y).sum()))


main()
