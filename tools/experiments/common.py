# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts of `make experiment-*` share: running entcap, keeping finished runs, reading and
resizing pictures, tables and plots.

    place = common.Place("build/entcap", "build/experiment", "examples/findings")
    found = place.kept("wide-base-1", {"seed": 1}, lambda: measure(1))
"""
import csv
import gzip
import json
import os
import subprocess
from pathlib import Path

import numpy as np

FASHION = Path("/usr/share/datasets/fashion-mnist")
PARTS = {"train": "train", "test": "t10k"}
BLUE, RED = "#0b3c8c", "#b3420a"  # far apart for every kind of colour vision, and in grey


class Place:
    """The program, a folder for data and finished runs, and one for what is published."""

    def __init__(self, program, work, out):
        self.program, self.work, self.out = program, Path(work), Path(out)
        self.work.mkdir(parents=True, exist_ok=True)
        self.out.mkdir(parents=True, exist_ok=True)

    def entcap(self, *args):
        """Run entcap with one thread, return its JSON."""
        command = [self.program, *map(str, args), "--json", "--threads", "1"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    def kept(self, name, settings, compute):
        """The result of compute(), which JSON can hold, from the work folder if it is there and was
        computed with the same settings: whatever the result depends on. Interrupted runs leave
        nothing behind."""
        path = self.work / f"{name}.json"
        if path.exists():
            run = json.loads(path.read_text())
            if run["settings"] == json.loads(json.dumps(settings)):
                return run["result"]
        run = {"settings": settings, "result": compute()}
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(run))
        os.replace(unfinished, path)
        return run["result"]


def read_idx(path):
    """An array of unsigned bytes from an idx file, compressed or not."""
    raw = Path(path).read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    n_dims = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * k : 8 + 4 * k], "big") for k in range(n_dims)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * n_dims).reshape(shape)


def read_pictures(folder, part, count=None):
    """Pictures and labels of "train" or "test" of Fashion-MNIST or MNIST, by their usual names."""
    arrays = []
    for name in [f"{PARTS[part]}-images-idx3-ubyte", f"{PARTS[part]}-labels-idx1-ubyte"]:
        path = Path(folder) / name
        arrays.append(read_idx(path if path.exists() else path.with_name(name + ".gz"))[:count])
    return arrays


def resize(images, side):
    """Square pictures to side x side: every new pixel is the mean over its share of the area."""
    old_side = images.shape[-1]
    overlap = np.zeros((side, old_side))
    for new in range(side):
        for old in range(old_side):
            begin = max(new * old_side, old * side)
            end = min((new + 1) * old_side, (old + 1) * side)
            overlap[new, old] = max(end - begin, 0) / old_side
    out = np.einsum("ai,nij,bj->nab", overlap, images.astype(float), overlap, optimize=True)
    return np.round(out).astype(np.uint8)


def write_csv(path, head, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def gnuplot(lines):
    subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True)


def mean(values):
    return float(np.mean(values))


def spread(values):
    """Standard deviation of a sample, over the seeds."""
    return float(np.std(values, ddof=1))


def on_canvas(pictures, side, rng):
    """Each picture at a random place of a black canvas, side x side."""
    n, height, width = pictures.shape
    canvas = np.zeros((n, side, side), pictures.dtype)
    rows = rng.integers(0, side - height + 1, n)
    columns = rng.integers(0, side - width + 1, n)
    for k in range(n):
        canvas[k, rows[k] : rows[k] + height, columns[k] : columns[k] + width] = pictures[k]
    return canvas
