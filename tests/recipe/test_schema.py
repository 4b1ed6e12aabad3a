"""Whatever is written, a recipe loads or is refused with places; and nothing in it is ever executed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.recipe import loads
from optcli.recipe.patch import Patch
from optcli.recipe.problem import BadRecipe, Problem
from optcli.recipe.scalars import write

SEED = """\
name: full
seed: 7
data: {name: toy, batch_size: 50, n: 600}
model: {name: mlp, hidden: [32, 16]}
loss: cross_entropy
metrics: [accuracy, perplexity]
optimizer: &o {name: adam, lr: 1e-3, betas: [0.8, 0.99], weight_decay: 0.1}
schedule:
  name: cosine
  warmup: 7.5%
regularizers:
- {name: dropout, rate: 0.2}
- l1: null
train: {steps: 100, eval_every: 2.5 epochs, target: {accuracy: 0.9}, precision: bf16}
monitor: {error: stop, ignore: [OPT101]}
tune: {optimizer.lr: {min: 1e-4, max: 1e-1, log: true}, "model.hidden": [[64], [32, 32]]}
"""
PIECES = [
    "",
    "null",
    "*o",
    "{}",
    "[]",
    "-1",
    "'",
    ": ",
    "\n",
    "name: x",
    "true",
    "[l1, l1]",
    "1e9",
    "{name: 3}",
    "é",
    "&a ",
    "~",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-9, 10**12)
    | st.floats()
    | st.sampled_from(["adam", "toy", "l1", "", "5%", "name"])
)
keys = st.sampled_from(["name", "lr", "l1", "min", "x"])
json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
SECTIONS = ["data", "model", "metrics", "optimizer", "schedule", "regularizers", "train", "monitor", "tune", "x"]
OPTIONS = [
    "name",
    "n",
    "hidden",
    "lr",
    "betas",
    "warmup",
    "l1",
    "l1.strength",
    "l1.name",
    "target",
    "target.x",
    "steps",
]
PATHS = ["name", "seed", "loss", "extends", *SECTIONS, *(f"{s}.{o}" for s in SECTIONS for o in OPTIONS)]


def places(make: Any) -> None:
    """It goes well, or is refused with places."""
    problems: tuple[Problem, ...] | None = None
    try:
        make()
    except BadRecipe as error:
        problems = error.problems
    assert problems is None or problems
    assert all(p.message and p.line >= 1 and p.column >= 1 for p in problems or ())


@given(st.integers(0, len(SEED)), st.integers(0, 12), st.sampled_from(PIECES))
@settings(max_examples=200, deadline=None)
def test_a_damaged_recipe_loads_or_is_refused(at: int, cut: int, piece: str) -> None:
    places(lambda: loads(SEED[:at] + piece + SEED[at + cut :], "r.yaml"))


@given(st.dictionaries(st.sampled_from(PATHS), json, min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_value_anywhere_loads_or_is_refused(changes: dict[str, Any]) -> None:
    base = loads("data: toy\nregularizers: [dropout]\n")
    places(lambda: Patch(changes).apply(base))
    places(lambda: loads("data: toy\n", "r.yaml", [f"{path}={write(value)}" for path, value in changes.items()]))


EXPLOITS = [
    "loss: !!python/object/apply:os.system [touch x]", "loss: !!python/name:os.system", "loss: !<tag:x> y",
    "optimizer: {_target_: os.system}", "optimizer: {class_path: os.system, init_args: {command: id}}",
    "optimizer: os.system", "model: torch.nn.Linear", "model: ../../etc/passwd", "loss: __import__('os').system('id')",
    "name: ${oc.env:HOME}", "name: '{0.__class__}'", "optimizer: _direct", "optimizer: __init__", "schedule: '%s%n'",
    "extends: /dev/zero", "extends: /etc/passwd", "extends: http://example.org/x.yaml",
    "data: {name: csv, file: /dev/null}",
    "optimizer: {name: adam, __class__: x}", "regularizers: [{name: l1, strength: {__reduce__: [os.system, id]}}]",
]  # fmt: skip


WATCHED = """
import sys
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe

loads("data: digits\\noptimizer: sgd\\n")
bad, refused = [], 0
FORBIDDEN = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "socket.connect",
             "socket.getaddrinfo", "pickle.find_class"}

def hook(event, args):
    if event in FORBIDDEN or (event == "open" and set(str(args[1])) & set("wax+")):
        bad.append((event, args))

sys.addaudithook(hook)
for text in EXPLOITS:
    try:
        loads(text if text.startswith("data") else "data: digits\\n" + text)
    except BadRecipe:
        refused += 1
print(refused, bad)
"""


def test_nothing_in_a_recipe_is_executed() -> None:
    code = f"EXPLOITS = {EXPLOITS!r}\n{WATCHED}"
    # No bytecode: writing it would be an honest write.
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() == f"{len(EXPLOITS)} []"


def test_only_the_first_hundred_unknown_keys_are_told() -> None:
    with pytest.raises(BadRecipe) as caught:
        loads("data: toy\ntrain: {" + ", ".join(f"k{i}: 1" for i in range(900)) + "}", "r.yaml")
    assert len(caught.value.problems) == 100
