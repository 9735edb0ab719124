# SPDX-License-Identifier: GPL-3.0-or-later
"""An epoch of training on Fashion-MNIST: `entcap train` beside PyTorch, two threads each, and beside
the time that the matrix products alone would take at the rate of large ones. entcap is a whole
process that starts, reads and checks the data, trains and saves; PyTorch is shown without its start
and with the data in memory. With the weights that entcap trained, PyTorch must be right as often as
`entcap predict`."""
import os
import tempfile

import bench

SAMPLES, BATCH, THREADS = 10240, 128, 2
FEW = 2048          # samples for PyTorch, whose labels are compared, too
PARTS = [128, 32]   # of a batch, for PyTorch: smaller ones stay in the cache
SIDE, CHANNELS, LEVELS, OUTPUTS = 32, 16, 5, 10
TARGET = 5


def describe(folder):
    path = os.path.join(folder, "fashion.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"name: bench\ninput:\n  shape: [{SIDE}, {SIDE}]\n  channels: {CHANNELS}\n")
        file.write("  features: {kind: affine-relu}\nlayers:\n")
        file.write(f"  - conv: {{channels: {CHANNELS}}}\n  - pool: {{window: [2, 2]}}\n" * LEVELS)
        file.write(f"  - dense: {{outputs: {OUTPUTS}}}\n")
    return path


def write_data(folder):
    """The first images, in a frame of zeros, and their labels."""
    import numpy as np
    images, labels = bench.fashion_mnist(SAMPLES)
    np.save(os.path.join(folder, "x.npy"), np.pad(images, ((0, 0), (2, 2), (2, 2))))
    np.save(os.path.join(folder, "y.npy"), labels)


def products_flops():
    """Of an epoch: each matrix forward, and back to its input and to itself."""
    forward = sum(SIDE**2 // 4**level * CHANNELS**2 for level in range(LEVELS))
    return SAMPLES * 3 * 2 * (forward + OUTPUTS * CHANNELS)


def main():
    if bench.lacks_fashion_mnist():
        return
    with tempfile.TemporaryDirectory() as folder:
        path, weights = describe(folder), os.path.join(folder, "weights.safetensors")
        write_data(folder)
        data = f"--data=npy:{folder}/x.npy,{folder}/y.npy"

        def entcap(threads):
            bench.entcap("train", data, f"--output={weights}", f"--batch={BATCH}", "--epochs=1",
                         f"--threads={threads}", path)

        def torch(part, threads):
            return lambda: bench.python("train/torch_train.py", folder, str(BATCH), str(part),
                                        str(FEW), str(threads)).stdout.split()

        entcap(THREADS)
        entrants = {threads: lambda threads=threads: entcap(threads) for threads in (THREADS, 1)}
        if not bench.lacks("torch", "python3-torch"):
            entrants |= {(part, threads): torch(part, threads)
                         for threads in (THREADS, 1) for part in PARTS}
        race = bench.race(entrants, rounds=3, most_seconds=20)
        report(race, path, data, weights)


def report(race, path, data, weights):
    table = bench.Table(f"an epoch of {SAMPLES:,} samples, {SIDE} x {SIDE} sites, {LEVELS} layers of "
                        f"{CHANNELS}, batch {BATCH}", race[THREADS], SAMPLES)

    def add(name, timing, items=SAMPLES, **more):
        table.add(name, timing, items, note=f"{items / timing.wall:,.0f} samples/s", **more)

    add(f"entcap train, {THREADS} threads, whole process", race[THREADS])
    add("entcap train, 1 thread, whole process", race[1])
    torch = {key: bench.Timing(min(float(r[0]) for r in timing.results))
             for key, timing in race.items() if isinstance(key, tuple)}
    equal = [key for key in torch if key[1] == THREADS]
    best = min(equal, key=lambda key: torch[key].wall, default=None)
    for (part, threads), timing in torch.items():
        add(f"PyTorch, {FEW:,} samples, {part} at a time, threads: {threads}", timing, FEW,
            target=TARGET if (part, threads) == best else None)
    if torch:
        bench.check_labels([path, data, f"--weights={weights}"], FEW,
                           int(race[best].results[-1][1]))
        peak = float(bench.python("train/torch_train.py", "--peak", str(THREADS)).stdout)
        add(f"matrix products alone, at {peak / 1e9:.0f} Gflop/s",
            bench.Timing(products_flops() / peak))
    table.print()


main()
