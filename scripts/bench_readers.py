"""How fast the readers are: CSV and JSON lines in MB per CPU second, event files against TensorBoard's accumulator.

    python scripts/bench_readers.py [--points 3000000] [--against-tensorboard]

Every measurement is the best of three in a process of its own, which has read a short file before so that nothing is
imported while the clock runs; only ratios mean much on a shared machine.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
SHORT = 4096
"""Bytes of a file that is read for the imports' sake."""
TAGS = [f"tag_{i}/loss" for i in range(10)]


NAMES = ["step", "epoch", "loss", "lr", "grad_norm", *(f"m{i}" for i in range(5))]


def rows(count: int, draw: random.Random) -> Iterator[dict[str, float]]:
    """Rows of ten numbers."""
    for i in range(count):
        yield dict(zip(NAMES, [i, i // 1000, *(round(draw.random(), 9) for _ in range(8))], strict=True))


def sparse(row: dict[str, float]) -> list[str]:
    """Three cells filled, but all in every fiftieth row."""
    return [str(v) if j < 3 or row["step"] % 50 == 0 else "" for j, v in enumerate(row.values())]


def lightning(row: dict[str, float], draw: random.Random) -> list[str]:
    """Forty columns, four of them filled; now and then a validation row."""
    cells = [""] * 40
    at = 20 if row["step"] % 20 == 0 else 2
    cells[0:2] = str(row["step"]), str(row["epoch"])
    cells[at : at + 2] = repr(draw.random()), repr(draw.random())
    return cells


def mixed(row: dict[str, float]) -> dict[str, float]:
    """Every tenth row is about validation."""
    held = {"step": row["step"], "epoch": row["epoch"], "val_loss": row["loss"], "val_acc": row["m0"]}
    return held if row["step"] % 10 == 0 else row


SHAPES: dict[str, Callable[[dict[str, float], random.Random], str]] = {
    "plain.csv": lambda row, draw: ",".join(map(str, row.values())),
    "sparse.csv": lambda row, draw: ",".join(sparse(row)),
    "lightning.csv": lambda row, draw: ",".join(lightning(row, draw)),
    "dated.csv": lambda row, draw: ",".join(("2024-05-01 12:00:00", *map(str, row.values()))),
    "digits.csv": lambda row, draw: ",".join((str(row["step"]), *(repr(draw.random()) for _ in range(9)))),
    "rows.jsonl": lambda row, draw: json.dumps(row),
    "mixed.jsonl": lambda row, draw: json.dumps(mixed(row)),
    "texts.jsonl": lambda row, draw: json.dumps({"time": "2024-05-01 12:00:00", "split": "train", **row}),
    "digits.jsonl": lambda row, draw: json.dumps({**row, "loss": draw.random(), "lr": 1e-3 * draw.random()}),
}
HEADS = {
    "lightning.csv": [
        *("step", "epoch", "train_loss", "train_acc", *(f"c{i}" for i in range(4, 20))),
        *("val_loss", "val_acc", *(f"c{i}" for i in range(22, 40))),
    ],
    "dated.csv": ["date", *NAMES],
}


def make(folder: Path, points: int) -> dict[str, Path]:
    """Tables and JSON lines in many shapes, of `points` values each or as many lines, and an event file."""
    sys.path.insert(0, str(HERE))
    from sample_logs import VERSION, record

    found = {}
    for name, line in SHAPES.items():
        draw = random.Random(0)
        found[name] = folder / name
        with found[name].open("w") as file:
            if name.endswith(".csv"):
                file.write(",".join(HEADS.get(name, NAMES)) + "\n")
            file.writelines(line(row, draw) + "\n" for row in rows(points // 10, draw))
    name = "events.out.tfevents.1.x.1.0"
    found[name] = folder / name
    with found[name].open("wb") as file:
        file.write(record(VERSION))
        _events(file, points // 10, random.Random(0))
    return found


def _events(file: object, count: int, draw: random.Random) -> None:
    """Records of one scalar each, their checksums taken in bulk."""
    import numpy as np
    from sample_logs import scalar_event

    from optcli.run.crc32c import masked_like, of_length

    for first in range(0, count, 10_000):
        parts: dict[tuple[int, int], bytes] = {}
        for length, group in _grouped(range(first, min(first + 10_000, count)), draw, scalar_event):
            matrix = np.frombuffer(b"".join(data for _, data in group), np.uint8).reshape(len(group), length)
            sums = masked_like(bytes(length), matrix, list(range(length)))
            head = struct.pack("<QI", length, of_length(length))
            for (key, data), check in zip(group, sums.tolist(), strict=True):
                parts[key] = head + data + struct.pack("<I", check)
        file.write(b"".join(parts[key] for key in sorted(parts)))  # type: ignore[attr-defined]


def _grouped(steps: range, draw: random.Random, event: object) -> list[tuple[int, list[tuple[tuple[int, int], bytes]]]]:
    groups: dict[int, list[tuple[tuple[int, int], bytes]]] = {}
    for step in steps:
        for i, tag in enumerate(TAGS):
            data = event(tag, draw.random(), step, 1.7e9 + step)  # type: ignore[operator]
            groups.setdefault(len(data), []).append(((step, i), data))
    return list(groups.items())


def optcli(path: str) -> int:
    """Points read."""
    from optcli.run.assemble import read

    return sum(run.points for run in read(path))


def tensorboard(path: str) -> int:
    """Points read by EventAccumulator, nothing sampled."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(path, size_guidance={"tensors": 0, "scalars": 0})
    found.Reload()
    tags = found.Tags()
    return sum(len(found.Scalars(t)) for t in tags["scalars"]) + sum(len(found.Tensors(t)) for t in tags["tensors"])


def one(reader: str, path: str) -> None:
    """Measure in this process and print CPU seconds, points and peak memory in MiB."""
    read = {"optcli": optcli, "tensorboard": tensorboard}[reader]
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder, Path(path).name)
        with open(path, "rb") as file:
            short.write_bytes(file.read(SHORT))
        read(str(short))
    start = time.process_time()
    points = read(path)
    seconds = time.process_time() - start
    print(json.dumps([seconds, points, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def measure(reader: str, path: Path, times: int = 3) -> tuple[float, int, float]:
    """Best CPU seconds of several processes, points, and the highest memory."""
    command = [sys.executable, __file__, "--one", reader, str(path)]
    results = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(times)
    ]
    return min(r[0] for r in results), results[0][1], max(r[2] for r in results)


def main() -> None:
    """Make the files, measure, print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=3_000_000)
    parser.add_argument("--against-tensorboard", action="store_true")
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        one(*given.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, path in make(Path(folder), given.points).items():
            seconds, points, memory = measure("optcli", path)
            speed = path.stat().st_size / 1e6 / seconds
            rate = points / seconds
            print(f"{name:28} {speed:7.1f} MB/s {rate:12,.0f} points/s {memory:6.0f} MiB {points:,} points")
        if given.against_tensorboard:
            slow, points, memory = measure("tensorboard", path, 1)
            print(f"TensorBoard: {slow / seconds:.1f} times the time, {memory:.0f} MiB, {points:,} points")


if __name__ == "__main__":
    main()
