# SPDX-License-Identifier: GPL-3.0-or-later
"""Entropies of a ConvAC of 1,024 sites, windows of two, widths 16, beside what one would write in
numpy: S across the middle by Gram matrices, and S_2 across a random partition by four copies, with
weights of its own for every position and with shared ones (entcap meets equal subtrees once). And
the spectrum across the middle of 12 sites beside the QR of the two factors that numpy would take.

Seconds are of the computation alone: reading, starting and importing are left out. Ratios are to the
faster row of entcap. The limit is what entcap's operations would take on one core at the rate of a
large BLAS product, taken in this run; numpy does 4 r^5 multiply-adds where entcap does 2 r^5 or r^5.
"""
import json
import os
import struct
import sys
import tempfile
import time

import bench

SITES, WIDTH = 1024, 16
LEVELS = SITES.bit_length() - 1
ROUNDS = 5
FEW = {"sites": 12, "windows": [3, 2, 2], "features": 4, "widths": [64, 64, 64]}


def random_weights(np, rng, shared):
    """Of every conv layer, then the row of the one label."""
    shapes = [(1 if shared else SITES >> level, WIDTH, WIDTH) for level in range(LEVELS)]
    return [rng.normal(size=shape) / WIDTH**0.5 for shape in shapes + [(1, WIDTH)]]


def few_sites_weights(np, rng):
    """The same of the network of 12 sites."""
    shapes, positions, dim = [], FEW["sites"], FEW["features"]
    for window, width in zip(FEW["windows"], FEW["widths"]):
        shapes.append((positions, width, dim))
        positions, dim = positions // window, width
    return [rng.normal(size=shape) / shape[-1]**0.5 for shape in shapes + [(1, dim)]]


def write_weights(path, weights):
    """A safetensors file."""
    header, at = {}, 0
    for layer, w in enumerate(weights):
        if w.ndim == 3 and len(w) == 1:
            w = weights[layer] = w[0]
        header[f"layers.{layer}.weight"] = {
            "dtype": "F64", "shape": w.shape, "data_offsets": [at, at + w.nbytes]}
        at += w.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for w in weights:
            file.write(w.tobytes())


def write_description(path, side_a, shared):
    sites = ",".join(str(i) for i, a in enumerate(side_a) if a)
    conv = f"{{channels: {WIDTH}, shared: {'true' if shared else 'false'}}}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"name: bench\ninput: {{shape: [{SITES}], channels: {WIDTH}}}\nlayers:\n")
        file.write(f"  - conv: {conv}\n  - pool: {{window: 2}}\n" * LEVELS)
        file.write(f"  - dense: {{outputs: 1}}\npartitions:\n  - left-right\n")
        file.write(f"  - {{name: random, a: \"{sites}\"}}\n")


def write_few_sites(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"name: few\ninput: {{shape: [{FEW['sites']}], channels: {FEW['features']}}}\n"
                   "layers:\n")
        for window, width in zip(FEW["windows"], FEW["widths"]):
            file.write(f"  - conv: {{channels: {width}, shared: false}}\n"
                       f"  - pool: {{window: {window}}}\n")
        file.write("  - dense: {outputs: 1}\n")


def entcap(folder, partition, threads, what="entropies", name="bench"):
    """Wall and CPU seconds, S and S_2."""
    done = bench.process(os.path.join(bench.BUILD, "tools/bench/entropies/measure"),
                         os.path.join(folder, name + ".yaml"),
                         os.path.join(folder, name + ".safetensors"), partition, str(threads),
                         str(ROUNDS), what)
    return [float(x) for x in done.stdout.split()]


def timed(call):
    """Wall and CPU seconds of the best of some rounds, and the value."""
    wall = cpu = float("inf")
    for _ in range(ROUNDS):
        w, c = time.perf_counter(), time.process_time()
        value = call()
        wall, cpu = min(wall, time.perf_counter() - w), min(cpu, time.process_time() - c)
    return wall, cpu, value


def gemm_rate(np):
    """Flops a second of a product of 512 x 512 matrices, one thread."""
    a, b = np.ones((512, 512)), np.ones((512, 512))
    return 2 * 512**3 / timed(lambda: a @ b)[0]


def gram_flops():
    """W W^T for every site, W G W^T for every other matrix."""
    return (SITES + 2 * (SITES - 2)) * 2 * WIDTH**3


def copies_flops(side_a):
    """Of every window that is mixed: 2 r^5 multiply-adds, half of them where its children are not.
    Those of pure subtrees are left out."""
    pairs, once = WIDTH * (WIDTH + 1) // 2, 4 * WIDTH**3
    sides, flops = [{bool(a)} for a in side_a], 0
    while len(sides) > 2:
        above = [x | y for x, y in zip(sides[0::2], sides[1::2])]
        for k, side in enumerate(above):
            children = sides[2 * k : 2 * k + 2]
            if len(side) == 2:
                flops += pairs * once * (1 if all(len(c) == 1 for c in children) else 2)
        sides = above
    return flops


def compare(title, rows, peer, agree, limit, target):
    """Rows of entcap (name, threads -> numbers), and of numpy."""
    race = bench.race({**rows, "numpy": peer}, rounds=3)
    best = {name: min(timing.results, key=lambda r: r[0]) for name, timing in race.items()}
    for name in rows:
        if not abs(agree(best[name]) - best["numpy"][2]) < 1e-9 * max(1, best["numpy"][2]):
            sys.exit(f"{title}: {name} finds {best[name]}, numpy {best['numpy']}")
    timings = {name: bench.Timing(r[0], r[1]) for name, r in best.items()}
    reference = min(rows, key=lambda name: timings[name].wall)
    table = bench.Table(title, timings[reference])
    for name in rows:
        table.add(name, timings[name], note=limit and f"limit {limit:.4f} s on one core")
    table.add("numpy, 1 thread", timings["numpy"], target=target)
    table.print()


def main():
    if bench.lacks("numpy", "python3-numpy"):
        return
    import numpy as np
    import numpy_copies as peers

    rng = np.random.default_rng(1)
    side_a, rate = rng.integers(0, 2, SITES).astype(bool), gemm_rate(np)
    flops = {"left-right": gram_flops(), "random": copies_flops(side_a)}
    with tempfile.TemporaryDirectory() as folder:
        for shared, title, partition, target in (
                (False, "own weights, left-right, S", "left-right", 5),
                (False, "own weights, a random partition, S_2", "random", None),
                (True, "shared weights, a random partition, S_2", "random", 10)):
            weights = random_weights(np, rng, shared)
            peer = {"left-right": lambda w=weights: peers.gram_left_right(w),
                    "random": lambda w=weights: peers.FourCopies(w, side_a).renyi2()}[partition]
            write_weights(os.path.join(folder, "bench.safetensors"), list(weights))
            write_description(os.path.join(folder, "bench.yaml"), side_a, shared)
            rows = {f"entcap, {n} thread{'s' * (n > 1)}":
                    lambda n=n, p=partition: entcap(folder, p, n) for n in (2, 1)}
            n = flops[partition]
            about = "" if shared else f": {n / 1e9:.3g} Gflop at {rate / 1e9:.3g} Gflop/s"
            compare(f"{SITES:,} sites of width {WIDTH}, {title}{about}", rows,
                    lambda p=peer: timed(p),
                    lambda r, p=partition: r[2] if p == "left-right" else r[3],
                    None if shared else n / rate, target)
        weights = few_sites_weights(np, rng)
        write_weights(os.path.join(folder, "few.safetensors"), list(weights))
        write_few_sites(os.path.join(folder, "few.yaml"))
        compare("12 sites of 4 features, widths 64, left-right, spectrum", {
            "entcap, 1 thread": lambda: entcap(folder, "left-right", 1, "spectrum", "few")},
                lambda: timed(lambda: peers.spectrum_by_qr(weights, FEW["windows"])),
                lambda r: r[2], None, 1)


main()
