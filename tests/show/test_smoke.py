"""Smoke checks on the screen and in CI."""

import json
from xml.etree import ElementTree

import pytest

from optcli.show import smoke
from optcli.show.screen import Screen
from optcli.trial.smoke import SmokeReport
from optcli.trial.smoke.result import Result

GOOD = Result("pass", "all 4 parameters get one", name="gradients", seconds=0.1)
BAD = Result("fail", "loss 2.3 to 2.3", "look at the rate", {"last": 2.3}, "one_batch", 1.0)
LEFT_OUT = Result("skip", "no validation data", name="overlap")


def report(*results: Result) -> SmokeReport:
    return SmokeReport("r", "r.yaml", results, 2.0)


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ((GOOD, GOOD), "r.yaml: passed, 2 of 2 checks in 2 s"),
        ((GOOD, BAD), "r.yaml: failed, 1 of 2 checks in 2 s"),
        ((GOOD, LEFT_OUT), "r.yaml: passed, 1 of 1 checks in 2 s, 1 left out"),
    ],
)
def test_the_verdict_counts_what_was_checked(results: tuple[Result, ...], told: str) -> None:
    assert smoke.verdict(report(*results), Screen()) == told


def test_a_line_each_and_help_where_it_failed() -> None:
    assert smoke.line(GOOD, Screen()).split() == ["ok", "gradients", *GOOD.message.split(), "(0.1", "s)"]
    assert smoke.line(BAD, Screen()).splitlines()[1] == "       help: look at the rate"


def test_a_terminal_gets_no_word_broken_at_its_edge() -> None:
    told = Result("fail", "none of 360 validation samples is a training sample, or " * 2, "look " * 30, name="overlap")
    lines = smoke.line(told, Screen(terminal=True, width=60)).splitlines()
    assert len(lines) > 5
    assert all(len(line) <= 60 for line in lines)
    assert all(line.startswith(" " * 7) for line in lines[1:])
    assert len(smoke.line(told, Screen()).splitlines()) == 2
    verdict = smoke.verdict(report(GOOD), Screen(terminal=True, width=20)).splitlines()
    assert all(len(line) <= 20 for line in verdict)


def test_checks_are_called_as_only_takes_them() -> None:
    assert smoke.line(BAD, Screen()).split()[1] == "one-batch"
    assert smoke.github([report(GOOD, BAD)]).startswith("::error file=r.yaml,title=smoke%3A one-batch::loss 2.3 to 2.3")


def test_documents() -> None:
    told = json.loads(smoke.json([report(GOOD, BAD, LEFT_OUT)]))
    assert [check["status"] for check in told["recipes"][0]["checks"]] == ["pass", "fail", "skip"]
    suites = ElementTree.fromstring(smoke.junit([report(GOOD, BAD, LEFT_OUT)]))
    assert [suites.get(key) for key in ("tests", "failures", "skipped")] == ["3", "1", "1"]
