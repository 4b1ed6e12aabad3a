"""The bundled recipes: well formed, short, valid; a sample of the campaign in scripts/healthy.py."""

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from optcli.recipe import bundled, load

ROOT = Path(__file__).parents[1]
NAMES = bundled.names()
SICK = [name for name in NAMES if name.startswith("sick/")]
HEALTHY = [name for name in NAMES if name not in SICK]
MODELINE = "# yaml-language-server: $schema=recipe.schema.json"
EACH = pytest.mark.parametrize("name", NAMES)


@cache
def campaign():
    spec = importlib.util.spec_from_file_location("healthy", ROOT / "scripts" / "healthy.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["healthy"] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


def text(name):
    return bundled.path(name).read_text(encoding="utf-8")


def test_there_are_enough_of_both_kinds():
    assert {"first", "fashion", "digits", "diamonds", "shakespeare", "table"} <= set(HEALTHY)
    assert len(SICK) >= 8


@EACH
def test_is_short_and_its_header_says_what_it_shows(name):
    lines = text(name).splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 120
    if name in SICK:
        assert re.fullmatch(r"# expect: [A-Z]{3}\d{3}", lines.pop(0))
    assert lines[0] == MODELINE
    assert lines[1].startswith("# ")
    assert lines[1].endswith(".")
    assert not lines[2].startswith("#")


@EACH
def test_is_valid_and_named_after_its_file(name):
    recipe = load(name)
    assert recipe.name == Path(name).name
    assert recipe.plan()
    assert load(name, ["seed=1"]).seed == 1


@pytest.mark.parametrize("name", SICK)
def test_expects_a_code_that_there_is(name):
    from optcli.diagnosis import catalogue

    code = campaign().SICK.search(text(name))[1]
    assert code in catalogue.codes()


def test_every_family_of_loss_curve_has_a_sick_example():
    expected = {campaign().SICK.search(text(name))[1] for name in SICK}
    assert {"OPT101", "OPT102", "OPT103", "OPT104", "OPT105", "OPT106", "OPT107", "GEN201", "NUM301"} <= expected


@pytest.mark.parametrize("name", ["table", *SICK])
def test_campaign_sample(name, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    row = campaign().measure(name, 0, tmp_path)
    assert row.good, str(row)


@pytest.mark.campaign
@EACH
def test_campaign(name, tmp_path):
    rows = [campaign().measure(name, seed, tmp_path) for seed in range(5 if name in HEALTHY else 1)]
    assert all(row.good for row in rows), "\n".join(map(str, rows))
