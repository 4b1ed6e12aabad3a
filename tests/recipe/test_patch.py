"""Patches: typed, applied to a recipe, and applied to its text with the same outcome."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.recipe import load, loads
from optcli.recipe.patch import Patch
from optcli.recipe.problem import BadRecipe

TEXT = """\
# a recipe
name: x   # its name
data: {name: toy, batch_size: 32}  # d
model:
  name: mlp
  # sizes
  hidden: [8, 8]   # two
optimizer:   # opt
  name: adam
  lr: 1e-3  # rate
  weight_decay: 0.1

regularizers:
  - dropout
  - name: l1     # sparse
    strength: 1e-4
train:
  epochs: 3 # e
# end
"""
COMPACT = "{data: toy, optimizer: {name: adam, lr: 1e-3, }, regularizers: [dropout, {name: l1, strength: 1.0}]}"
LAYOUTS = {
    "block": TEXT,
    "windows": TEXT.replace("\n", "\r\n"),
    "no last break": TEXT.rstrip("\n"),
    "flow": COMPACT,
    "short": "data: toy",
    "flow over lines": "data: toy\noptimizer: {\n  name: adam,  # a\n  lr: 1e-3  # b\n}\n",
    "anchors": "data: &d {name: toy}\noptimizer: &o {lr: 1e-3}\nmodel: {name: mlp, hidden: &h [8]}\n",
    "aliases": "data: toy\nmetrics: &m [accuracy]\nregularizers: &r\n- dropout\n- &l {name: l1, strength: 1.0}\n",
    "empty values": "data: toy\nregularizers:\noptimizer:\ntrain:\n  epochs: 2\n",
    "empty collections": "data: toy\nregularizers: []\noptimizer: {}\ntune: {}\ntrain: {epochs: 2}\n",
    "quoted keys": "'data': toy\n\"optimizer\": {'lr': 1e-3}\n",
    "dash on its own line": "data: toy\nregularizers:\n  -\n    name: l1\n    strength: 1.0\n  - dropout\n",
    "marks": "\ufeff--- # start\ndata: toy\noptimizer: sgd\n...\n",
    "folded": "data: toy\nname: >-\n  a\n\ntrain:\n  precision: |-\n    fp32\n\n\n",
}
CHANGES: dict[str, list[Any]] = {
    "optimizer": ["sgd", "adam", "rmsprop", {"name": "sgd", "lr": 0.5}, None],
    "optimizer.name": ["sgd", "adam"],
    "optimizer.lr": [3e-4, 0.01, 1, None],
    "optimizer.weight_decay": [0.2, None],
    "model": ["linear", {"name": "mlp", "hidden": [4]}, None],
    "model.hidden": [[64, 32], [1], None],
    "data.batch_size": [16, None],
    "data": ["toy", {"name": "toy", "n": 500}],
    "schedule": ["cosine", "constant", None],
    "schedule.warmup": ["5%", 3, None],
    "regularizers": [[], ["dropout"], [{"name": "l1", "strength": 0.5}], None],
    "regularizers.l1": [None, {"strength": 0.1}],
    "regularizers.l1.strength": [1e-5, 2],
    "regularizers.dropout": [None, {}, {"rate": 0.3}],
    "regularizers.dropout.rate": [0.25, None],
    "regularizers.clip_norm": [{}, None],
    "metrics.perplexity": [{}, None],
    "train.steps": [20, None],
    "train.epochs": [2, 9, None],
    "train.target": [0.9, {"accuracy": 0.8}, None],
    "train.target.accuracy": [0.7],
    "seed": [3, None],
    "name": ["y", "null", "1e3", None],
    "monitor.ignore": [["OPT101"], []],
    "tune.optimizer.lr": [[1e-3, 1e-2], {"min": 1e-4, "max": 1e-1, "log": True}, None],
}

changes = st.lists(
    st.sampled_from(sorted(CHANGES)).flatmap(lambda path: st.tuples(st.just(path), st.sampled_from(CHANGES[path]))),
    min_size=1,
    max_size=5,
    unique_by=lambda change: change[0],
)


def outcome(make: Any) -> Any:
    """The recipe, or that it is bad."""
    try:
        return make()
    except BadRecipe:
        return None


@pytest.mark.parametrize("layout", LAYOUTS)
@given(change=changes)
@settings(max_examples=30, deadline=None)
def test_text_and_recipe_agree(layout: str, change: list[tuple[str, Any]]) -> None:
    text, patch = LAYOUTS[layout], Patch(dict(change))
    applied = outcome(lambda: patch.apply(loads(text)))
    changed = outcome(lambda: patch.apply_text(text))
    if changed is not None:
        assert outcome(lambda: loads(changed)) == applied
    else:
        assert applied is None
    if changed is not None and applied is not None and layout == "windows":
        assert changed.count("\n") == changed.count("\r\n") or "name: x" not in changed


@pytest.mark.parametrize("path", sorted(CHANGES))
def test_comments_survive_every_single_change(path: str) -> None:
    for value in CHANGES[path]:
        new = Patch({path: value}).apply_text(TEXT)
        for comment in ("# a recipe", "# end", "# its name" if path != "name" else "# end", "# opt", "# d"):
            if comment != "# opt" or path != "optimizer":
                assert comment in new, (path, value, new)


def test_only_what_changes_is_in_the_diff() -> None:
    new = Patch.parse(["optimizer.lr=3e-4"]).apply_text(TEXT)
    assert Patch.diff(TEXT, new, "r.yaml").splitlines() == [
        "--- a/r.yaml", "+++ b/r.yaml", "@@ -7,7 +7,7 @@", "   hidden: [8, 8]   # two", " optimizer:   # opt",
        "   name: adam", "-  lr: 1e-3  # rate", "+  lr: 0.0003  # rate", "   weight_decay: 0.1", " ", " regularizers:",
    ]  # fmt: skip
    assert Patch.diff(TEXT, TEXT) == ""


def test_new_keys_stand_where_one_would_write_them() -> None:
    new = Patch({"optimizer.eps": 1e-6, "regularizers.l2.strength": 0.1, "schedule": "cosine"}).apply_text(TEXT)
    assert "  weight_decay: 0.1\n  eps: 1e-06\n\nregularizers:" in new
    assert "    strength: 1e-4\n  - {name: l2, strength: 0.1}\ntrain:" in new
    assert new.endswith("  epochs: 3 # e\nschedule: cosine\n# end\n")


def test_another_part_drops_the_options_of_the_old_one() -> None:
    recipe = loads(TEXT)
    for patch in (Patch({"optimizer": "sgd"}), Patch({"optimizer.name": "sgd"})):
        assert patch.apply(recipe).optimizer == loads("data: toy\noptimizer: sgd\n").optimizer
    assert Patch({"optimizer": "adam"}).apply(recipe) == recipe
    assert Patch({"data": "toy_table", "metrics": None}).apply(recipe).batch_size == 32


def test_values_are_yaml() -> None:
    patch = Patch.parse(["a.b=1e-3", "c=[1, x]", "d=null", "e='1'", "f=yes", "g={h: 0x10}", "i=a=b", " j = 3 "])
    assert dict(patch) == {
        "a.b": 0.001, "c": [1, "x"], "d": None, "e": "1", "f": "yes", "g": {"h": 16}, "i": "a=b", "j": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "column", "message"),
    [
        ("epochs", 1, "`epochs` is no override"),
        ("=3", 1, "no key before `=`"),
        ("a..b=3", 1, "an empty step"),
        ("optimizer.lr=", 13, "no value after `=`"),
        ("optimizer.lr=[1", 14, "a `[` is not closed"),
        ("optimizer.lr=1_000", 14, "`optimizer.lr` must be a number above 0"),
        ("optimizer.lrr=1", 1, "unknown key `lrr`"),
        ("regularizers.l1=3", 17, "`l1` needs a mapping of its options"),
        ("model=mpl", 7, "unknown model `mpl`"),
        ("optimizer.lr=!!int 3", 14, "tags such as"),
        ("seed=\udcff", 6, "a character that no text has"),
        ("seed=1\n---\n2", 8, "a second document"),
    ],
)
def test_a_bad_override_is_told_like_a_bad_line(argument: str, column: int, message: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        loads("data: toy\n", "r.yaml", ["seed=1", argument])
    (problem,) = caught.value.problems
    assert (problem.file, problem.column) == ("<override 2>", column) or "\n" in argument
    assert message in problem.message
    assert problem.snippet


def test_mistakes_of_the_file_and_of_overrides_come_together() -> None:
    with pytest.raises(BadRecipe) as caught:
        loads("data: toy\nsede: 1\n", "r.yaml", ["oops", "optimizer.lr=x"])
    assert [p.file for p in caught.value.problems] == ["r.yaml", "<override 1>"]


def test_a_patch_that_nobody_typed_shows_itself() -> None:
    with pytest.raises(BadRecipe) as caught:
        Patch({"optimizer.lr": -1.0}).apply(loads("data: toy\n"))
    assert caught.value.problems[0].snippet == "optimizer.lr=-1.0"


BASE = "data: {name: toy, batch_size: 32}\noptimizer: {name: sgd, momentum: 0.9}\nregularizers: [dropout, clip_norm]\n"


@pytest.mark.parametrize("own", ["", "optimizer: {lr: 0.1} # mine\n", "regularizers:\n- {name: l1, strength: 1.0}\n"])
@given(change=changes)
@settings(max_examples=15, deadline=None)
def test_text_and_recipe_agree_over_a_base(tmp_path_factory: Any, own: str, change: list[tuple[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "base.yaml").write_text(BASE)
    file = folder / "top.yaml"
    file.write_text(text := "extends: base.yaml\n" + own)
    patch = Patch(dict(change))
    applied = outcome(lambda: patch.apply(load(file)))
    changed = outcome(lambda: patch.apply_text(text, str(file)))
    assert outcome(lambda: loads(changed or "", str(file))) == applied


def test_removing_what_a_base_sets_says_so(tmp_path: Any) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    file = tmp_path / "top.yaml"
    file.write_text(text := "extends: base.yaml  # b\n")
    patch = Patch({"regularizers.dropout": None, "optimizer.momentum": None})
    new = patch.apply_text(text, str(file))
    assert new == "extends: base.yaml  # b\nregularizers: [{dropout: null}]\noptimizer: {momentum: null}\n"
    assert [r.name for r in loads(new, str(file)).regularizers] == ["clip_norm"]


def test_a_part_goes_before_its_options_wherever_it_was_typed() -> None:
    wanted = loads(TEXT, overrides=["optimizer=sgd", "optimizer.lr=0.5"])
    assert wanted.optimizer.name == "sgd"
    for other in (["optimizer.lr=0.5", "optimizer=sgd"], ["optimizer.lr=0.5", "optimizer.name=sgd"]):
        assert loads(TEXT, overrides=other) == wanted


def test_epochs_and_steps_typed_together_are_one_too_many() -> None:
    with pytest.raises(BadRecipe, match="both `epochs` and `steps` are given"):
        loads(TEXT, overrides=["train.steps=50", "train.epochs=3"])
    assert loads(TEXT, overrides=["train.steps=50", "train.epochs=null"]).train.steps == 50
