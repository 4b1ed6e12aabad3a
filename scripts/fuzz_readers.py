"""Damage small logs of every format in many ways, read and diagnose them: no exception, no hang, no wrong value.

    python scripts/fuzz_readers.py [--mutants 2000] [--seed 0] [--logs FOLDER]

Exit 1 when a mutant raises anything but `Unreadable`, warns, takes over five seconds, or gives a value that the whole
log doesn't hold although nothing but its end was cut off. With `--logs` it is the files of a folder that are damaged,
up to 60 kB each: odd logs lead to places that made-up ones don't.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from sample_logs import WRITERS, training

from optcli.diagnosis import engine
from optcli.run.assemble import read
from optcli.run.block import Unreadable

SLOWEST = 5.0
LARGEST = 60_000
"""Bytes of a log of one's own: larger ones take too long."""
KINDS = (
    "flip",
    "cut",
    "zero",
    "insert",
    "delete",
    "garbage",
    "truncate",
    "double",
    "swap",
    "number",
    "numbers",
    "lines",
)
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORDS = b"nan inf -inf 1e400 -1 0 1e308 -1e308 1e-320 5e-324 1e18 -0.0 99999999999999999999 abc null None True 0x1f"
ODD = (*WORDS.split(), b"1,5", b"1_000", b"", b'"', b"\xff")
"""What may stand where a number should."""


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
        "number": lambda: odd(data, draw, all_alike=False),
        "numbers": lambda: odd(data, draw, all_alike=True),
        "lines": lambda: moved(data.split(b"\n"), draw),
    }[kind]()


def odd(data: bytes, draw: random.Random, *, all_alike: bool) -> bytes:
    """Something odd in the place of a number, or wherever the same digits stand."""
    found = list(NUMBER.finditer(data))
    if not found:
        return data
    one, other = draw.choice(found), draw.choice(ODD)
    return data.replace(one.group(), other) if all_alike else data[: one.start()] + other + data[one.end() :]


def moved(lines: list[bytes], draw: random.Random) -> bytes:
    """Some lines left out, told twice, or in another place."""
    at, size = draw.randrange(len(lines)), draw.choice((1, 1, 3, 30))
    some = lines[at : at + size]
    kind = draw.choice(("out", "twice", "away"))
    if kind != "twice":
        del lines[at : at + size]
    if kind != "out":
        to = draw.randrange(len(lines) + 1)
        lines[to:to] = some
    return b"\n".join(lines)


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
        engine.diagnose(run)
        for role, curve in run.curves.items():
            pairs = zip(curve.step.tolist(), curve.value.tolist(), strict=True)
            found.setdefault(run.roles.get(role, role), set()).update((s, v) for s, v in pairs if v == v)
    return found


def written(folder: Path, names: list[str]) -> dict[str, Path]:
    """A small log of each format."""
    return {name: WRITERS[name](folder / name, training(6, 5)) for name in names}


def copied(logs: Path, folder: Path) -> dict[str, Path]:
    """The small files of a folder, each in one of its own."""
    made = {}
    for number, file in enumerate(f for f in files(logs) if 0 < f.stat().st_size <= LARGEST):
        (folder / str(number)).mkdir()
        made[str(file.relative_to(logs))] = copy = folder / str(number) / file.name
        copy.write_bytes(file.read_bytes())
    return made


def mutants(count: int, seed: int, made: dict[str, Path]) -> Iterator[tuple[str, str, Path, Path, bytes, bytes]]:
    """(log, kind, path to read, damaged file, its bytes before, and after), over and over."""
    draw, names = random.Random(seed), list(made)
    for i in range(count):
        name = names[i % len(names)]
        file = draw.choice(files(made[name]))
        whole = file.read_bytes()
        kind, changed = "", whole
        for _ in range(draw.choice((1, 1, 1, 3))):
            kind = f"{kind} {(last := draw.choice(KINDS))}".strip()
            changed = damage(changed or b" ", last, draw)
        yield name, kind, made[name], file, whole, changed


def campaign(count: int, seed: int, made: dict[str, Path]) -> list[str]:
    """All that went wrong, one line each."""
    problems = []
    for name, kind, path, file, whole, changed in mutants(count, seed, made):
        file.write_bytes(changed)
        start = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
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
    parser.add_argument("--only", nargs="*", help="formats")
    parser.add_argument("--logs", type=Path, help="a folder of logs to damage instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, names = Path(name), given.only or list(WRITERS)
        made = copied(given.logs, folder) if given.logs else written(folder, names)
        problems = campaign(given.mutants, given.seed, made)
        for format in () if given.logs else names:
            problems += prefixes(format, folder, given.cuts, given.seed)
    print(*problems, sep="\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.mutants} mutants, {len(problems)} problems, peak memory {memory:.0f} MiB")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
