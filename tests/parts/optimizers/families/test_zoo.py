"""Every optimizer of pytorch-optimizer that can be used: it trains, and goes on exactly from a checkpoint."""

import json
import warnings

import numpy as np
import pytest
import torch

from optcli.parts import UnusablePart, advice, find
from optcli.parts.optimizers import _direct, _groups
from optcli.parts.optimizers._families import zoo
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.train import tree

pytest.importorskip("pytorch_optimizer", reason="needs the extra `zoo`")
NEEDED = {"a2grad": {"lr": 1e-2}, "ranger21": {"num_iterations": 100}, "sara": {"lr": 1e-2}}
"""Values for options without a default."""
STILL = {"adashift", "radam", "ranger21"}
"""Those that only look on in their first steps, or take steps too small to be seen."""


class Training:
    def __init__(self, name, **more):
        part = find("optimizer", f"zoo:{name}")
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.LayerNorm(4), torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        )
        groups = _groups.groups(self.model, 0.01)
        self.optimizer = part.build(groups, part.Options(**NEEDED.get(name, {}), **more), "cpu")
        self.step = _direct.stepper(self.optimizer)

    def run(self, steps):
        for t in steps:
            torch.manual_seed(t)
            np.random.seed(t)
            x = torch.randn(16, 5)
            loss = (self.model(x) - x[:, :2].square()).square().mean()
            self.step(1 / (t + 1), list(torch.autograd.grad(loss, self.step.params)))
        return self

    def weights(self):
        return [p.detach().clone() for p in self.step.params]


PROJECTED = [
    (name, {"rank": 2, "update_proj_gap": 3, "projection_type": side})
    for name, side in (("galore", "full"), ("galore", "std"), ("fira", "left"), ("apollo", "std"))
]


@pytest.mark.parametrize(("name", "more"), [*((name, {}) for name in zoo.names()), *PROJECTED])
def test_it_trains_and_resumes(name, more):
    whole, first, second = (Training(name, **more) for _ in range(3))
    start = whole.weights()
    whole.run(range(5))
    first.run(range(3))
    node, tensors = tree.pack(first.optimizer.state_dict())
    second.model.load_state_dict(first.model.state_dict())
    second.optimizer.load_state_dict(tree.unpack(json.loads(json.dumps(node)), tensors))
    second.run(range(3, 5))
    assert all(torch.equal(a, b) for a, b in zip(whole.weights(), second.weights(), strict=True))
    assert name in STILL or not all(torch.equal(a, b) for a, b in zip(whole.weights(), start, strict=True))
    assert all(w.isfinite().all() for w in whole.weights())


@pytest.mark.parametrize("name", zoo.REFUSED)
def test_what_can_not_be_used_says_why(name):
    with pytest.raises(UnusablePart, match=f"`zoo:{name}` can't be used in recipes: ."):
        zoo.member(name)


def test_the_gradients_of_hidden_matrices_are_projected():
    done = Training("galore", rank=2).run(range(2))
    moments = [done.optimizer.state[p]["exp_avg"].shape for p in done.step.params if p.ndim == 2]
    assert sorted(map(tuple, moments)) == [(2, 4), (2, 5), (4, 2)]  # that of the head, 2 x 4, is whole


@pytest.mark.parametrize("name", ["muon", "adamuon", "normuon", "adago"])
def test_what_is_no_hidden_matrix_has_the_rate_and_decay_of_adamw(name):
    made = Training(name, lr=0.02, adamw_lr=0.003, adamw_wd=0.5, weight_decay=0.1)
    hidden, rest = ([g for g in made.optimizer.param_groups if g["use_muon"] is wanted] for wanted in (True, False))
    assert {g["lr"] for g in hidden} == {0.02}
    assert [g["lr"] for g in rest] == pytest.approx([0.003] * len(rest))
    assert {g["weight_decay"] for g in hidden} <= {0.01, 0.1}
    assert len(rest) > 0


def test_every_class_is_used_or_refused():
    import pytorch_optimizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        listed = set(pytorch_optimizer.get_supported_optimizers())
    assert {*zoo.names(), *zoo.REFUSED, *zoo.TORCHS} == listed


@pytest.mark.parametrize("name", zoo.TORCHS)
def test_torchs_own_are_named_without_the_prefix(name):
    with pytest.raises(UnusablePart, match="is torch's own") as caught:
        zoo.member(name)
    assert caught.value.help == f"write `{name}`"


@pytest.mark.parametrize(
    ("optimizer", "message", "help"),
    [
        ("{name: zoo:lion, lrr: 1}", "unknown key `lrr` in the optimizer `zoo:lion`", "did you mean `lr`?"),
        ("{name: zoo:lion, lr: fast}", "`optimizer.lr` must be a number above 0, not the text \"fast\"", ""),
        ("{name: zoo:lion, betas: [0.9]}", "`optimizer.betas` must be a list of 2", ""),
        ("zoo:lyon", "unknown optimizer `zoo:lyon`", "did you mean `zoo:lion`?"),
        ("zoo:lomo", "`zoo:lomo` can't be used in recipes: it hooks into the model's backward pass", ""),
        ("zoo:ranger21", "`optimizer.num_iterations` is missing", "add `num_iterations`: a whole number"),
        ("{name: zoo:dadaptadam, groups: {head: {lr: 1, lr_scale: 2}}}", "both `lr` and `lr_scale`", "keep one"),
    ],
)  # fmt: skip
def test_mistakes_are_told(optimizer, message, help):
    with pytest.raises(BadRecipe) as caught:
        loads(f"data: digits\noptimizer: {optimizer}\n")
    (problem,) = caught.value.problems
    assert message in problem.message
    assert help in problem.help


def test_a_recipe_round_trips():
    recipe = loads("data: digits\noptimizer: {name: zoo:ademamix, alpha: 4, betas: [0.9, 0.99, 0.9999]}\n")
    assert loads(recipe.to_yaml()) == recipe
    assert recipe.optimizer.options.alpha == 4


def test_the_missing_package_is_a_mistake_in_the_recipe(monkeypatch):
    zoo.member.cache_clear()
    monkeypatch.setattr("optcli.parts.optimizers._families._source.folder", lambda name: None)
    with pytest.raises(BadRecipe) as caught:
        loads("data: digits\noptimizer: zoo:lion\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.help) == (2, "pip install 'optcli[zoo]'")


def test_a_name_without_its_family_is_told_how_to_write_it():
    assert "`zoo:lamb`" in advice("optimizer", "Lamb")  # and `bnb:lamb` where bitsandbytes is installed too
    assert advice("optimizer", "AdEMAMix").count(":ademamix`") >= 1
    assert not advice("optimizer", "nothing")
