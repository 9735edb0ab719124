# SPDX-License-Identifier: GPL-3.0-or-later
"""Entropies of 1,000 samples of 256 features, levels 1 to 4 of a row, by `entcap data entropy` and
by the same formula in numpy; one thread each."""
import json
import os
import sys
import tempfile

import bench

SAMPLES, FEATURES, LEVELS = 1000, 256, 4


def write_samples(folder):
    """Smooth rows, as pixels are: sums of a few waves with random phases, and two labels."""
    import numpy as np

    rng = np.random.default_rng(1)
    place = np.arange(FEATURES) / FEATURES
    phase = rng.random((SAMPLES, 24, 1))
    waves = np.sin(2 * np.pi * (phase + np.arange(1, 25)[:, None] * place)).mean(1)
    noise = rng.random((SAMPLES, FEATURES))
    x = np.clip(0.5 + waves + 0.2 * (noise - 0.5), 0, 1)
    paths = [os.path.join(folder, name) for name in ("x.npy", "y.npy")]
    np.save(paths[0], x)
    np.save(paths[1], (x[:, : FEATURES // 2].mean(1) > 0.5).astype(np.uint8))
    return paths


def entcap(x, y):
    done = bench.entcap("data", "entropy", "--x", x, "--y", y, "--levels", f"1-{LEVELS}", "--json",
                        "--threads", "1")
    return [block["entropy"] for level in json.loads(done.stdout)["levels"]
            for block in level["blocks"]]


def numpy(x, y):
    done = bench.python("data/numpy_entropy.py", x, y, str(LEVELS))
    return [float(line) for line in done.stdout.splitlines()[1:]]


def main():
    if bench.lacks("numpy", "python3-numpy"):
        return
    with tempfile.TemporaryDirectory() as folder:
        x, y = write_samples(folder)
        race = bench.race({"entcap": lambda: entcap(x, y), "numpy": lambda: numpy(x, y)}, rounds=3)
    ours, theirs = race["entcap"].results[-1], race["numpy"].results[-1]
    if len(ours) != len(theirs) or max(abs(a - b) for a, b in zip(ours, theirs)) > 1e-8:
        sys.exit(f"entcap finds {ours}, numpy {theirs}")
    table = bench.Table(f"{SAMPLES:,} samples of {FEATURES} features, levels 1-{LEVELS}, whole "
                        "process", race["entcap"])
    table.add("entcap data entropy", race["entcap"])
    table.add("numpy", race["numpy"], target=3)
    table.print()


main()
