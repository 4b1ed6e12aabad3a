from dataclasses import replace
from pathlib import Path

import pytest

from optcli.recipe.patch import Patch
from optcli.show.place import file_and_line
from optcli.show.report import Report

RECIPE = """\
name: x
data: {name: fashion, batch_size: 64}
optimizer:
  name: adam
  lr: 1e-3
regularizers:
  - dropout
  - {name: l1, strength: 1e-5}
"""


def placed(sick: Report, recipe: Path, path: str) -> tuple[str, int]:
    (cause,) = sick.diagnosis.causes
    patched = replace(cause, prescription=replace(cause.prescription, patch=Patch({path: 1})))
    told = replace(sick.diagnosis, causes=(patched,))
    return file_and_line(Report(told, sick.run, str(recipe)), told.findings[0])


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("optimizer.lr", 5),
        ("optimizer.weight_decay", 3),
        ("data.batch_size", 2),
        ("regularizers.dropout.rate", 7),
        ("regularizers.l1.strength", 8),
        ("regularizers.ema.decay", 6),
        ("schedule.warmup", 1),
        ("name.x", 1),
    ],
)
def test_the_line_of_what_the_patch_changes_or_of_what_is_around_it(
    sick: Report, tmp_path: Path, path: str, line: int
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    assert placed(sick, recipe, path) == (str(recipe), line)


@pytest.mark.parametrize("text", [b"a: [1", b"\xff\xfe", b"", b"- a\n- b\n", b"just text"])
def test_a_recipe_that_cannot_be_read_is_pointed_at_as_a_whole(sick: Report, tmp_path: Path, text: bytes) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_bytes(text)
    assert placed(sick, recipe, "optimizer.lr")[1] == 1
    recipe.unlink()
    assert placed(sick, recipe, "optimizer.lr")[1] == 1


def test_without_a_patch_or_a_recipe(sick: Report, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    tail = sick.diagnosis.findings[2]
    assert file_and_line(Report(sick.diagnosis, sick.run, str(recipe)), tail) == (str(recipe), 1)
    assert file_and_line(sick, sick.diagnosis.findings[0]) == ("runs/a", 1)
