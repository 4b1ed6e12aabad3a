"""A run directory is found writable, and this process's alone, before the first step."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from optcli.exits import Exit, Failure
from optcli.run import strict_json
from optcli.train import lock, rundir
from optcli.train.lock import Locked
from optcli.train.rundir import CannotCreate, RunDir, find_unfinished, safe_name


def test_a_new_run_has_its_place_and_is_the_latest(tmp_path: Path) -> None:
    with RunDir.create(tmp_path / "runs", "fashion") as first, RunDir.create(tmp_path / "runs", "fashion") as second:
        assert first.path.parent == tmp_path / "runs" / "fashion"
        assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", first.path.name)
        assert first.path != second.path
        link = tmp_path / "runs" / "fashion" / "latest"
        assert os.readlink(link) == second.path.name
        assert not first.holds_run()
    assert (first.checkpoints.name, first.journal.name, first.tensorboard.name) == (
        "checkpoints", "journal.jsonl", "tensorboard",
    )  # fmt: skip


def test_where_links_cannot_be_made_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    with RunDir.create(tmp_path, "a") as run:
        assert sorted(os.listdir(tmp_path / "a")) == [run.path.name]
    monkeypatch.undo()
    (tmp_path / "a" / "latest").mkdir()
    with RunDir.create(tmp_path, "a"):
        assert not [name for name in os.listdir(tmp_path / "a") if name.startswith(".")]


def test_a_name_that_is_taken_is_not_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["same", "x", "same", "other", "y"])
    monkeypatch.setattr(rundir.secrets, "token_hex", lambda n: next(tokens))
    monkeypatch.setattr(rundir, "datetime", Frozen)
    with RunDir.create(tmp_path, "a") as first, RunDir.create(tmp_path, "a") as second:
        assert (first.path.name, second.path.name) == ("20300102-030405-same", "20300102-030405-other")


class Frozen:
    """A clock that stands still."""

    @staticmethod
    def now(zone: object) -> "Frozen":
        return Frozen()

    @staticmethod
    def strftime(form: str) -> str:
        return "20300102-030405"


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("fashion", "fashion"),
        ("../../etc", "etc"),
        ("/abs/olute", "abs-olute"),
        ("..", "run"),
        ("", "run"),
        ("a\0b\nc", "a-b-c"),
        ("~root", "root"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("naïve", "na-ve"),
        ("x" * 500, "x" * 80),
        (".hidden", "hidden"),
    ],
)
def test_names_cannot_lead_out_or_trip_a_file_system(tmp_path: Path, name: str, directory: str) -> None:
    assert safe_name(name) == directory
    with RunDir.create(tmp_path, name) as run:
        assert run.path.resolve().parent.parent == tmp_path.resolve()


def test_a_directory_of_ones_own_is_made_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er"
    with RunDir.open(path) as run:
        assert not run.holds_run()
        run.write("recipe.yaml", "name: x\n")
    with pytest.raises(CannotCreate, match="holds a run already") as caught:
        RunDir.open(path)
    assert caught.value.code == Exit.CANNOT_CREATE
    assert "--resume" in caught.value.help
    with RunDir.open(path, resume=True) as run:
        assert run.holds_run()


def test_an_empty_directory_may_be_resumed(tmp_path: Path) -> None:
    with RunDir.open(tmp_path, resume=True) as run:
        assert not run.holds_run()


def in_the_way(path: Path) -> None:
    path.write_text("a file")


def below_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("a file")


def lock_is_a_link(path: Path) -> None:
    path.mkdir()
    (path / ".lock").symlink_to("/dev/null")


def lock_is_a_directory(path: Path) -> None:
    (path / ".lock").mkdir(parents=True)


@pytest.mark.parametrize("obstacle", [in_the_way, below_a_file, lock_is_a_link, lock_is_a_directory])
def test_an_obstacle_is_told_before_anything_begins(tmp_path: Path, obstacle: Callable[[Path], None]) -> None:
    path = tmp_path / "base" / "run"
    path.parent.mkdir()
    obstacle(path)
    with pytest.raises(CannotCreate, match=r"in the way|can't write to the run directory") as caught:
        RunDir.open(path)
    assert str(path) in caught.value.message


def test_a_base_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(CannotCreate, match="in the way"):
        RunDir.create(tmp_path / "runs", "a")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "a").write_text("")
    with pytest.raises(CannotCreate, match="in the way"):
        RunDir.create(tmp_path / "base", "a")


@pytest.mark.parametrize("errno", [13, 30, 28])
def test_a_place_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errno: int) -> None:
    def refuse(*args: object, **options: object) -> int:
        raise OSError(errno, os.strerror(errno), str(args[0]))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CannotCreate, match=os.strerror(errno).lower()):
        RunDir.open(tmp_path / "x")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_directory_of_another_user_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(0o755)
    pid = os.fork()
    if pid == 0:
        os.setuid(65534)
        try:
            RunDir.open(tmp_path / "x" / "y")
        except CannotCreate as error:
            os._exit(7 if "permission denied" in error.message else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_files_are_written_in_one_piece_and_strictly(tmp_path: Path) -> None:
    with RunDir.open(tmp_path / "a") as run:
        run.write("summary.json", {"status": "running", "loss": float("nan")})
        assert strict_json.loads((run.path / "summary.json").read_bytes())["nonfinite"] == {"loss": "nan"}
        assert rundir.status(run.path) == "running"
        (run.path / "diagnosis.json").mkdir()
        with pytest.raises(Failure, match="can't be written") as caught:
            run.write("diagnosis.json", {})
        assert caught.value.code == Exit.IO_ERROR
    (run.path / ".summary.json.12ab.tmp").write_text("torn")
    with RunDir.open(run.path, resume=True):
        assert sorted(os.listdir(run.path)) == [".lock", "diagnosis.json", "summary.json"]


def test_unfinished_runs_are_found(tmp_path: Path) -> None:
    assert find_unfinished(tmp_path, "a") == []
    paths = []
    for status in ("finished", "stopped", None, "torn", "empty"):
        with RunDir.create(tmp_path, "a") as run:
            paths.append(run.path)
            if status != "empty":
                run.write("recipe.yaml", "")
            if status == "torn":
                (run.path / "summary.json").write_text('{"status": "fini')
            elif status in ("finished", "stopped"):
                run.write("summary.json", {"status": status})
    assert find_unfinished(tmp_path, "a") == sorted(paths[1:4])


# One writer


def test_a_second_writer_is_told_who_is_first(tmp_path: Path) -> None:
    with RunDir.open(tmp_path):
        with pytest.raises(Locked, match=rf"process {os.getpid()} on .+ is training here") as caught:
            RunDir.open(tmp_path, resume=True)
        assert caught.value.code == Exit.LOCKED
    RunDir.open(tmp_path, resume=True).close()


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        RunDir.open(tmp_path)
        os._exit(0)
    os.waitpid(pid, 0)
    assert strict_json.loads((tmp_path / ".lock").read_bytes())["pid"] == pid
    with RunDir.open(tmp_path):
        assert strict_json.loads((tmp_path / ".lock").read_bytes())["pid"] == os.getpid()


def test_a_worker_that_outlives_its_parent_does_not_keep_the_lock(tmp_path: Path) -> None:
    run = RunDir.open(tmp_path)
    hold, release = os.pipe()
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(release)
        os.write(tell, b".")
        os.read(hold, 1)
        os._exit(0)
    os.read(ready, 1)
    run._lock._close()  # what a kill does: nothing is unlocked, this process's handle is gone
    RunDir.open(tmp_path).close()
    os.close(release)
    os.waitpid(pid, 0)
    for handle in (hold, ready, tell):
        os.close(handle)


def test_of_many_that_start_at_once_one_wins(tmp_path: Path) -> None:
    gate, start = os.pipe()
    done, finish = os.pipe()
    children = []
    for _ in range(16):
        pid = os.fork()
        if pid == 0:
            os.close(start)
            os.close(finish)
            signal.alarm(60)  # two that think they have won would wait for each other's turn
            os.read(gate, 1)
            try:
                RunDir.open(tmp_path)
            except Locked:
                os._exit(75)
            os.read(done, 1)  # stays until all others have had their turn
            os._exit(0)
        children.append(pid)
    os.close(start)
    ended = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(15)]
    os.close(finish)
    ended.append(os.waitstatus_to_exitcode(os.wait()[1]))
    assert sorted(ended) == [0] + [75] * 15
    os.close(gate)
    os.close(done)


@pytest.mark.parametrize(
    ("note", "taken"),
    [
        ({"pid": 1, "host": "HERE", "boot": "NOW"}, True),
        ({"pid": 1, "host": "HERE", "boot": "an earlier one"}, False),
        ({"pid": 2**22 + 1, "host": "HERE", "boot": "NOW"}, False),
        ({"pid": 5, "host": "elsewhere", "boot": "x"}, True),
        ({}, False),
        ("torn", False),
        ([1], False),
    ],
)
def test_without_file_locks_the_note_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: object, taken: bool
) -> None:
    import fcntl

    def unsupported(*args: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    monkeypatch.setattr(lock.socket, "gethostname", lambda: "HERE")
    monkeypatch.setattr(lock, "_boot", lambda: "NOW")
    (tmp_path / ".lock").write_text('{"pid": ' if note == "torn" else strict_json.dumps(note))
    if taken:
        with pytest.raises(Locked):
            RunDir.open(tmp_path)
    else:
        RunDir.open(tmp_path).close()
