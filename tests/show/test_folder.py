from pathlib import Path

import pytest

from optcli.show import folder
from optcli.show.report import Report


@pytest.fixture
def known(sick: Report, tmp_path: Path) -> Report:
    return Report(sick.diagnosis, sick.run, str(tmp_path / "recipe.yaml"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"steps": 1, "wall_s": 2.34567}', "1 step in 2.35 s"),
        ('{"best": {"metric": "a", "value": 0.98765, "step": 1000}}', "best a 0.9877 at step 1,000"),
        ('{"best": {"metric": "\\u001b[2Ja", "value": 1}}', "best \\x1b[2Ja 1 at step ?"),
        ('{"best": {"value": "x"}, "steps": "many"}', ""),
        ('{"steps": 100, "wall_s": 2, "status": "failed"}', ""),
        ("[1, 2]", ""), ("{", ""), ("", ""),
    ],
)  # fmt: skip
def test_summary(known: Report, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "summary.json").write_text(text)
    assert folder.summary(known) == told


def test_nothing_beside_the_log(sick: Report, known: Report) -> None:
    assert (folder.summary(sick), folder.recipe(sick)) == ("", "")
    assert (folder.summary(known), folder.recipe(known)) == ("", "")


def test_the_recipe_is_made_harmless_and_cut(known: Report, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("a: \x1b[2J\n" + "x" * 30_000)
    shown = folder.recipe(known)
    assert shown.startswith("a: \\x1b[2J\n")
    assert len(shown) < 21_000
