"""What a slot may hold beside its part's own options: groups of parameters, rates by layer, frozen parts."""

import pytest

from optcli.recipe import loads
from optcli.recipe.patch import Patch
from optcli.recipe.problem import BadRecipe

TEXT = """data: digits
model: {name: mlp, freeze: [linear0]}
optimizer: {name: adamw, layer_decay: 0.9, groups: {head: {lr_scale: 10}, "*.bias": {weight_decay: 0}}}
"""


def test_is_read_and_written_back():
    recipe = loads(TEXT)
    assert (recipe.freeze, recipe.layer_decay) == (("linear0",), 0.9)
    assert {name: (g.lr_scale, g.weight_decay) for name, g in recipe.groups.items()} == {
        "head": (10.0, None), "*.bias": (1.0, 0.0),
    }  # fmt: skip
    assert loads(recipe.to_yaml()) == recipe
    assert recipe.origin["optimizer.groups"] == "<recipe>:3"


def test_is_kept_when_the_part_changes():
    recipe = Patch({"optimizer.name": "sgd", "model.name": "linear"}).apply(loads(TEXT))
    assert (recipe.layer_decay, list(recipe.groups), recipe.freeze) == (0.9, ["head", "*.bias"], ("linear0",))
    assert recipe.optimizer.name == "sgd"


def test_is_nothing_by_default():
    recipe = loads("data: digits")
    assert (recipe.groups, recipe.layer_decay, recipe.freeze) == ({}, 1.0, ())
    assert "groups" not in recipe.to_yaml()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optimizer.groups={head: {lr_scale: 0}}", "`optimizer.groups.head.lr_scale` must be a number above 0, not 0"),
        ("optimizer.groups={head: {rate: 2}}", "unknown key `rate` in `optimizer.groups.head`"),
        ("optimizer.groups.head.lr_scal=2", "unknown key `lr_scal` in `optimizer.groups.head`"),
        ("optimizer.groups={head: {lr: 0}}", "`optimizer.groups.head.lr` must be a number above 0, not 0"),
        (
            "optimizer.groups={head: {lr: 1e-3, lr_scale: 2}}",
            "both `lr` and `lr_scale` set the rate of these parameters",
        ),
        ("optimizer.layer_decay=2", "`optimizer.layer_decay` must be a number above 0 to 1, not 2"),
        ("model.freeze=3", "`model.freeze` must be a list, each a text, not 3"),
    ],
)
def test_mistakes_are_told(change, message):
    with pytest.raises(BadRecipe) as caught:
        loads(TEXT, overrides=[change])
    assert [p.message for p in caught.value.problems] == [message]


def test_a_group_is_changed_by_its_path():
    assert loads(TEXT, overrides=["optimizer.groups.head.lr_scale=3"]).groups["head"].lr_scale == 3.0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("regularizers=[{name: dropout, rate: 0.1}]", "regularizers.dropout"),
        ("regularizers=[l1]", "regularizers.l1"),
        ("regularizers=[clip_norm]", "regularizers.clip_norm"),
        ("regularizers=[sam]", "regularizers.sam"),
        ("train.precision=bf16", "train.precision"),
        ("optimizer.layer_decay=0.5", "optimizer.layer_decay"),
        ("optimizer.groups={head: {lr: 0.1}}", "optimizer.groups"),
    ],
)
def test_a_line_search_needs_the_same_loss_each_time(change, path):
    text = "data: digits\noptimizer: lbfgs\n"
    with pytest.raises(BadRecipe) as caught:
        loads(text, overrides=[change])
    assert [p.path for p in caught.value.problems] == [path]
    loads(text, overrides=["regularizers=[l2, ema, label_smoothing]", "train.accumulate=4"])
    loads(text, overrides=["optimizer.groups={head: {weight_decay: 0.1}}"])
