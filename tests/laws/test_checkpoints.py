"""Whatever happens while checkpoints are written, whole ones are there to load: kills, faults, any sequence of both."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from optcli.train import snapshot, tensorfile
from optcli.train.checkpoint import CannotSave, Checkpoints


class Box:
    """The least thing with a state."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.value = state_dict["value"]


def state(n: int) -> dict[str, Box]:
    return {"model": Box(torch.full((8,), float(n))), "optimizer": Box({0: torch.arange(n % 5), "lr": 0.1 * n})}


def listing(directory: Path) -> set[str]:
    return set(os.listdir(directory))


def test_files_are_durable_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Checkpoints(tmp_path)
    seen: list[tuple[str, str]] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(handle: int) -> None:
        fsync(handle)
        seen.append(("fsync", Path(os.readlink(f"/proc/self/fd/{handle}")).name))

    def noted_rename(source: Path, target: Path) -> None:
        rename(source, target)
        seen.append(("rename", Path(target).name))

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    shelf.save(4, state(4))
    files = ["model.safetensors", "state.safetensors", "state.json", "manifest.json"]
    assert seen[:4] == [("fsync", name) for name in files]
    assert seen[4][1].startswith(".staging-")
    assert seen[5:] == [("rename", "step-4"), ("fsync", tmp_path.name)]


CALLS = [(os, "mkdir"), (os, "open"), (os, "fsync"), (os, "rename"), (os, "replace"), (os, "unlink"), (os, "rmdir")]


def killed(n: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that dies before its n-th call that changes the disk; whether it did die."""
    pid = os.fork()
    if pid == 0:
        left = n

        def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os._exit(9)
                return real(*args, **options)

            return call

        for module, name in [*CALLS, (tensorfile, "_memory")]:
            setattr(module, name, deadly(getattr(module, name)))
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


def test_a_kill_at_any_call_leaves_whole_checkpoints_only(tmp_path: Path) -> None:
    base = Checkpoints(tmp_path / "base", keep=2)
    for n in (1, 2):
        base.save(n, state(n), best=n == 1)

    def work() -> None:
        shelf = Checkpoints(tmp_path / "run", keep=2)
        for n in (3, 4, 4):
            shelf.save(n, state(n))

    died, n = True, 0
    while died:
        n += 1
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        shutil.copytree(tmp_path / "base", tmp_path / "run")
        died = killed(n, work)
        named = [path for path in (tmp_path / "run").iterdir() if path.name.startswith("step-")]
        assert {snapshot.read(path).step for path in named} == {int(path.name[5:]) for path in named}
        shelf = Checkpoints(tmp_path / "run", keep=2)
        loaded = shelf.load()
        assert loaded.step >= 2
        assert loaded.skipped == []
        assert loaded.state_dicts["model"]["value"][0] == loaded.step
        assert shelf.load("best").step == 1
        assert not [name for name in listing(tmp_path / "run") if name.startswith(".")]
    assert n > 60
    assert loaded.step == 4


class Shelf(RuleBasedStateMachine):
    """Any sequence of saves, kills, damages and reopenings: the newest good ones and the best are there to load."""

    @initialize(keep=st.integers(1, 4), where=st.integers(0, 10**9))
    def begin(self, keep: int, where: int) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.keep = keep
        self.shelf = Checkpoints(self.root / "run", keep)
        self.saved: list[int] = []
        self.marked: set[int] = set()
        (self.root / "neighbour").mkdir()
        (self.root / "neighbour" / "file").write_text("untouched")

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @property
    def best(self) -> int | None:
        """The one that was saved last as the best, and is still there."""
        return next((s for s in reversed(self.saved) if s in self.marked), None)

    @rule(step=st.integers(1, 8), best=st.booleans())
    def save(self, step: int, best: bool) -> None:
        self.shelf.save(step, {"box": Box(step)}, best=best)
        self.saved = [*(s for s in self.saved if s != step), step]
        self.marked = self.marked | {step} if best else self.marked - {step}
        kept = self.saved[-max(2, self.keep) :]
        best_now = self.best
        self.saved = [s for s in self.saved if s in kept or s == best_now]

    @rule(data=st.data(), fault=st.integers(1, 12))
    def save_in_vain(self, data: st.DataObject, fault: int) -> None:
        """The n-th call that changes the disk fails."""
        step = data.draw(st.integers(1, 8))
        before = self.shelf.load().step if self.saved else None
        with Faults(fault) as faults:
            try:
                self.shelf.save(step, {"box": Box(step)})
                done = True
            except CannotSave:
                done = False
        assert done or faults.hit
        if done or (faults.hit and step in self.shelf.steps() and self.shelf.load().step == step != before):
            self.shelf = Checkpoints(self.root / "run", self.keep)
            self.adopt(step)

    def adopt(self, step: int) -> None:
        self.marked -= {step}
        self.saved = [s for s in [*(s for s in self.saved if s != step), step] if s in self.shelf.steps()]

    @rule()
    def reopen(self) -> None:
        (self.root / "run" / ".staging-1").mkdir(exist_ok=True)
        (self.root / "run" / ".trash-1").symlink_to(self.root / "neighbour")
        self.shelf = Checkpoints(self.root / "run", self.keep)
        assert not [name for name in listing(self.root / "run") if name.startswith(".")]

    @rule()
    def lose_the_index(self) -> None:
        (self.root / "run" / "index.json").unlink(missing_ok=True)

    @invariant()
    def newest_and_best_load(self) -> None:
        assert self.shelf.steps() == self.saved
        if self.saved:
            assert self.shelf.load().step == self.saved[-1]
            assert self.shelf.load().state_dicts["box"]["value"] == self.saved[-1]
            assert self.best is None or self.shelf.load("best").step == self.best
        assert (self.root / "neighbour" / "file").read_text() == "untouched"


class Faults:
    """Lets the n-th call of os.fsync, os.rename, os.replace, os.mkdir or os.open fail as a broken disk does."""

    def __init__(self, n: int) -> None:
        self.left, self.hit, self.patch = n, False, pytest.MonkeyPatch()

    def __enter__(self) -> "Faults":
        for name in ("fsync", "rename", "replace", "mkdir", "open"):
            self.patch.setattr(os, name, self._counted(getattr(os, name)))
        return self

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.hit = True
                raise OSError(5, "input/output error")
            return real(*args, **options)

        return call

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


Shelf.TestCase.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
TestShelf = Shelf.TestCase
