from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from optcli.cli import main
from optcli.commands.watch import follow
from optcli.show.report import Report


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["watch", *args])
    return int(end.value.code or 0)


def rows(first: int, last: int, bad: bool = False) -> str:
    return "".join(f"{s},{'nan' if bad else 2 / s}\n" for s in range(first, last))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.csv"
    file.write_text("step,loss\n" + rows(1, 40) + rows(40, 60, bad=True))
    return file


def test_once_says_what_is_due_and_exits_as_asked(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(log), "--once") == 0
    out = capsys.readouterr().out
    assert out.count(f"{log}:40: error NUM301") == 1
    assert out.splitlines()[-1].startswith(f"{log}: ill: ")
    assert run(str(log), "--once", "--fail-on", "warning") == 1
    assert run(str(log), "--once", "--fail-on", "warning", "--ignore", "NUM,OPT") == 0


@pytest.mark.parametrize(
    ("args", "expected", "error"),
    [
        (["none.csv", "--once"], 2, "none.csv: no such file or directory"),
        (["none.csv", "--wait", "0"], 2, "none.csv: no such file or directory"),
        (["-"], 2, "watch can't follow standard input"),
        (["log", "--interval", "0"], 2, "--interval: not above 0"),
        (["log", "--interval", "nan"], 2, "--interval: not above 0"),
        (["log", "--interval", "-1"], 2, "--interval: not above 0"),
        (["log", "--wait", "-1"], 2, "--wait: not 0 or more"),
        (["log", "--wait", "nan"], 2, "--wait: not 0 or more"),
    ],
)
def test_mistakes(args: list[str], expected: int, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*args) == expected
    told = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("waiting ")]
    assert told[0] == f"error: {error}"


def test_a_file_without_numbers_is_nothing_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.csv").write_text("")
    assert run(str(tmp_path / "empty.csv"), "--once") == 5
    (tmp_path / "folder").mkdir()
    assert run(str(tmp_path / "folder"), "--once") == 5
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {tmp_path / 'folder'}: no training log in it"
    assert run("log.csv", "--pattern", "(") == 2


class Script:
    """Stands for a follower: each look says the next lines, then the run has ended."""

    path = "log"

    def __init__(self, looks: list[list[str]], reports: int = 1, stamps: Iterable[int] = ()) -> None:
        self.looks, self.reports, self.stamps = looks, [None] * reports, iter(stamps)

    @property
    def stamp(self) -> object:
        return next(self.stamps, 0)

    def news(self) -> Iterator[str]:
        yield from self.looks.pop(0)

    @property
    def ended(self) -> bool:
        return not self.looks

    def farewell(self) -> list[str]:
        return ["bye"]


class Clock:
    """A clock that only `pause` moves, besides `look` seconds for each reading of it."""

    def __init__(self, look: float = 0.0) -> None:
        self.now, self.look, self.pauses = 0.0, look, list[float]()

    def __call__(self) -> float:
        self.now += self.look
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def go(script: object, clock: Clock, pause: Callable[[float], None] | None = None, wait: float = 10.0) -> None:
    follow(script, once=False, interval=2.0, wait=wait, pause=pause or clock.pause, clock=clock)  # type: ignore[arg-type]


def test_it_looks_until_the_run_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    go(Script([["one"], [], ["two"]]), clock)
    assert capsys.readouterr().out.splitlines() == ["one", "two", "bye"]
    assert clock.pauses == [2.0, 2.0]


def test_a_log_that_has_stopped_growing_is_said_to(capsys: pytest.CaptureFixture[str]) -> None:
    stamps = [*range(20), *[19] * 180, *range(20, 25)]
    go(Script([[] for _ in stamps], stamps=stamps), Clock())
    said = capsys.readouterr().out.splitlines()
    assert said == ["log: SYS607 nothing new for 5 minutes; usual are 2 s", "bye"]


def test_a_dear_look_is_followed_by_a_longer_pause() -> None:
    clock = Clock(look=1.0)
    go(Script([[], []]), clock)
    assert clock.pauses == [20.0]


def test_it_waits_for_the_path_so_long_and_no_longer() -> None:
    clock = Clock()
    go(Script([[] for _ in range(100)], reports=0), clock)
    assert clock.pauses == [2.0] * 5


def interrupt(seconds: float) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_ends_with_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        go(Script([["one"], ["two"]]), Clock(), interrupt)
    assert capsys.readouterr().out.splitlines() == ["one", "bye"]


def test_ctrl_c_gives_130_and_what_is_awaited_is_said(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("optcli.commands.watch.follow", lambda *_, **__: interrupt(0.0))
    assert run(str(log)) == 130
    assert run("none.csv", "--wait", "5") == 130
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"watching {log}; Ctrl-C ends it"
    assert second == "waiting 5 s for none.csv; Ctrl-C ends it"


def test_ctrl_c_before_anything_was_seen_is_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt):
        go(Script([[], []], reports=0), Clock(), interrupt)


def test_findings_live_are_those_of_a_diagnosis_afterwards(log: Path) -> None:
    from optcli.commands import reading
    from optcli.show.follow import Follower

    def found(reports: list[Report]) -> set[tuple[str, str, float]]:
        return {(f.code, f.curve, f.first) for report in reports for f in report.diagnosis.findings}

    text = log.read_text().splitlines(keepends=True)
    log.write_text("")
    follower = Follower(str(log), lambda: reading.growing(str(log), None, None, None, []))
    seen: set[tuple[str, str, float]] = set()
    for line in range(0, len(text), 7):
        with log.open("a") as file:
            file.writelines(text[line : line + 7])
        for _ in follower.news():
            seen |= found(follower.reports)
    assert seen == found(reading.growing(str(log), None, None, None, []))
