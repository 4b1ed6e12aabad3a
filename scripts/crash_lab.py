"""What the crash campaigns are made of: trainings in children of their own, and what must hold of what they leave."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from optcli.cli import main
from optcli.run import strict_json
from optcli.train import checkpoint, session  # noqa: F401 - so that children needn't import it

OPTIONS = [
    "data.batch_size=16",
    "train.epochs=3",
    "train.checkpoint_every=20",
    "train.eval_every=45",
    "train.threads=1",
]
LIMIT = 120
"""Seconds after which a child counts as hung."""


class Campaign:
    """Where a campaign works, and what it found wrong."""

    def __init__(self, name: str, recipe: str, seed: int) -> None:
        self.name, self.recipe = name, recipe
        self.chance = random.Random(seed)
        self.root = Path(tempfile.mkdtemp(prefix=f"crash-{name}-"))
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()

    def expect(self, right: bool, what: str) -> None:
        """Note a failure."""
        if not right:
            self.wrong.append(what)

    def close(self) -> bool:
        """Print the line of the campaign; whether all was well."""
        counts = ", ".join(f"{number} {what}" for what, number in self.counts.items())
        print(f"{self.name}: {counts}; {len(self.wrong)} wrong", flush=True)
        for what in self.wrong[:20]:
            print(f"  {what}")
        if not self.wrong:
            shutil.rmtree(self.root, ignore_errors=True)
        else:
            print(f"  kept: {self.root}")
        return not self.wrong


class Child:
    """A training in a forked child of this process, which has the slow imports behind it."""

    def __init__(self, words: list[str], log: Path) -> None:
        self.returncode: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            try:
                main(words)
            except SystemExit as end:
                os._exit(end.code if isinstance(end.code, int) else 1)
            finally:
                os._exit(99)

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self) -> int:
        """Wait for its end; -99 if it had to be killed because it hung."""
        with suppress(TimeoutError):
            self.until(lambda: False, "the end")
        assert self.returncode is not None
        return self.returncode

    def until(self, true: Callable[[], object], what: str, pause: float = 0.002) -> None:
        """Wait for something, or for the child's end.

        Raises:
            TimeoutError: neither came within `LIMIT` seconds; says what was waited for. The child is killed.
        """
        end = time.monotonic() + LIMIT
        while self.poll() is None and not true():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                self.returncode = -99
                raise TimeoutError(f"waited {LIMIT} s for {what}")
            time.sleep(pause)

    def send_signal(self, number: int) -> None:
        """Send it, if the child still lives."""
        if self.poll() is None:
            os.kill(self.pid, number)


def arguments(c: Campaign, run: Path, more: tuple[str, ...], resume: bool) -> list[str]:
    """What comes after `optcli`."""
    return ["train", c.recipe, *OPTIONS, *more, "--run-dir", str(run), *(["--resume"] if resume else [])]


def start(c: Campaign, run: Path, *more: str, resume: bool = False) -> Child:
    """Begin a training; what it says goes to a file beside the run."""
    return Child(arguments(c, run, more, resume), Path(f"{run}.log"))


def finish(c: Campaign, run: Path, *more: str, resume: bool = False) -> int:
    """Train to the end; returns the exit status."""
    return start(c, run, *more, resume=resume).wait()


def said(run: Path) -> str:
    """The last lines that the trainings in a directory have said."""
    return " | ".join(Path(f"{run}.log").read_text(errors="replace").strip().splitlines()[-2:])[:300]


def journal(run: Path) -> list[dict[str, Any]]:
    """The journal without what may differ after a resume; every line must be strict JSON."""
    lines = [strict_json.loads(line) for line in (run / "journal.jsonl").read_bytes().splitlines()]
    return [{k: v for k, v in line.items() if k != "clock"} for line in lines if line.get("event") != "resume"]


def final(run: Path) -> dict[str, bytes]:
    """All tensors and trees of the newest checkpoint, byte for byte, without wall time and paths."""
    newest = run / "checkpoints" / json.loads((run / "checkpoints" / "index.json").read_text())["latest"]
    state = json.loads((newest / "state.json").read_bytes())
    position = state["states"].get("position", {})
    for name in ("wall", "reached"):
        position.pop(name, None)
    text = re.sub(rb'"wall": [0-9.e-]+', b"", json.dumps(state).encode())
    return {"state.json": text, **{f"{k}": (newest / f"{k}.safetensors").read_bytes() for k in ("model", "state")}}


def compare(c: Campaign, run: Path, reference: Path, what: str) -> None:
    """The resumed run must equal the undisturbed one."""
    mine, theirs = journal(run), journal(reference)
    if mine != theirs:
        at = next(
            (i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), min(len(mine), len(theirs))
        )
        c.wrong.append(
            f"{what}: journal differs at line {at}: {str(mine[at : at + 1])[:160]} for {str(theirs[at : at + 1])[:160]}"
        )
    for name, content in final(run).items():
        c.expect(content == final(reference)[name], f"{what}: {name} of the newest checkpoint differs")
    steps = [line["step"] for line in mine if "train/loss" in line]
    c.expect(steps == list(range(1, len(steps) + 1)), f"{what}: steps are missing or twice there")


def whole(c: Campaign, run: Path, what: str, need: bool) -> None:
    """Everything with a final name is intact; the newest can be loaded."""
    directory = run / "checkpoints"
    names = list(directory.glob("step-*")) if directory.is_dir() else []
    for path in names:
        try:
            checkpoint.read(path)
        except Exception as error:
            c.wrong.append(f"{what}: {path.name}: {type(error).__name__}: {error}")
    if need:
        c.expect(bool(names), f"{what}: no checkpoint is left")
    if (run / "journal.jsonl").exists():
        for line in (run / "journal.jsonl").read_bytes().split(b"\n")[:-1]:
            c.expect(_parses(line), f"{what}: a whole line of the journal can't be read: {line[:80]!r}")


def _parses(line: bytes) -> bool:
    try:
        strict_json.loads(line)
    except ValueError:
        return False
    return True


def leftovers(run: Path) -> list[str]:
    """What a kill left behind."""
    names = [p.name for place in (run, run / "checkpoints") if place.is_dir() for p in place.iterdir()]
    return [name for name in names if name.startswith(".") and name != ".lock"]
