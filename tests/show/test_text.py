from pathlib import Path

import pytest

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
    assert text.render([healthy, sick, healthy, unreadable], Screen(terminal=True)).splitlines() == [
        "4 runs: 1 unreadable, 1 ill, 2 healthy",
        "",
        "unreadable runs/c  not a regular file",
        "ill        runs/a  NUM301 non-finite-loss",
        "healthy    runs/b  nothing to act on in 2,020 points",
        "healthy    runs/b  nothing to act on in 2,020 points",
        "",
        "next  optcli diagnose runs/a",
    ]


def test_a_terminal_gets_no_line_wider_than_itself(sick: Report) -> None:
    for width in (60, 80, 120):
        for unicode in (True, False):
            shown = text.render([sick], Screen(terminal=True, width=width, unicode=unicode))
            assert max(map(len, shown.splitlines())) <= width
            assert unicode or shown.isascii()


def test_the_next_command_trains_with_the_patch_where_the_recipe_is_known(sick: Report) -> None:
    known = Report(sick.diagnosis, sick.run, "runs/a b/recipe.yaml")
    assert [*text.next_commands(known)] == [
        "optcli explain NUM301",
        "optcli train 'runs/a b/recipe.yaml' optimizer.lr=0.0003",
    ]
    assert [*text.next_commands(sick)] == ["optcli explain NUM301"]
