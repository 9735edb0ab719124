# SPDX-License-Identifier: GPL-3.0-or-later
"""models/qcnn-top-bottom.yaml in PyTorch, as fast as we could make it: matrix products with the
channels first, so that each is one large sgemm; PyTorch's own batch norm; sites in the order of
subtrees, so that a pair is two slabs; the squared loss. Features are not learned, and computed
before the clock runs.

usage: torch_qcnn.py FOLDER BATCH N THREADS
prints the seconds of an epoch of N samples, and how many labels the weights in FOLDER find right
"""
import json
import sys
import time

import numpy as np
import torch
from torch.nn.functional import batch_norm, one_hot

SIDE, SCALE = 16, 0.5
WINDOWS = [(1, 2)] * 4 + [(2, 1)] * 4 # from the sites up


def site_order():
    """Row-major sites, the two of a pair one slab apart at every level."""
    order = np.zeros((1, 2), dtype=np.int64)
    for window in reversed(WINDOWS):
        corners = np.array([(0, 0), (window[0] - 1, window[1] - 1)])
        order = (order * window)[None] + corners[:, None]
        order = order.reshape(-1, 2)
    return order[:, 0] * SIDE + order[:, 1]


def features(x, frequency):
    """(channels, sites, samples) of pixels (samples, sites) in 0 .. 1."""
    turns = 2 * np.pi * SCALE * frequency[:, None, None] * x.T[None]
    return torch.stack([turns.cos(), turns.sin()], 1).reshape(-1, x.shape[1], x.shape[0])


def forward(layers, v, learn):
    """Outputs (outputs, samples) of features."""
    for k, layer in enumerate(layers):
        channels, positions, samples = v.shape
        flat = batch_norm(v.reshape(1, channels, -1), layer["norm.mean"], layer["norm.variance"],
                          layer["norm.weight"], layer["norm.bias"], learn)[0]
        u = layer["weight"] @ flat
        if k < len(WINDOWS):
            first, second = u.reshape(len(u), 2, positions // 2, samples).unbind(1)
            v = first * second
    return u + layers[-1]["bias"][:, None]


def read_weights(path):
    """Frequencies, and a dictionary of every layer's tensors, from a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        shape = header[name]["shape"]
        return torch.tensor(np.frombuffer(data[begin:end], np.float32).reshape(shape).copy())

    layers = [{} for _ in range(len(WINDOWS) + 1)]
    for name in header:
        if name.startswith("layers."):
            _, k, part = name.split(".", 2)
            layers[int(k)][part] = tensor(name)
    return tensor("features.frequency"), layers


def epoch(layers, x, y, batch):
    """Seconds of an epoch of AdamW over x (channels, sites, samples). Rows of samples are gathered
    and transposed: much faster than to gather columns."""
    learned = [t for layer in layers for name, t in layer.items()
               if name not in ("norm.mean", "norm.variance")]
    for t in learned:
        t.requires_grad_()
    optimizer = torch.optim.AdamW(learned, 0.003, weight_decay=0.01, foreach=True)
    target = one_hot(y, 10).T.float()
    rows, order = x.reshape(-1, x.shape[2]).T.contiguous(), torch.randperm(x.shape[2])
    begin = time.perf_counter()
    for first in range(0, x.shape[2], batch):
        samples = order[first:first + batch]
        optimizer.zero_grad()
        v = rows[samples].T.contiguous().reshape(x.shape[0], x.shape[1], -1)
        z = forward(layers, v, True)
        (z - target[:, samples]).square().mean().backward()
        optimizer.step()
    return time.perf_counter() - begin


def main():
    folder, batch, n, threads = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    images, y = np.load(f"{folder}/x.npy")[:n], torch.tensor(np.load(f"{folder}/y.npy")[:n]).long()
    pixels = torch.tensor(images.reshape(len(images), -1)[:, site_order()]).float() / 255
    frequency, layers = read_weights(f"{folder}/weights.safetensors")
    x = features(pixels, frequency)
    with torch.no_grad():
        found = forward(layers, x, False).abs().argmax(0)
    print(epoch(layers, x, y, batch))
    print(int((found == y).sum()))


main()
