"""The finished recipe: defaults, the way back to YAML, the hash, the planned rates."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from optcli import parts
from optcli.recipe import Chosen, Recipe, load, loads
from optcli.recipe.recipe import paths, value_at

FULL = """\
name: full
seed: 7
data: {name: toy, batch_size: 50, n: 600}
model: {name: mlp, hidden: [32, 16]}
loss: cross_entropy
metrics: [accuracy, perplexity]
optimizer: {name: adam, lr: 1e-3, betas: [0.8, 0.99], weight_decay: 0.1}
schedule: {name: cosine, warmup: 7.5%}
regularizers: [{name: dropout, rate: 0.2}, {name: l1, strength: 1e-5}, clip_norm]
train: {steps: 100, eval_every: 2.5 epochs, checkpoint_every: 30, target: {accuracy: 0.9}, precision: bf16, compile: on}
monitor: {error: stop, ignore: [OPT101, SYS601]}
tune: {optimizer.lr: {min: 1e-4, max: 1e-1, log: true}, "model.hidden": [[64], [32, 32]], schedule: [cosine, linear]}
"""


def test_the_shortest_recipe_gets_the_defaults() -> None:
    recipe = loads("data: toy\n", "some dir/my recipe.yaml")
    assert isinstance(recipe, Recipe)
    assert (recipe.name, recipe.seed, recipe.batch_size, recipe.train.epochs) == ("my_recipe", 0, 64, 5)
    chosen = [recipe.model, recipe.loss, recipe.metrics[0], recipe.optimizer, recipe.schedule]
    assert [c.name for c in chosen] == ["mlp", "cross_entropy", "accuracy", "adam", "constant"]
    assert isinstance(recipe.optimizer, Chosen)
    assert recipe.optimizer.options.lr == 1e-3
    assert recipe.regularizers == ()
    assert recipe.tune == {}


@pytest.mark.parametrize(
    ("data", "model", "loss", "metric"),
    [("toy_table", "mlp", "mse", "r2"), ("toy_text", "gpt", "cross_entropy", "bits_per_char")],
)
def test_defaults_follow_the_task(data: str, model: str, loss: str, metric: str) -> None:
    recipe = loads(f"data: {data}\n")
    assert [recipe.model.name, recipe.loss.name, recipe.metrics[0].name] == [model, loss, metric]
    assert loads(f"data: {data}\nmodel: {{name: {model}}}\nloss:\nmetrics:\n") == recipe


def test_a_part_may_be_left_unnamed() -> None:
    assert loads("data: toy\nmodel: {hidden: [9]}\n").model.options.hidden == (9,)
    assert loads("data: toy\noptimizer: {lr: 0.5}\n").optimizer.name == "adam"


def test_a_whole_number_may_be_written_as_a_float() -> None:
    recipe = loads("data: {name: toy, batch_size: 64.0}\ntrain: {epochs: 3.0}\nmodel: {hidden: [8.0, 4]}\nseed: 1e2\n")
    assert (recipe.batch_size, recipe.train.epochs, recipe.model.options.hidden, recipe.seed) == (64, 3, (8, 4), 100)
    assert all(type(v) is int for v in (recipe.batch_size, recipe.train.epochs, recipe.seed))


@pytest.mark.parametrize(
    "text", ["data: toy\n", FULL, "data: toy_table\nloss: huber\nmetrics: []\n", "data: toy_text\n"]
)
def test_to_yaml_loads_back_equal(text: str) -> None:
    recipe = loads(text)
    again = loads(recipe.to_yaml())
    assert again == recipe
    assert again.hash == recipe.hash
    assert again.to_yaml() == recipe.to_yaml()
    assert max(map(len, recipe.to_yaml().splitlines())) <= 120


@pytest.mark.parametrize("kind", ["optimizer", "schedule", "model", "loss", "regularizer", "metric"])
def test_every_part_goes_to_yaml_and_back(kind: str) -> None:
    for name in parts.names(kind):
        module = parts.find(kind, name)
        tokens = "tokens" in getattr(module, "TAKES", ()) or name == "bits_per_char"
        task = "toy_text" if tokens else "toy"
        tasks = getattr(module, "TASKS", {"classification"})
        only_tables = kind == "regularizer" and getattr(module, "TAKES", ()) == {"vector"}
        if only_tables or ("classification" not in tasks and "language" not in tasks):
            task = "toy_table"
        wrapped = {"regularizer": f"regularizers: [{{name: {name}, strength: 0.1}}]", "metric": f"metrics: [{name}]"}
        line = wrapped.get(kind, f"{kind}: {name}")
        if name == "sequence":
            line = "schedule: {name: sequence, stages: [{name: cosine, until: 3 epochs, scale: 2}, {name: constant}]}"
        if kind == "regularizer" and "strength" not in module.Options.__dataclass_fields__:
            line = f"regularizers: [{name}]"
        again = str(getattr(module, "RECONSTRUCTS", False)).lower()
        recipe = loads(f"data: {{name: {task}, reconstruct: {again}}}\n{line}\ntrain: {{epochs: 30}}\n")
        assert loads(recipe.to_yaml()) == recipe


def test_equal_recipes_have_equal_hashes_and_others_don_t() -> None:
    assert loads("data: toy\noptimizer: adam\n").hash == loads("# c\noptimizer: {lr: 0.001}\ndata: {name: toy}\n").hash
    assert loads("data: toy\nseed: 1\n").hash != loads("data: toy\n").hash
    assert len(loads("data: toy\n").hash) == 64


def test_every_value_has_a_path_and_an_origin() -> None:
    recipe = loads(FULL, "f.yaml", ["optimizer.eps=1e-6"])
    values = recipe.to_dict()
    assert list(recipe.origin) == list(paths(values))
    assert recipe.origin["optimizer.betas"] == "f.yaml:7"
    assert recipe.origin["optimizer.eps"] == "override"
    assert recipe.origin["regularizers.l1.strength"] == "f.yaml:9"
    assert recipe.origin["regularizers.clip_norm.name"] == "f.yaml:9"
    assert recipe.origin["train.keep"] == "default"
    assert value_at(values, "regularizers.l1.strength") == 1e-5
    json.dumps(values, allow_nan=False)


def test_planned_rates_are_the_schedule_s() -> None:
    rates = loads("data: toy\nschedule: {name: linear, warmup: 15}\n").rates()
    assert [step for step, _ in rates] == list(range(75))
    assert rates[14][1] < rates[15][1] == 1e-3
    assert all(a > b for (_, a), (_, b) in pairwise(rates[15:]))
    assert len(loads("data: toy\ntrain: {steps: 100000}\n").rates(50)) == 50
    assert loads("data: toy\ntrain: {steps: 1}\n").rates() == [(0, 1e-3)]


def test_a_bundled_data_set_needs_no_numpy() -> None:
    code = (
        "import sys\nfrom optcli.recipe import loads\nassert loads('data: digits\\n').plan().steps > 0\n"
        "print({'torch', 'numpy', 'tensorboard'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_recipe_itself_imports_neither_pydantic_nor_yaml() -> None:
    code = "import sys, optcli.recipe.patch, optcli.diagnosis.diagnosis\nprint({'pydantic', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_load_reads_what_loads_reads(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "full.yaml").write_text(FULL)
    assert load(tmp_path / "full.yaml") == load(str(tmp_path / "full.yaml")) == loads(FULL)
