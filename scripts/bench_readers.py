"""How fast the readers are: CSV and JSON lines in MB per CPU second, event files against TensorBoard's accumulator.

    python scripts/bench_readers.py [--points 1000000] [--against-tensorboard]

Every measurement is the best of three in a process of its own; only ratios mean much on a shared machine.
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
from pathlib import Path

HERE = Path(__file__).parent
TAGS = [f"tag_{i}/loss" for i in range(10)]


def make(folder: Path, points: int) -> dict[str, Path]:
    """A CSV, a sparse CSV, JSON lines and an event file of `points` values each, ten columns or tags."""
    sys.path.insert(0, str(HERE))
    from sample_logs import VERSION, record

    draw = random.Random(0)
    rows = points // 10
    names = ["step", "epoch", "loss", "lr", "grad_norm", *(f"m{i}" for i in range(5))]
    found = {name: folder / name for name in ("plain.csv", "sparse.csv", "rows.jsonl", "events.out.tfevents.1.x.1.0")}
    with (
        found["plain.csv"].open("w") as plain,
        found["sparse.csv"].open("w") as sparse,
        found["rows.jsonl"].open("w") as lines,
    ):
        plain.write(",".join(names) + "\n")
        sparse.write(",".join(names) + "\n")
        for i in range(rows):
            values = [i, i // 1000, *(round(draw.random(), 9) for _ in range(8))]
            text = [str(v) for v in values]
            plain.write(",".join(text) + "\n")
            sparse.write(",".join(t if j < 3 or i % 50 == 0 else "" for j, t in enumerate(text)) + "\n")
            lines.write(json.dumps(dict(zip(names, values, strict=True))) + "\n")
    with found["events.out.tfevents.1.x.1.0"].open("wb") as file:
        file.write(record(VERSION))
        _events(file, rows, draw)
    return found


def _events(file: object, rows: int, draw: random.Random) -> None:
    """Records of one scalar each, their checksums taken in bulk."""
    import numpy as np
    from sample_logs import scalar_event

    from optcli.run.crc32c import masked_like, of_length

    for first in range(0, rows, 10_000):
        parts: dict[tuple[int, int], bytes] = {}
        for length, group in _grouped(range(first, min(first + 10_000, rows)), draw, scalar_event):
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
    import numpy  # noqa: F401  its import is none of the reader's time

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
    parser.add_argument("--points", type=int, default=1_000_000)
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
