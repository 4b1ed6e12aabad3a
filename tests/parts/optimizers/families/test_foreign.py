"""Another package's class as a part: options, gate, weights for evaluation, state."""

import json

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from optcli.parts import UnknownPart, UnusablePart
from optcli.parts.optimizers import _direct
from optcli.parts.optimizers._families._foreign import Foreign, Package, found
from optcli.parts.origin import PartFailed
from optcli.parts.reference import _made_options
from optcli.train import tree


def built(part, **options):
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    group = {"params": [parameter], "name": "all", "weight_decay": options.get("weight_decay", 0.0), "lr_scale": 2.0}
    return parameter, part.build([{**group, "hidden": [False]}], part.Options(**options), "cpu")


def test_options_are_those_of_the_signature(package):
    part = Foreign(package, "Plain")
    names = [option.name for option in _made_options(part.Options)]
    assert names == ["lr", "betas", "weight_decay", "kind", "few", "shape", "flag", "bare", "named"]
    adapter = TypeAdapter(part.Options)
    for wrong in ({"momentum": 0.9}, {"kind": "c"}, {"lr": 0}, {"weight_decay": -1}, {"kwargs": 1}, {"flag": "yes?"}):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
    assert _made_options(part.Options)[0].doc == "Learning rate."
    assert part.__doc__.startswith("Goes downhill.")


def test_steps_are_the_packages_own_at_the_groups_rate(package):
    parameter, optimizer = built(Foreign(package, "Plain"), lr=0.1)
    step = _direct.stepper(optimizer)
    step(0.5, [torch.tensor([1.0, 1.0])])
    torch.testing.assert_close(parameter.detach(), torch.tensor([0.9, -2.1]))


def test_a_bad_step_is_left_out(package):
    parameter, optimizer = built(Foreign(package, "Plain"))
    optimizer.found_inf = torch.ones(())
    _direct.stepper(optimizer)(1.0, [torch.full((2,), torch.nan)])
    assert parameter.tolist() == [1.0, -2.0]
    assert not optimizer.state


def test_state_goes_through_a_checkpoint(package):
    (one, first), (two, second) = (built(Foreign(package, "Plain")) for _ in range(2))
    steps = _direct.stepper(first), _direct.stepper(second)
    grads = [torch.tensor([float(t), 1.0]) for t in range(5)]
    for t in range(3):
        steps[0](1.0, [grads[t]])
    node, tensors = tree.pack(first.state_dict())
    second.load_state_dict(tree.unpack(json.loads(json.dumps(node)), tensors))
    two.data.copy_(one.data)
    for t in (3, 4):
        for step in steps:
            step(1.0, [grads[t]])
    assert torch.equal(one, two)
    assert second.param_groups[0]["mode"] is first.param_groups[0]["mode"]
    assert len(second.state[two]["queue"]) == 2


def test_weights_for_evaluation_come_and_go_exactly(package):
    parameter, optimizer = built(Foreign(package, "Swap"))
    parameter.data.fill_(0.1)
    optimizer.eval_mode()
    optimizer.train_mode()
    assert parameter.tolist() == [pytest.approx(0.1)] * 2  # there is nothing to swap before the first step
    optimizer.state[parameter]["factor"] = 1.0
    before = parameter.detach().clone()
    for _ in range(2):
        optimizer.eval_mode()
    torch.testing.assert_close(parameter.detach(), 3 * before)
    optimizer.train_mode()
    assert torch.equal(parameter.detach(), before)
    optimizer.train_mode()
    assert torch.equal(parameter.detach(), before)


def test_a_step_that_raises_is_the_package_s_fault(package):
    parameter, optimizer = built(Foreign(package, "Plain"), lr=0.1)
    optimizer.state[parameter]["queue"] = None
    with pytest.raises(PartFailed, match="optimizer fake:plain failed in its step: AttributeError: 'NoneType'"):
        _direct.stepper(optimizer)(1.0, [torch.ones(2)])


def test_what_the_package_refuses_is_told(package):
    with pytest.raises(ValueError, match="Plain: b is not done"):
        built(Foreign(package, "Plain"), kind="b")


@pytest.mark.parametrize(
    ("name", "why"), [("Odd", "takes `model`, which a recipe can't say"), ("Rateless", "takes no learning rate `lr`")]
)
def test_what_a_recipe_can_not_use(package, name, why):
    with pytest.raises(UnusablePart, match=why):
        Foreign(package, name)


def test_names_are_those_of_the_classes_in_small_letters():
    package = Package("fake", "fake-optimizers", "fakeopt.optimizer")
    assert found(package, ["Plain", "Swap"], "swap") == "Swap"
    with pytest.raises(UnknownPart) as caught:
        found(package, ["Plain", "Swap"], "Swap")
    assert caught.value.known == ["fake:plain", "fake:swap"]


def test_a_missing_package_names_the_line_that_installs_it():
    with pytest.raises(UnusablePart, match="package absent-optimizers, which is not installed") as caught:
        Package("absent", "absent-optimizers", "absent_optimizers").listing()
    assert caught.value.help == "pip install 'optcli[absent]'"
