"""One calm line on a terminal, plain lines elsewhere."""

import io

import numpy as np
import pytest

from optcli.train import progress as module
from optcli.train.position import Position
from optcli.train.probes import Row
from optcli.train.progress import Progress, clock, number


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def now(monkeypatch):
    time = {"now": 0.0}
    monkeypatch.setattr(module.time, "monotonic", lambda: time["now"])
    return time


def row(step, at):
    return Row(step, 0.5, 1.0, None, None, 1.0, at, 0.01, np.ones(1), True)


def test_a_pipe_gets_a_line_every_ten_seconds_and_every_evaluation(now):
    stream = io.StringIO()
    progress = Progress(100, 8, stream)
    for second in range(25):
        now["now"] = float(second)
        progress.step(Position(step=second), row(second, float(second)), 0.1)
    assert [line.split("  ")[0] for line in stream.getvalue().splitlines()] == ["step 10/100", "step 20/100"]
    assert "8 samples/s" in stream.getvalue()
    assert "1:20 left" in stream.getvalue()
    progress.evaluation(Position(step=25, loss=0.5), {"val/loss": 0.25}, improved=True)
    assert stream.getvalue().splitlines()[-1] == "step 25/100  loss 0.5  val/loss 0.25  (best)"
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_run_that_goes_back_has_no_negative_speed(now):
    stream = io.StringIO()
    progress = Progress(100, 8, stream)
    for second, step in enumerate((0, 20, 40, 5)):
        now["now"] = 10.0 * second
        progress.step(Position(step=step), row(step, 10.0 * second), 0.1)
    assert stream.getvalue().splitlines()[-1].split("  ")[3] == "16 samples/s"


def test_a_terminal_gets_one_line_rewritten_at_most_ten_times_a_second(now, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    progress = Progress(1000, 8, stream)
    for step in range(1, 101):
        now["now"] += 0.01
        progress.step(Position(step=step), row(step, now["now"]), 0.1)
    assert stream.getvalue().count("step ") in (9, 10)
    assert stream.getvalue().count("\n") == 0
    assert max(len(line) for line in stream.getvalue().split("\r\x1b[K")) < 60
    progress.note("saved\x1b[2J")
    progress.close()
    assert stream.getvalue().endswith("\r\x1b[Ksaved\\x1b[2J\n")


def test_numbers_and_times():
    assert [number(v) for v in (0.123456, float("nan"), 12345.6)] == ["0.1235", "nan", "1.235e+04"]
    assert [clock(s) for s in (0.2, 59.4, 185, 7385)] == ["0 s", "59 s", "3:05", "2:03:05"]
