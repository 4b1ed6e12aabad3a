"""Damage small logs of every format in many ways and read them: no exception, no hang, no wrong value.

    python scripts/fuzz_readers.py [--mutants 2000] [--seed 0]

Exit 1 when a mutant raises anything but `Unreadable`, takes over five seconds, or gives a value that the whole log
doesn't hold although nothing but its end was cut off. For event files the share of intact points is counted.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from sample_logs import WRITERS, training

from optcli.run.assemble import read
from optcli.run.block import Unreadable

SLOWEST = 5.0
KINDS = ("flip", "cut", "zero", "insert", "delete", "garbage", "truncate", "double", "swap")


def damage(data: bytes, kind: str, draw: random.Random) -> bytes:
    """One mutant of a file."""
    at = draw.randrange(max(1, len(data)))
    size = draw.choice((1, 2, 7, 64, 1000))
    noise = draw.randbytes(size)
    return {
        "flip": lambda: data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :],
        "cut": lambda: data[:at] + data[at + size :],
        "zero": lambda: data[:at] + bytes(size) + data[at + size :],
        "insert": lambda: data[:at] + noise + data[at:],
        "delete": lambda: data.replace(data[at : at + 1], b""),
        "garbage": lambda: data[:at] + noise + data[at + size :],
        "truncate": lambda: data[:at],
        "double": lambda: data + data[: draw.randrange(len(data))],
        "swap": lambda: data[at:] + data[:at],
    }[kind]()


def files(path: Path) -> list[Path]:
    """The files of a log."""
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


def values(path: Path) -> dict[str, set[tuple[float, float]]]:
    """(step, value) pairs by the name of the column; nothing for an unreadable path. NaN is written as text."""
    try:
        runs = read(str(path))
    except Unreadable:
        return {}
    found: dict[str, set[tuple[float, float]]] = {}
    for run in runs:
        for role, curve in run.curves.items():
            pairs = zip(curve.step.tolist(), curve.value.tolist(), strict=True)
            found.setdefault(run.roles.get(role, role), set()).update((s, v) for s, v in pairs if v == v)
    return found


def mutants(
    count: int, seed: int, folder: Path, names: list[str]
) -> Iterator[tuple[str, str, Path, Path, bytes, bytes]]:
    """(format, kind, path to read, damaged file, its bytes before, and after), over and over."""
    draw = random.Random(seed)
    made = {name: WRITERS[name](folder / name, training(6, 5)) for name in names}
    for i in range(count):
        name = names[i % len(names)]
        file = draw.choice(files(made[name]))
        whole = file.read_bytes()
        kind = draw.choice(KINDS)
        yield name, kind, made[name], file, whole, damage(whole, kind, draw)


def campaign(count: int, seed: int, folder: Path, names: list[str] | None = None) -> list[str]:
    """All that went wrong, one line each."""
    problems = []
    names = names or list(WRITERS)
    for name, kind, path, file, whole, changed in mutants(count, seed, folder, names):
        file.write_bytes(changed)
        start = time.process_time()
        try:
            values(path)
        except Exception as error:
            problems.append(f"{name} {kind} {file.name}: {type(error).__name__}: {error} {_keep(file, changed)}")
        if time.process_time() - start > SLOWEST:
            problems.append(f"{name} {kind} {file.name}: over {SLOWEST} s {_keep(file, changed)}")
        file.write_bytes(whole)
    return problems


def _keep(file: Path, data: bytes) -> str:
    place = Path(tempfile.mkdtemp(prefix="optcli-fuzz-")) / file.name
    place.write_bytes(data)
    return f"({place})"


def prefixes(name: str, folder: Path, cuts: int, seed: int = 0) -> list[str]:
    """Values that a log cut short shows although the whole log doesn't hold them."""
    draw = random.Random(seed)
    path = WRITERS[name](folder / "cuts" / name, training(6, 5))
    true = values(path)
    problems = []
    for file in files(path):
        whole = file.read_bytes()
        ends = range(len(whole)) if cuts >= len(whole) else sorted(draw.sample(range(len(whole)), cuts))
        for end in ends:
            file.write_bytes(whole[:end])
            for curve, pairs in values(path).items():
                odd = pairs - true.get(curve, set())
                if odd:
                    problems.append(f"{name} {file.name} cut at {end}: {curve} has {sorted(odd)[:3]}")
        file.write_bytes(whole)
    return problems


def main() -> int:
    """Run a campaign and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=2000)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = campaign(given.mutants, given.seed, Path(folder), given.only)
        for name in given.only or WRITERS:
            problems += prefixes(name, Path(folder), given.cuts, given.seed)
    print(*problems, sep="\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.mutants} mutants, {len(problems)} problems, peak memory {memory:.0f} MiB")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
