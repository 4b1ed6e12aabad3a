"""The view of what a recipe would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.recipe import load, loads
from optcli.show.dryrun import lines
from optcli.show.screen import Screen

RECIPE = "data: {name: digits, batch_size: 32}\nschedule: {name: cosine, warmup: 10%}\ntrain: {epochs: 3}\n"


def test_every_value_with_its_origin() -> None:
    recipe = loads(RECIPE, "r.yaml", ["optimizer.lr=3e-4"])
    rows = [line.split() for line in lines(recipe, Screen())]
    assert ["optimizer.lr", "0.0003", "override"] in rows
    assert ["data.batch_size", "32", "r.yaml:1"] in rows
    assert ["schedule.warmup", "10%", "r.yaml:2"] in rows
    assert ["train.keep", "3", "default"] in rows
    assert len([row for row in rows if row and row[0] in recipe.origin]) == len(recipe.origin)


def test_length_and_the_training_side_s_lines() -> None:
    text = "\n".join(lines(loads(RECIPE, "r.yaml"), Screen(), ["model   109,386 parameters"]))
    assert "run     132 steps of 32 samples: 3 epochs of 44" in text
    assert "29 samples of each epoch don't fill a step" in text
    assert text.index("samples of each epoch") < text.index("109,386 parameters") < text.index("rate ")


def test_nothing_is_wider_than_a_narrow_terminal() -> None:
    facts = lines(loads(RECIPE, "r.yaml"), Screen(terminal=True, width=40))
    told = facts[facts.index("") :]
    assert max(map(len, told)) <= 40
    assert any(line.startswith("rate    ") for line in told)


def test_the_rate_is_drawn_in_braille_or_ascii() -> None:
    recipe = loads(RECIPE, "r.yaml")
    assert any("\u2800" < char < "\u2900" for char in "".join(lines(recipe, Screen())))
    plain = "\n".join(lines(recipe, Screen(unicode=False, width=70)))
    assert plain.isascii()
    assert "0.001 |" in plain
    assert "132 steps" in plain


def test_a_constant_rate_needs_no_chart() -> None:
    shown = lines(loads("data: digits\n", "r.yaml"), Screen())
    assert shown[-1] == "rate    0.001 at the first step, 0.001 at most, 0.001 at the last"


def test_a_hostile_text_is_shown_harmless() -> None:
    shown = lines(loads('data: {name: digits}\ntune: {train.device: ["cpu"]}\n', "\x1b[2J.yaml"), Screen())
    assert "\x1b" not in "".join(shown)


def test_origins_are_told_as_one_would_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text(RECIPE)
    for given, told in ((tmp_path / "r.yaml", "r.yaml:1"), ("sick/collapsed", "sick/collapsed.yaml:4")):
        rows = [line.split() for line in lines(load(given), Screen())]
        assert told in [row[-1] for row in rows if row]


def test_tells_what_changes_along_with_the_rate() -> None:
    written = "schedule: {name: OneCycleLR, momentum: [0.85, 0.95], weight_decay: {start: 0, end: 1}}\n"
    recipe = loads(f"data: digits\noptimizer: {{weight_decay: 0.1}}\n{written}", "r.yaml")
    text = "\n".join(lines(recipe, Screen()))
    assert "        momentum from first to last step: 0.95, 0.8559, 0.8688, 0.9208, 0.95" in text
    assert "        weight decay from first to last step: 0, 0.2455, 0.4909, " in text


def test_tells_our_name_of_a_schedule_and_the_one_written() -> None:
    recipe = loads("data: digits\nschedule: CosineAnnealingLR\n", "r.yaml")
    rows = [" ".join(line.split()) for line in lines(recipe, Screen())]
    assert "schedule.name cosine r.yaml:2, as `CosineAnnealingLR`" in rows
