import os
from dataclasses import replace
from pathlib import Path

import pytest

from optcli.exits import Exit
from optcli.run.block import Unreadable
from optcli.show.follow import Follower, Silence, stamp_of
from optcli.show.report import Report


class Log:
    """A log whose diagnosis the test sets."""

    def __init__(self, path: Path) -> None:
        self.path, self.reports, self.looks = path, list[Report](), 0

    def grow(self, *reports: Report, text: str = "x") -> None:
        with self.path.open("a") as file:
            file.write(text)
        self.reports = list(reports)

    def look(self) -> list[Report]:
        self.looks += 1
        if not self.reports:
            raise Unreadable(str(self.path), "no numbers yet")
        return self.reports


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log.csv")


@pytest.fixture
def follower(log: Log) -> Follower:
    return Follower(str(log.path), log.look)


def early(sick: Report, count: int) -> Report:
    return replace(sick, diagnosis=replace(sick.diagnosis, findings=sick.diagnosis.findings[:count]))


def test_each_finding_is_said_once(log: Log, follower: Follower, sick: Report) -> None:
    log.grow(early(sick, 1))
    assert [line.split()[2] for line in follower.news()] == ["NUM301", "rate"]
    log.grow(early(sick, 2))
    told = [*follower.news()]
    assert told[0].startswith("runs/a:400: warning OPT101 the loss swings")
    assert told[1] == "runs/a:   learning rate too high: try optimizer.lr=0.0003 [likely]"
    log.grow(early(sick, 3))
    assert [line.split()[2] for line in follower.news()] == ["OPT107"]
    assert follower.farewell() == ["runs/a: ill: non-finite loss in train/loss from step 901"]


def test_a_log_that_has_not_changed_is_not_read_again(log: Log, follower: Follower, sick: Report) -> None:
    log.grow(sick)
    assert [*follower.news()]
    assert [*follower.news(), *follower.news()] == []
    assert log.looks == 1


def test_a_log_that_was_cut_off_or_replaced_begins_anew(log: Log, follower: Follower, sick: Report) -> None:
    log.grow(early(sick, 1), text="long enough")
    first = [*follower.news()]
    log.path.write_text("short")
    assert [*follower.news()] == [f"{log.path}: the log began anew", *first]
    other = log.path.with_suffix(".new")
    other.write_text("short and more")
    os.replace(other, log.path)
    assert [*follower.news()] == [f"{log.path}: the log began anew", *first]


def test_a_path_that_is_not_there_yet_or_not_readable_yet(log: Log, follower: Follower, sick: Report) -> None:
    assert [*follower.news()] == []
    assert follower.nothing()[0] == Exit.USAGE
    log.grow()
    assert [*follower.news()] == []
    assert follower.nothing()[:2] == (Exit.NOTHING_TO_READ, f"{log.path}: no numbers yet")
    log.grow(early(sick, 1))
    assert len([*follower.news()]) == 2


def test_it_has_ended_when_all_runs_say_so(log: Log, follower: Follower, sick: Report) -> None:
    assert sick.run is not None
    assert not follower.ended
    running = replace(sick, run=replace(sick.run, end="running"))
    log.grow(sick, running)
    assert [*follower.news()]
    assert not follower.ended
    log.grow(sick, sick)
    assert [*follower.news()] == []
    assert follower.ended


def test_a_directory_is_stamped_by_all_its_files(tmp_path: Path) -> None:
    assert stamp_of(str(tmp_path / "none")) == ()
    (tmp_path / "a").mkdir()
    before = stamp_of(str(tmp_path))
    (tmp_path / "a" / "log").write_text("x")
    after = stamp_of(str(tmp_path))
    assert before == ()
    assert [Path(name).name for name, *_ in after] == ["log"]


def test_a_silence_is_said_once_each_time_it_comes() -> None:
    silence, said = Silence("runs/a"), []
    for second in range(3000):
        grown = min(second, 600) + max(0, second - 1800)
        if line := silence.look((("log", 1, grown, grown),), float(second)):
            said.append((second, line))
    assert said == [(900, "runs/a: SYS607 nothing new for 5 minutes; usual are 1 s")]


def test_a_slow_log_is_given_ten_times_as_long() -> None:
    silence, said = Silence("a"), []
    for second in range(0, 3000, 10):
        grown = min(second // 100, 10)
        if silence.look((("log", 1, grown, grown),), float(second)):
            said.append(second)
    assert said == [2000]


def test_a_log_that_never_grew_is_no_stall() -> None:
    silence = Silence("a")
    assert {silence.look((("log", 1, 5, 5),), float(second)) for second in range(0, 9000, 60)} == {""}
