import json
from dataclasses import replace

import numpy as np

from optcli.diagnosis.diagnosis import Diagnosis
from optcli.run.curve import Curve, Run, read_only
from optcli.show import panels
from optcli.show.report import Report


def many(sick: Report, count: int) -> Report:
    assert sick.run is not None
    step = read_only(np.arange(5.0))
    more = {f"extra{n}": Curve(f"extra{n}", step, step) for n in range(count)}
    return Report(sick.diagnosis, replace(sick.run, curves={**sick.run.curves, **more}))


def test_losses_share_a_panel_and_findings_come_first(sick: Report) -> None:
    first, rest, left_out = panels.of(sick)
    assert [panel.names for panel in first] == [["train/loss", "val/loss"]]
    assert [mark.label for mark in first[0].marks] == ["NUM301", "OPT101", "OPT107"]
    assert [panel.names for panel in rest] == [["lr"]]
    assert left_out == 0


def test_what_is_left_out_is_counted(sick: Report) -> None:
    first, rest, left_out = panels.of(many(sick, 30))
    assert len(first) + len(rest) == panels.MOST
    assert left_out == 31 - len(rest)


def test_a_healthy_run_shows_its_losses_first(healthy: Report, unreadable: Report) -> None:
    assert [panel.names for panel in panels.of(healthy)[0]] == [["train/loss", "val/loss"]]
    assert panels.of(unreadable) == ([], [], 0)


def test_a_run_without_losses_shows_nothing_first_and_no_axis_as_a_curve() -> None:
    step = read_only(np.arange(5.0))
    run = Run("a", "csv", {name: Curve(name, step, step) for name in ("epoch", "lr")})
    first, rest, left_out = panels.of(Report(Diagnosis("a", "csv", "unknown", 5), run))
    assert (first, [panel.names for panel in rest], left_out) == ([], [["lr"]], 0)


def test_curves_without_a_finite_value_have_no_panel(healthy: Report) -> None:
    nan = Curve("x", read_only([1, 2]), read_only([np.nan, np.inf]))
    assert panels.of(Report(healthy.diagnosis, Run("a", "csv", {"x": nan}))) == ([], [], 0)


def test_data_for_zooming(sick: Report) -> None:
    told = json.loads(panels.of(sick)[0][0].data())
    assert told["names"] == ["train/loss", "val/loss"]
    (steps, values), (val_steps, _) = told["tables"]
    assert steps == {"first": 1, "gap": 1}
    assert val_steps == {"first": 50, "gap": 50}
    assert len(values) == 1000
    assert values[900] is None
    assert told["bands"][0] == [901, 901, "error", "NUM301"]


def test_uneven_steps_are_told_one_by_one_and_long_curves_decimated(healthy: Report) -> None:
    step = np.cumsum(np.arange(1.0, 20_001))
    value = np.zeros(20_000)
    value[12_345] = 9.0
    run = Run("a", "csv", {"train/loss": Curve("loss", read_only(step), read_only(value))})
    (steps, values), *_ = json.loads(panels.of(Report(healthy.diagnosis, run))[0][0].data())["tables"]
    assert len(steps) == len(values) <= panels.POINTS
    assert max(values) == 9
