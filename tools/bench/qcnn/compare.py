# SPDX-License-Identifier: GPL-3.0-or-later
"""An epoch of a q-CNN on Fashion-MNIST: `entcap train` beside PyTorch, one thread and two. entcap is
a whole process that starts, reads and checks the data, computes the features, trains and saves;
PyTorch is shown without its start and with the features in memory. With the weights that entcap
trained, PyTorch must be right as often as `entcap predict`."""
import os
import tempfile

import bench

SAMPLES, BATCH, THREADS = 10240, 128, 2
FEW = 4096  # samples for PyTorch, whose labels are compared, too
MODEL = "models/qcnn-top-bottom.yaml"


def describe(folder):
    """The model, for images that are 16 x 16 already."""
    path = os.path.join(folder, "qcnn.yaml")
    with open(MODEL, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("  image:")]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)
    return path


def write_data(folder):
    """The middles of the first images, every second pixel, in a frame of one; and their labels."""
    import numpy as np
    images, labels = bench.fashion_mnist(SAMPLES)
    np.save(os.path.join(folder, "x.npy"),
            np.pad(images[:, ::2, ::2], ((0, 0), (1, 1), (1, 1))))
    np.save(os.path.join(folder, "y.npy"), labels)


def main():
    if bench.lacks_fashion_mnist():
        return
    with tempfile.TemporaryDirectory() as folder:
        path, weights = describe(folder), os.path.join(folder, "weights.safetensors")
        write_data(folder)
        data = f"--data=npy:{folder}/x.npy,{folder}/y.npy"

        def entcap(threads):
            bench.entcap("train", data, f"--output={weights}", f"--batch={BATCH}", "--epochs=1",
                         "--lr=0.003", "--decay=0.01", f"--threads={threads}", path)

        def torch(threads):
            return bench.python("qcnn/torch_qcnn.py", folder, str(BATCH), str(FEW),
                                str(threads)).stdout.split()

        entcap(THREADS)
        entrants = {("entcap", n): lambda n=n: entcap(n) for n in (THREADS, 1)}
        if not bench.lacks("torch", "python3-torch"):
            entrants |= {("torch", n): lambda n=n: torch(n) for n in (THREADS, 1)}
        report(bench.race(entrants, rounds=3, most_seconds=20), path, data, weights)


def report(race, path, data, weights):
    table = bench.Table(f"an epoch of {SAMPLES:,} samples, {MODEL}, batch {BATCH}",
                        race["entcap", THREADS], SAMPLES)

    def add(name, timing, items):
        table.add(name, timing, items, note=f"{items / timing.wall:,.0f} samples/s")

    for threads in (THREADS, 1):
        add(f"entcap train, threads: {threads}, whole process", race["entcap", threads], SAMPLES)
    for threads in (THREADS, 1):
        if ("torch", threads) in race:
            results = race["torch", threads].results
            add(f"PyTorch, {FEW:,} samples, threads: {threads}",
                bench.Timing(min(float(r[0]) for r in results)), FEW)
            bench.check_labels([path, data, f"--weights={weights}"], FEW,
                               int(results[-1][1]))
    table.print()


main()
