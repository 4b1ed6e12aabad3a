import pytest

from optcli.show.report import Report, fails


@pytest.mark.parametrize(("level", "expected"), [("error", True), ("warning", True), ("info", True), ("never", False)])
def test_fails_at_the_level_or_above(level: str, expected: bool, sick: Report) -> None:
    assert fails([sick], level) is expected


def test_a_healed_finding_does_not_fail(sick: Report, healthy: Report) -> None:
    from dataclasses import replace

    warning, info = sick.diagnosis.findings[1:]
    healed = Report(replace(sick.diagnosis, findings=(warning, info)))
    assert not fails([healed, healthy], "warning")
    assert fails([healed], "info")


def test_rank_puts_the_worst_first(sick: Report, healthy: Report, unreadable: Report) -> None:
    ranked = sorted([healthy, sick, unreadable], key=lambda report: report.rank)
    assert [report.diagnosis.source for report in ranked] == ["runs/c", "runs/a", "runs/b"]


def test_a_curve_is_found_by_its_role_or_its_column(sick: Report, unreadable: Report) -> None:
    assert sick.run is not None
    assert sick.curve("train/loss") is sick.run.curves["train/loss"]
    assert sick.curve("nothing") is None
    assert unreadable.curve("train/loss") is None
