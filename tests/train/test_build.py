"""From a recipe to the things that fit needs."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import optcli
from optcli.exits import Failure
from optcli.parts.origin import PartFailed
from optcli.train.build import build
from optcli.train.gate import ScalingGate
from optcli.train.signals import Signals
from optcli.train.world import World


def built(recipe, *changes, chosen=None):
    return build(recipe(*changes), World("cpu"), Signals(), chosen)


def test_equal_seeds_give_equal_weights_whatever_regularizes_them(recipe):
    one, two = built(recipe), built(recipe, "regularizers.l2.strength=0.1", "optimizer.weight_decay=0")
    other = built(recipe, "seed=4")
    weights = [next(iter(made.objective.bare.parameters())) for made in (one, two, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_state_names_everything_with_a_memory(recipe):
    made = built(recipe, "regularizers.early_stopping.patience=3", "schedule=plateau")
    names = ["model", "optimizer", "schedule", "batches", "regularizer.early_stopping", "randomness"]
    assert list(made.state) == names
    world = World("cpu", "fp16")
    assert isinstance(build(recipe("train.precision=fp16", "train.device=auto"), world, Signals()).gate, ScalingGate)


def test_parameters_are_called_by_their_names(recipe):
    made = built(recipe)
    assert sorted(made.names) == sorted(name for name, _ in made.objective.bare.named_parameters())


def test_what_was_chosen_once_is_used_again(recipe):
    chosen = {"threads": 1, "compile": False, "precision": "fp32", "earlier": True}
    assert built(recipe, "train.threads=2", chosen=chosen).info == chosen


def test_weights_that_are_no_numbers_are_refused(recipe):
    @optcli.model
    def broken(facts):
        net = nn.Linear(4, 3)
        nn.init.constant_(net.bias, float("nan"))
        return net

    with pytest.raises(Failure, match="`bias` is not finite before the first step"):
        built(recipe, "model=broken")


def test_errors_of_own_parts_name_their_line(recipe):
    @optcli.model
    def raising(facts):
        raise KeyError("oops")

    with pytest.raises(Failure, match=rf"test_build.py:{raising.__code__.co_firstlineno + 2}: model raising failed"):
        built(recipe, "model=raising")


def test_an_output_that_a_metric_can_not_read_is_the_model_s_fault(recipe):
    @optcli.model
    def wide(facts):
        return nn.Linear(4, 3)

    @optcli.data(task="regression")
    def line():
        x = torch.arange(256.0).view(64, 4)
        return x, x[:, 0], x[:8], x[:8, 0]

    optcli.loss(name="loose")(lambda output, target: (output - target).square().mean())
    made = built(recipe, "data.name=line", "model=wide", "loss=loose", "metrics=[rmse]")
    told = r"metric rmse failed on what the model gave, output \(8, 3\), target \(8, 1\)"
    with pytest.raises(PartFailed, match=told):
        made.try_out()


def test_an_output_that_is_no_tensor_is_too(recipe):
    @optcli.model
    def paired(facts):
        class Paired(nn.Linear):
            def forward(self, x):
                return {"logits": super().forward(x)}

        return Paired(4, 3)

    optcli.loss(name="inner")(lambda output, target: nn.functional.cross_entropy(output["logits"], target))
    made = built(recipe, "model=paired", "loss=inner")
    with pytest.raises(PartFailed, match=r"metric accuracy failed on what the model gave, output a dict and no tensor"):
        made.try_out()


def test_what_an_own_model_may_ask_of_the_facts_is_told(recipe):
    optcli.model(name="asks")(lambda facts: nn.Linear(4, facts.classes))
    with pytest.raises(Failure) as caught:
        built(recipe, "model=asks")
    assert caught.value.help.startswith("facts has task, train, val, shape, outputs")


def test_what_a_bundled_part_refuses_is_told_without_a_class_s_name(recipe):
    with pytest.raises(Failure) as caught:
        built(recipe, "regularizers.drop_path.rate=0.1")
    assert caught.value.message.startswith("regularizer drop_path: this model has no residual branches")


def test_a_model_without_parameters_is_refused(recipe):
    @optcli.model
    def empty(facts):
        return nn.Identity()

    with pytest.raises(Failure, match="no parameters"):
        built(recipe, "model=empty")


def test_processes_must_be_able_to_share_a_batch(recipe, monkeypatch):
    world = World("cpu")
    monkeypatch.setattr(world, "size", 3)
    with pytest.raises(Failure, match="can't be shared among 3 processes"):
        build(recipe(), world, Signals())


def test_neither_the_compiler_nor_tensorboard_is_loaded(tmp_path):
    code = (
        "import sys\nfrom optcli.recipe import load\nfrom optcli.train.session import train\n"
        "train(load('digits', ['train.epochs=1', 'train.device=cpu', 'schedule=constant']), run_dir=sys.argv[1])\n"
        "heavy = {'torch._dynamo', 'tensorboard', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "r")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_groups_and_freezing_come_from_the_recipe(recipe):
    changes = ("optimizer.groups={head: {lr_scale: 10, weight_decay: 0.5}}", "model.freeze=[linear0]")
    made = built(recipe, *changes)
    assert sorted(made.names) == ["head.bias", "head.weight"]
    for group in made.optimizer.param_groups:
        assert (group["initial_lr"], group["weight_decay"]) == (pytest.approx(0.1), 0.5)
    assert not made.objective.bare.linear0.weight.requires_grad


@pytest.mark.parametrize("change", ["optimizer.groups={tail: {lr_scale: 10}}", "model.freeze=[tail]"])
def test_patterns_that_match_nothing_are_told(recipe, change):
    with pytest.raises(Failure, match=r"optimizer.groups|model.freeze"):
        built(recipe, change)


def test_all_processes_take_what_the_first_one_chose(recipe, monkeypatch):
    world = World("cpu")
    monkeypatch.setattr(world, "tell", lambda said: {**said, "threads": 2})
    made = build(recipe(), world, Signals())
    assert (made.info["threads"], torch.get_num_threads()) == (2, 2)
    world.__exit__()


class Halving(nn.Module):
    """Halves its input, in place or not."""

    def __init__(self, in_place):
        super().__init__()
        self.layer, self.in_place = nn.Linear(4, 3), in_place

    def forward(self, x):
        x = x.div_(2) if self.in_place else x / 2
        return self.layer(x)


@pytest.mark.parametrize("more", [(), ("regularizers=[sam]",)], ids=["plain", "twice a step"])
def test_a_model_that_works_in_place_never_changes_the_data(recipe, run, journal, tmp_path, more):
    @optcli.model
    def halving(facts, in_place: bool = True):
        return Halving(in_place)

    def losses(yes):
        run(tmp_path / yes, "model=halving", f"model.in_place={yes}", "regularizers=[]", *more)
        return [(r.get("train/loss"), r.get("val/loss")) for r in journal(tmp_path / yes)]

    assert losses("true") == losses("false")
    assert built(recipe, "model=halving", "regularizers=[]").notes[0].startswith("the model changes its input in place")


def test_a_metric_that_works_in_place_is_refused(recipe):
    @optcli.metric(higher_is_better=True)
    def next_class(output, target):
        target += 1
        return (output.argmax(1) == target).double().mean()

    with pytest.raises(PartFailed, match=r"metric next_class.*it changes its arguments in place"):
        built(recipe, "metrics=[next_class]").try_out()
