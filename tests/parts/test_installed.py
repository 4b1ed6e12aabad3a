"""Parts that an installed package adds by entry points: found by name, imported only when named."""

import json
import re
import subprocess
import sys
from textwrap import dedent

import pytest

from optcli import parts
from optcli.commands import parts as parts_command
from optcli.recipe import loads
from optcli.recipe.jsonschema import recipe_schema
from optcli.recipe.problem import BadRecipe
from optcli.train.session import train

PACKAGE = '''
"""Another package's parts."""
from dataclasses import dataclass
import numpy as np
import optcli
from optcli.units import STRICT, Count
TAKES = frozenset({"vector", "image"})

@dataclass(frozen=True)
class Options:
    """What a recipe may set."""
    __pydantic_config__ = STRICT
    width: Count = 3

def build(options, facts):
    import math
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(facts.shape), options.width), nn.ReLU(),
                         nn.Linear(options.width, facts.outputs))

@optcli.data(task="classification", name="somewhere_else")
def points(n: int = 40):
    """Points on a line."""
    x = np.arange(n)[:, None] / n
    return x, (x[:, 0] > 0.5).astype(int), x[::4], (x[::4, 0] > 0.5).astype(int)
'''
ENTRIES = """
[optcli.model]
theirs = their_package
broken = their_broken_package
[optcli.data]
points = their_package:points
"""


@pytest.fixture
def site(tmp_path):
    """A folder of packages, one of which has entry points."""
    info = tmp_path / "site" / "their_package-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    (info.parent / "their_package.py").write_text(PACKAGE)
    (info.parent / "their_broken_package.py").write_text("raise RuntimeError('no licence')\n")
    return info.parent


@pytest.fixture
def installed(site, monkeypatch):
    """The package is installed in this process."""
    monkeypatch.syspath_prepend(site)
    parts._installed.cache_clear()
    yield
    parts._installed.cache_clear()
    parts.forget()
    sys.modules.pop("their_package", None)


def test_nothing_is_imported_until_it_is_named(site):
    code = f"""
        import sys
        sys.path.insert(0, {str(site)!r})
        from optcli.parts import find, names
        assert {{"theirs", "broken", "mlp"}} <= set(names("model"))
        assert find("model", "mlp").__name__ == "optcli.parts.models.mlp"
        assert not {{"their_package", "their_broken_package"}} & set(sys.modules)
        assert find("model", "theirs").Options().width == 3
        """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_they_train_like_bundled_ones(installed, tmp_path, capsys):
    recipe = loads("data: {name: points, n: 80, batch_size: 8}\nmodel: {name: theirs, width: 5}\ntrain: {steps: 3}\n")
    assert recipe.facts.train == 80
    outcome = train(recipe, run_dir=tmp_path / "run", device="cpu")
    assert outcome.ending.status == "finished"
    assert "width: 5" in (tmp_path / "run" / "recipe.yaml").read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("model={name: theirs, width: 0}", "`model.width` must be a whole number of 1 or more, not 0"),
        ("model={name: theirs, depth: 2}", "unknown key `depth` in the model `theirs`"),
        ("model=theirz", "unknown model `theirz`"),
        ("model=broken", "the model `broken` can't be loaded: RuntimeError: no licence"),
    ],
)
def test_mistakes_are_problems(installed, change, told):
    with pytest.raises(BadRecipe, match=re.escape(told)):
        loads("data: points\n", overrides=[change])


def test_a_broken_one_is_in_nobody_s_way(installed):
    with pytest.raises(BadRecipe) as caught:
        loads("data: {name: points, batch_size: 8}\nmodel: cnn\n")
    assert caught.value.problems[0].help == "choose linear, mlp, tabular_transformer, theirs"
    assert parts.usable("model") == [name for name in parts.names("model") if name != "broken"]
    assert parts.doc("model", "broken") == "Can't be loaded: RuntimeError: no licence."
    shown = json.dumps(recipe_schema())
    assert '"title": "model theirs"' in shown
    assert '"title": "model broken"' not in shown


def test_they_are_listed_with_their_options(installed, capsys):
    parts_command.command("model", "theirs", imports=[])
    shown = capsys.readouterr().out
    assert "Another package's parts." in shown
    assert "width: int >= 1 (default 3)" in shown
