"""What a step costs: neither the first epoch nor pauses count."""

import pytest

from optcli.train import meter as module
from optcli.train.meter import Meter


@pytest.fixture
def clock(monkeypatch):
    now = {"cpu": 0.0, "wall": 0.0}
    monkeypatch.setattr(module.time, "process_time", lambda: now["cpu"])
    monkeypatch.setattr(module.time, "perf_counter", lambda: now["wall"])
    return now


def test_it_counts_from_the_first_mark_after_the_skip(clock):
    meter = Meter(skip=10)
    for step in (4, 8, 12, 22):
        meter.mark(step)
        clock["cpu"] += 1.0 if step < 10 else 0.02
        clock["wall"] += 0.04
    meter.mark(32)
    assert meter.steps == 20
    assert meter.cpu_us == pytest.approx(0.04 / 20 * 1e6)
    assert meter.wall_us == pytest.approx(0.08 / 20 * 1e6)


def test_steps_taken_again_count_again(clock):
    meter = Meter(skip=0)
    for step, back in ((10, 0), (20, 15), (15, 0)):
        meter.mark(step)
        meter.back(back)
        clock["wall"] += 1.0
    assert meter.steps == 20
    assert meter.wall_us == pytest.approx(1e5)


def test_pauses_are_left_out(clock):
    meter = Meter(skip=0)
    meter.mark(0)
    clock["cpu"] += 1
    with meter.pause():
        clock["cpu"] += 50
        clock["wall"] += 50
    meter.mark(10)
    assert meter.cpu_us == pytest.approx(1e5)
    assert meter.wall_us == 0


def test_too_short_a_run_has_no_figure():
    meter = Meter(skip=5)
    meter.mark(3)
    assert (meter.steps, meter.cpu_us, meter.wall_us) == (0, None, None)
