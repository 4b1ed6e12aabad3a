from dataclasses import replace
from pathlib import Path

import pytest

from optcli.diagnosis.diagnosis import Diagnosis
from optcli.run.curve import Note
from optcli.show import text
from optcli.show.report import Report
from optcli.show.screen import Screen

SCREENS = Path(__file__).parents[1] / "clinic" / "screens"


@pytest.mark.parametrize(
    ("name", "screen"),
    [
        ("diagnose-80.txt", Screen(terminal=True, width=80)),
        ("diagnose-120-ascii.txt", Screen(terminal=True, width=120, unicode=False)),
        ("diagnose-80-colour.txt", Screen(terminal=True, width=80, colour=True)),
        ("diagnose-pipe.txt", Screen()),
    ],
)
def test_screens(name: str, screen: Screen, sick: Report, healthy: Report, unreadable: Report) -> None:
    assert text.render([sick, healthy, unreadable], screen) == (SCREENS / name).read_text(encoding="utf-8")


def test_many_runs_are_a_table_with_the_worst_first(sick: Report, healthy: Report, unreadable: Report) -> None:
    screen = Screen(terminal=True)
    shown = text.render([healthy, sick, healthy, unreadable], screen).splitlines()
    assert shown[:6] == [
        "4 runs: 1 unreadable, 1 ill, 2 healthy",
        "",
        "unreadable runs/c  not a regular file",
        "ill        runs/a  NUM301 non-finite-loss",
        "healthy    runs/b  nothing to act on in 2,020 points",
        "healthy    runs/b  nothing to act on in 2,020 points",
    ]
    assert shown[7:9] == ["runs/a", "ill: non-finite loss in train/loss from step 901"]
    assert text.render([healthy] * 4, screen).splitlines()[-1] == "healthy    runs/b  nothing to act on in 2,020 points"


def test_a_row_of_the_table_never_breaks_a_word_and_never_cuts_a_name(sick: Report) -> None:
    more = [*sick.diagnosis.findings, replace(sick.diagnosis.findings[1], healed_at=None)]
    told = replace(sick.diagnosis, source="runs/" + "x" * 27, findings=tuple(more))

    def rows(width: int, told: Diagnosis = told) -> list[str]:
        return text.render([Report(told)] * 4, Screen(terminal=True, width=width)).splitlines()[2:-3]

    third = replace(more[-1], code="OPT102", name="diverged")
    assert rows(80, replace(told, findings=(*more, third)))[0].endswith("x  NUM301 non-finite-loss, 2 more")

    assert rows(100)[0].endswith("x  NUM301 non-finite-loss, OPT101 oscillating-loss")
    assert rows(80)[0].endswith("x  NUM301 non-finite-loss, OPT101")
    assert rows(48)[:3] == [
        f"ill        {told.source}",
        "             NUM301 non-finite-loss, OPT101",
        "             oscillating-loss",
    ]


def test_a_terminal_gets_no_line_wider_than_itself(sick: Report) -> None:
    for width in (40, 60, 80, 120):
        for unicode in (True, False):
            shown = text.render([sick], Screen(terminal=True, width=width, unicode=unicode))
            assert max(map(len, shown.splitlines())) <= width
            assert unicode or shown.isascii()


def test_the_next_command_trains_with_the_patch_where_the_recipe_is_known(sick: Report) -> None:
    known = Report(sick.diagnosis, sick.run, "runs/a b/recipe.yaml")
    assert [*text.next_commands(known)] == [
        ["optcli", "explain", "NUM301"],
        ["optcli", "train", "runs/a b/recipe.yaml", "optimizer.lr=0.0003"],
    ]
    assert [*text.next_commands(sick)] == [["optcli", "explain", "NUM301"]]
    assert text.render([known], Screen(terminal=True, width=60)).endswith(
        "\nnext  optcli explain NUM301\n      optcli train 'runs/a b/recipe.yaml' \\\n          optimizer.lr=0.0003\n"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_a_note_that_is_the_verdict_is_not_said_again(healthy: Report, terminal: bool) -> None:
    told = Diagnosis("runs/d", "csv", "unknown", 1, notes=(Note("RUN704", "too few to judge"),))
    assert text.render([Report(told, healthy.run)], Screen(terminal=terminal)).count("too few to judge") == 1
