"""Crash campaigns: kill `optcli train` again and again, and compare what is left with a run that nobody disturbed.

    python scripts/crash.py                        # all campaigns, small: some minutes on 2 cores
    python scripts/crash.py kill --times 200       # kill -9 at random instants, resume, compare byte for byte
    python scripts/crash.py term --times 50        # SIGTERM, SIGINT and SIGUSR1 likewise: no step is lost
    python scripts/crash.py sweep                  # strace kills at every fsync and rename, and lets every write fail
    python scripts/crash.py order                  # strace: fsync(files) < rename < fsync(directory)
    python scripts/crash.py disk                   # a small tmpfs that another program fills (root)
    python scripts/crash.py place                  # read-only directories, files in the way, locks

Prints one line per campaign, what went wrong below it, and exits 1 if anything did.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crash_lab import LIMIT, Campaign, Child, arguments, compare, finish, journal, leftovers, said, start, whole

from optcli.train.checkpoint import Checkpoints

VARIANTS = [
    [],
    ["schedule={name: cosine, warmup: 10%}", "train.accumulate=2"],
    ["train.precision=bf16", "optimizer.name=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9"],
    ["regularizers.l1.strength=1e-4", "regularizers.clip_norm.max_norm=0.5"],
    ["schedule=constant", "optimizer={name: schedule_free_adamw, lr: 0.005}", "regularizers.ema.decay=0.9"],
    ["regularizers.sam.radius=0.05", "regularizers.ema.decay=0.9", "train.accumulate=2"],
    [
        "model={name: cnn, channels: [4, 4], norm: batch}", "regularizers.mixup.alpha=0.2", "train.precision=bf16",
        "train.activation_checkpointing=true",
    ],
    ["train.optimizer_in_backward=true", "regularizers.ema.decay=0.9", "model.norm=batch"],
]  # fmt: skip
SHORT = ("train.epochs=null", "train.steps=45")
FAULTS = [
    ("fsync", "signal=KILL"),
    ("rename", "signal=KILL"),
    ("fsync", "error=EIO"),
    ("rename", "error=EIO"),
    ("write", "error=ENOSPC"),
    ("mkdir", "error=EDQUOT"),
]


def kill(c: Campaign, times: int) -> None:
    """SIGKILL at random instants of a whole run, sometimes again and again; then resume to the end."""
    for variant in VARIANTS[: max(1, min(len(VARIANTS), times // 3))]:
        reference = c.root / f"reference{VARIANTS.index(variant)}"
        began = time.monotonic()
        c.expect(finish(c, reference, *variant) == 0, f"reference: {said(reference)}")
        _time(c, reference, time.monotonic() - began)
    for n in range(times):
        variant = n % max(1, min(len(VARIANTS), times // 3))
        run, what = c.root / f"run{n}", f"kill {n}"
        for again in range(1 + 2 * (n % 5 == 0)):
            child = start(c, run, *VARIANTS[variant], resume=again > 0)
            _strike(c, child, run, signal.SIGKILL)
            whole(c, run, what, need=False)
        status = finish(c, run, *VARIANTS[variant], resume=True)
        c.expect(status == 0, f"{what}: resume exits {status}: {said(run)}")
        if status == 0:
            compare(c, run, c.root / f"reference{variant}", what)
            c.expect(not leftovers(run), f"{what}: left over {leftovers(run)}")
            shutil.rmtree(run)


def _time(c: Campaign, run: Path, seconds: float) -> None:
    c.counts["s for an undisturbed run"] = round(seconds)


def _strike(c: Campaign, child: Child, run: Path, number: int) -> int:
    """Send the signal after a random number of journal bytes, and some moments more; returns the exit status."""
    wanted = int(c.chance.random() * c.chance.choice([0, 1, 1, 1]) * 50_000)
    file = run / "journal.jsonl"
    child.until(lambda: file.exists() and file.stat().st_size >= wanted, f"{wanted:,} bytes in {file}")
    time.sleep(c.chance.random() * 0.05)
    c.counts["struck" if child.poll() is None else "had ended before"] += 1
    child.send_signal(number)
    return child.wait()


def term(c: Campaign, times: int) -> None:
    """A signal at a random instant: its exit status, a checkpoint of the step reached, and an exact resume."""
    reference = c.root / "reference"
    c.expect(finish(c, reference) == 0, f"reference: {said(reference)}")
    for n in range(times):
        run, number = c.root / f"run{n}", [signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1][n % 4]
        what = f"{number.name} {n}"
        status = _strike(c, start(c, run), run, number)
        rows = [line["step"] for line in journal(run) if "train/loss" in line]
        if status == 0 and rows and rows[-1] == len([r for r in journal(reference) if "train/loss" in r]):
            c.counts["ended first"] += 1
        else:
            c.expect(status == 128 + number, f"{what}: exits {status}: {said(run)}")
            saved = Checkpoints(run / "checkpoints").load().step
            c.expect(saved == (rows or [0])[-1], f"{what}: {(rows or [0])[-1]} steps logged, {saved} saved")
        whole(c, run, what, need=True)
        status = finish(c, run, resume=True)
        c.expect(status == 0, f"{what}: resume exits {status}: {said(run)}")
        if status == 0:
            compare(c, run, reference, what)
        shutil.rmtree(run)


def _traced(c: Campaign, run: Path, inject: str, trace: str) -> tuple[int, str]:
    """A short training under strace; returns its status and the trace of the calls in the checkpoints' directory."""
    out = c.root / "trace"
    before = ["strace", "-f", "-qq", "-y", "-o", str(out), "-e", f"trace={trace}", *(["-e", inject] if inject else [])]
    command = [*before, sys.executable, "-m", "optcli", *arguments(c, run, SHORT, False)]
    with open(f"{run}.log", "a") as log:
        ended = subprocess.run(command, stdout=log, stderr=log, timeout=LIMIT, check=False)
    return ended.returncode, out.read_text(errors="replace")


def sweep(c: Campaign, times: int) -> None:
    """Kill at, or fail, the n-th fsync, rename or write of a training, for growing n until none is left."""
    for call, fault in FAULTS:
        n, step = 1, max(1, 40 // max(1, times))
        while n < 60:
            run, what = c.root / f"{call}{n}{fault[:3]}", f"{call} {n} {fault}"
            # Writes to the screen and to the event files are failed as well: they must not matter.
            status, _ = _traced(c, run, f"inject={call}:{fault}:when={n}", "fsync,rename,write,mkdir")
            c.counts[call] += 1
            if "KILL" not in fault:
                c.expect(status in (0, 73, 74), f"{what}: exits {status}: {said(run)}")
            whole(c, run, what, need=False)
            if run.exists():
                again = finish(c, run, *SHORT, resume=True)
                c.expect(again == 0, f"{what}: resume exits {again}: {said(run)}")
                c.expect(not leftovers(run), f"{what}: left over {leftovers(run)}")
            shutil.rmtree(run, ignore_errors=True)
            n += step


def order(c: Campaign, times: int) -> None:
    """Every checkpoint: its files' fsync, its directory's, the rename, and the fsync of the directory above."""
    run = c.root / "run"
    status, trace = _traced(c, run, "", "fsync,rename,renameat,renameat2")
    c.expect(status == 0, f"exits {status}: {said(run)}")
    waiting: list[str] = []
    named = ""
    for line in trace.splitlines():
        if found := re.search(r"fsync\(\d+<([^>]+)>", line):
            path = found[1]
            if named:
                c.expect(path.endswith("/checkpoints"), f"after the rename to {named}: fsync({path})")
                named = ""
            elif "/.staging-" in path:
                waiting.append(Path(path).name)
        elif found := re.search(r'rename\w*\(.*, "([^"]*/step-\d+)"', line):
            named = Path(found[1]).name
            files = {"model.safetensors", "state.safetensors", "state.json", "manifest.json"}
            c.expect(files <= set(waiting), f"{named} was named before {files - set(waiting)} were durable")
            c.expect(waiting[-1:] != [] and waiting[-1].startswith(".staging-"), f"{named}: directory not durable")
            waiting = []
            c.counts["checkpoints"] += 1
    c.expect(c.counts["checkpoints"] > 1, "no checkpoint was seen")


@contextmanager
def tmpfs(c: Campaign, size: str) -> Iterator[Path]:
    """A small file system of its own."""
    place = c.root / "tmpfs"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def disk(c: Campaign, times: int) -> None:
    """A disk that is too small from the start, and one that another program fills on the way."""
    with tmpfs(c, "100k") as place:
        status = finish(c, place / "run")
        c.expect(status in (73, 74), f"too small: exits {status}: {said(place / 'run')}")
        c.counts["too small"] += 1
    shutil.rmtree(c.root / "tmpfs")
    for n in range(max(1, times // 10)):
        with tmpfs(c, "12m") as place:
            _fill(c, place, 2 + n % 2)  # no more than that are kept at all times
        shutil.rmtree(c.root / "tmpfs")
        (c.root / "run.log").unlink()


def _fill(c: Campaign, place: Path, saved: int) -> None:
    """Take all the room that there is once so many checkpoints have been saved, and give it back for the resume."""
    run, log = place / "run", c.root / "run.log"
    os.symlink(log, f"{run}.log")
    child = start(c, run)
    child.until(lambda: len(list(run.glob("checkpoints/step-*"))) >= saved, f"{saved} checkpoints in {run}")
    with open(place / "other", "ab") as other:

        def take() -> None:
            for size in (1 << 20, 1 << 16, 1 << 12):  # at once: the training takes a second
                try:
                    while os.write(other.fileno(), bytes(size)):
                        pass
                except OSError:
                    continue
            time.sleep(0.001)

        child.until(take, f"the training in {run} to find the disk full", pause=0)
    c.expect(child.returncode == 74, f"filled: exits {child.returncode}: {log.read_text()[-300:]}")
    whole(c, run, "filled", need=True)
    (place / "other").unlink()
    status = finish(c, run, resume=True)
    c.expect(status == 0, f"filled: resume exits {status}: {log.read_text()[-300:]}")
    c.counts["filled"] += 1


def place(c: Campaign, times: int) -> None:
    """Places that can't be written, and a directory that is taken, end the command before the first step."""
    obstacles: list[tuple[str, Callable[[Path], object], int]] = [
        ("a file in the way", lambda run: run.write_text(""), 73),
        ("a file above", lambda run: (run.parent.rmdir(), run.parent.write_text("")), 73),
        ("checkpoints is a link", lambda run: (run.mkdir(), (run / "checkpoints").symlink_to("/tmp")), 73),
        ("the lock is a directory", lambda run: (run / ".lock").mkdir(parents=True), 73),
    ]
    for name, build, wanted in obstacles:
        run = c.root / name.replace(" ", "-") / "run"
        run.parent.mkdir()
        build(run)
        log = c.root / f"{run.parent.name}.log"
        status = Child(arguments(c, run, (), False), log).wait()
        text = log.read_text()
        c.counts["places"] += 1
        c.expect(status == wanted, f"{name}: exits {status}: {text[-300:]}")
        c.expect("Traceback" not in text and "error:" in text, f"{name}: says {text[-300:]}")
    run = c.root / "taken"
    children = [start(c, run) for _ in range(4)]
    ended = sorted(child.wait() for child in children)
    c.counts["at once"] = 4
    c.expect(ended.count(0) == 1 and set(ended) <= {0, 73, 75}, f"four at once exit {ended}: {said(run)}")


CAMPAIGNS = {"kill": kill, "term": term, "order": order, "sweep": sweep, "disk": disk, "place": place}


def _lacking(name: str) -> str:
    """Why a campaign can't be run here."""
    if name in ("order", "sweep") and shutil.which("strace") is None:
        return "strace is not installed"
    if name == "disk" and (os.geteuid() != 0 or shutil.which("mount") is None):
        return "mounting a small file system needs root"
    return ""


def campaigns() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaigns", nargs="*", choices=[*CAMPAIGNS, []], help="which ones; all without a name")
    parser.add_argument("--times", type=int, default=10, help="how often to strike")
    parser.add_argument("--recipe", default="digits")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    good = True
    for name in given.campaigns or CAMPAIGNS:
        if reason := _lacking(name):
            print(f"{name}: left out, {reason}")
            continue
        campaign = Campaign(name, given.recipe, given.seed)
        CAMPAIGNS[name](campaign, given.times)
        good &= campaign.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(campaigns())
