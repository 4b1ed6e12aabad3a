from dataclasses import replace

from optcli.show import finding
from optcli.show.report import Report
from optcli.show.screen import Screen


def test_lines_of_a_whole_diagnosis(sick: Report) -> None:
    assert finding.lines(sick.diagnosis, "runs/a") == [
        "runs/a: ill: non-finite loss in train/loss from step 901",
        "runs/a:901: error NUM301 the loss is NaN at step 901 (100 % sure)",
        "runs/a:400: warning OPT101 the loss swings by 0.4 around its trend, 20 times its noise "
        "(93 % sure, gone by step 720)",
        "runs/a:400: info OPT107 nothing was gained after step 400 (70 % sure)",
        "runs/a: cause learning-rate-too-high (80 % sure; OPT101, NUM301)",
        "runs/a:   try optimizer.lr=0.0003 [likely]",
        "runs/a:   do train with a third of the rate",
        "runs/a:   expect the swings vanish within 100 steps",
        "runs/a:   refuted if the loss still swings at a tenth of the rate",
    ]


def test_without_a_source_lines_begin_with_the_step(sick: Report) -> None:
    assert finding.line(sick.diagnosis.findings[0]) == "step 901: error NUM301 the loss is NaN at step 901 (100 % sure)"
    assert finding.verdict(sick.diagnosis) == "ill: non-finite loss in train/loss from step 901"


def test_what_is_said_while_a_run_grows_fits_the_terminal(sick: Report) -> None:
    found = sick.diagnosis.findings[1]
    assert finding.told(found, Screen()) == [finding.line(found)]
    shown = finding.told(found, Screen(terminal=True, width=50, colour=True), "  ")
    assert shown[0] == "  step 400: \x1b[33mwarning\x1b[0m OPT101 the loss swings by 0.4"
    assert all(line.startswith("    ") for line in shown[1:])


def test_a_cause_without_a_change_says_what_to_do(sick: Report) -> None:
    (cause,) = sick.diagnosis.causes
    advised = replace(cause.prescription, patch=None, relative={}, safety="safe", expect="", refuted_if="")
    assert finding.prescription(replace(cause, prescription=advised)) == ["do train with a third of the rate [safe]"]


def test_lines_are_never_cut(sick: Report) -> None:
    assert all("…" not in line for line in finding.lines(sick.diagnosis, "r" * 4000))
