"""How much of a damaged log comes back: logs of every format, damaged where it is known what must stay intact.

    python scripts/damage.py [--mutants 8] [--damages 8] [--seed 0] [--only FORMAT ...] [--kinds]

A log is cut into its records (lines, frames, the objects of a history); some of them are damaged. Intact are the points
that the same log gives without the damaged records. Counted are those of them that come back unchanged, and of the
damaged records those that the reader names by their place (reported), that it reads all the same (read: no checksum
tells), and the rest (silent: a torn line of a console is like any other prose, and a wrong number that a later one
overrules shows nowhere). Exit 1 when a format gives back less than 99.9 % or anything raises.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fuzz_readers import files
from sample_logs import EPOCHS, WRITERS, training
from samples.frames import Span, frames

from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.curve import Run
from optcli.run.notes import DAMAGED, UNFINISHED

Point = tuple[str, float, float]
PROMISE = 0.999
SPARSE = 30
"""At most one in so many records is damaged."""
MOST = 12
"""Points that one record of the samples carries at most, with those that other records place by it."""
WHOLE = {
    "sacred": "one JSON document: nothing in it to find the way back by",
    "keras_history": "one JSON document: nothing in it to find the way back by",
    "evals_result": "one JSON document: nothing in it to find the way back by",
    "mlflow_db": "a database: its pages point at each other, and a damaged one is refused",
}
"""Formats without records of their own."""
MARKED = {"tfevents", "keras_tfevents", "wandb", "hf", "journal", "jsonl", "wandb_history", "detectron2_json"}
MARKED |= {"mmdet_json", "mmengine_json", "llamafactory", "detr"}
"""Formats whose records can be found behind the torn half of another; elsewhere the two can't be told apart."""


Change = tuple[int, int, bytes]
"""(first, end, bytes to stand there instead)."""


def _flip(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    a, b = span[0], span[1] - text
    part = bytearray(data[a:b])
    for _ in range(draw.randint(1, 3)):
        part[draw.randrange(len(part))] ^= draw.randrange(1, 256)
    return a, b, bytes(part)


def _hole(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    a, b = sorted(draw.sample(range(span[0], span[1] - text + 1), 2))
    return a, b, b""


def _torn(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    return draw.randrange(span[0] + 1, span[1]), span[1] - text, b""


def _glued(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    return draw.randrange(span[0] + 1, span[1]), span[1], b""


def _gone(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    return *span, b""


def _garbage(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    return span[0], span[0], draw.randbytes(draw.randint(1, 300)) + b"\n" * text


def _nul(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    return *span, bytes(span[1] - span[0])


def _gap(data: bytes, span: Span, draw: random.Random, text: bool) -> Change:
    return span[0], span[0], bytes(draw.randint(1, 9000))


KINDS = {
    "flip": _flip, "hole": _hole, "torn": _torn, "glued": _glued, "gone": _gone, "garbage": _garbage, "nul": _nul,
    "gap": _gap, "tail": _torn,
}  # fmt: skip
BETWEEN = ("garbage", "gap")
"""What harms no record."""


@dataclass
class Count:
    """What came of the damaged logs of a format."""

    intact: int = 0
    back: int = 0
    damaged: int = 0
    reported: int = 0
    read: int = 0
    raised: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.back / self.intact if self.intact else 1.0

    def __iadd__(self, other: Count) -> Count:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


def points(runs: Iterable[Run]) -> set[Point]:
    """All points, under the names of the log itself."""
    return {
        (run.roles.get(role, role), step, value)
        for run in runs
        for role, curve in run.curves.items()
        for step, value in zip(curve.step.tolist(), curve.value.tolist(), strict=True)
    }


def reported(runs: Iterable[Run]) -> list[Span]:
    """The stretches of bytes that the notes name."""
    text = [note for run in runs for note in run.notes if note.code in (DAMAGED, UNFINISHED)]
    found = [pair for note in text for pair in re.findall(r"\b(\d+)-(\d+)\b", note.message.rpartition(" at bytes")[2])]
    found += [(first, 1 << 40) for note in text for first in re.findall(r"from byte (\d+)", note.message)]
    return [(int(a), int(b)) for a, b in found]


def changes(name: str, kind: str, whole: bytes, damages: int, draw: random.Random) -> tuple[list[Change], set[int]]:
    """Damages to a file, in order, and the numbers of the records that they harm."""
    form = frames(name)
    spans = form.spans(whole)
    # The first record may be a header, which all others depend on; what lies beside the chosen ones stays as it is.
    chosen = sorted(draw.sample(range(2, len(spans) - 2, 3), min(damages, len(spans) // SPARSE)))
    if kind == "tail":
        a, _, _ = _torn(whole, spans[chosen[-1]], draw, form.text)
        return [(a, len(whole), b"")], set(range(chosen[-1], len(spans)))
    made = [KINDS[kind](whole, spans[i], draw, form.text) for i in chosen]
    harmed = set() if kind in BETWEEN else set(chosen)
    if kind == "glued" and name not in MARKED:
        harmed |= {i + 1 for i in chosen}
    return made, harmed


def one(name: str, kind: str, path: Path, file: Path, damages: int, draw: random.Random) -> Count:
    """Damage a file of a log, read it, and put it back."""
    whole = file.read_bytes()
    before = points(read(str(path)))
    made, harmed = changes(name, kind, whole, damages, draw)
    try:
        file.write_bytes(frames(name).without(whole, harmed))
        without = points(read(str(path)))
        # A reader that loses more than the harmed records carry doesn't get that counted as theirs.
        few = len(before - without) <= MOST * len(harmed) or kind == "tail"
        intact = before & without if few else before
        data, places = _apply(whole, made)
        file.write_bytes(data)
        try:
            runs = read(str(path))
        except Unreadable:
            runs = []
        except Exception as error:
            return Count(len(intact), 0, raised=[f"{kind}: {type(error).__name__}: {error}"])
    finally:
        file.write_bytes(whole)
    found = points(runs)
    if kind == "gone":
        return Count(len(intact), len(intact & found))
    said = reported(runs)
    told = sum(any(a < end + 1 and first <= b for a, b in said) for first, end in places)
    read_ = min(len(places) - told, len({step for _, step, _ in found - without}))
    return Count(len(intact), len(intact & found), len(places), told, read_)


def _apply(whole: bytes, made: list[Change]) -> tuple[bytes, list[Span]]:
    """The damaged bytes, and where in them the damage is."""
    out, at, places = b"", 0, []
    for first, end, instead in made:
        out += whole[at:first]
        places.append((len(out), len(out) + len(instead)))
        out += instead
        at = end
    return out + whole[at:], places


def campaign(
    name: str, folder: Path, *, mutants: int = 8, damages: int = 8, seed: int = 0, rows: int = 600
) -> dict[str, Count]:
    """The counts of a format, by kind of damage."""
    draw = random.Random(f"{name} {seed}")
    per_epoch = 2 if name in EPOCHS else 10
    path = WRITERS[name](folder / name, training(rows // per_epoch, per_epoch))
    able = [file for file in files(path) if len(frames(name).spans(file.read_bytes())) >= 20]
    found = {kind: Count() for kind in KINDS}
    for kind in KINDS:
        for _ in range(mutants):
            found[kind] += one(name, kind, path, draw.choice(able), damages, draw)
    return found


def line(name: str, count: Count) -> str:
    """A line of the table."""
    silent = count.damaged - count.reported - count.read
    figures = f"{count.intact:9,} {count.back:9,} {100 * count.share:8.3f} %"
    return f"{name:22} {figures} {count.damaged:7} {count.reported:8} {count.read:6} {silent:6}"


def main() -> int:
    """Damage logs of all formats and print what came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=8, help="damaged logs of each kind")
    parser.add_argument("--damages", type=int, default=8, help="places damaged in each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(WRITERS))
    parser.add_argument("--kinds", action="store_true", help="a line for each kind of damage")
    given = parser.parse_args()
    print(f"{'':22} {'intact':>9} {'back':>9} {'share':>10} {'damaged':>7} {'reported':>8} {'read':>6} {'silent':>6}")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            if name in WHOLE:
                print(f"{name:22} {WHOLE[name]}")
                continue
            kinds = campaign(name, Path(folder), mutants=given.mutants, damages=given.damages, seed=given.seed)
            total = Count()
            for kind, count in kinds.items():
                total += count
                if given.kinds:
                    print(line(f"  {kind}", count))
            print(line(name, total), *total.raised, sep="\n    ")
            bad += total.share < PROMISE or bool(total.raised)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
