"""torchao and bitsandbytes, where they are installed: quantized state goes through a checkpoint."""

import importlib.util
import json

import pytest
import torch

from optcli.parts import UnknownPart, UnusablePart, find
from optcli.parts.optimizers import _direct
from optcli.parts.optimizers._families import bnb, torchao
from optcli.parts.optimizers._families._store import storable
from optcli.train import tree

HERE = {
    name: importlib.util.find_spec(module) for name, module in {"torchao": "torchao", "bnb": "bitsandbytes"}.items()
}


class Quantized(torch.Tensor):
    """A tensor of which half precision is kept, as torchao's are made."""

    @staticmethod
    def __new__(cls, codes, factor):
        return torch.Tensor._make_wrapper_subclass(cls, codes.shape, dtype=torch.float32)

    def __init__(self, codes, factor):
        self.codes, self.factor = codes, factor

    def __tensor_flatten__(self):
        return ["codes"], [self.factor, torch.float32]

    @classmethod
    def __tensor_unflatten__(cls, parts, settings, *_):
        assert settings[1] is torch.float32
        return cls(parts["codes"], settings[0])

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        if function in (torch.ops.aten._to_copy.default, torch.ops.aten.detach.default):
            return cls(args[0].codes, args[0].factor)
        raise NotImplementedError(function)


def through_a_checkpoint(state):
    node, tensors = tree.pack(state)
    return tree.unpack(json.loads(json.dumps(node)), tensors)


def test_tensors_of_own_classes_are_stored_in_parts():
    made = []
    for _ in range(2):
        parameter = torch.nn.Parameter(torch.ones(3))
        optimizer = torch.optim.SGD([parameter], 0.1)
        storable(optimizer, {"Quantized": Quantized})
        made.append((parameter, optimizer))
    (one, first), (two, second) = made
    first.state[one]["mean"] = Quantized(torch.tensor([1, 2, 3], dtype=torch.uint8), 0.5)
    second.load_state_dict(through_a_checkpoint(first.state_dict()))
    loaded = second.state[two]["mean"]
    assert (type(loaded), loaded.factor, loaded.codes.tolist()) == (Quantized, 0.5, [1, 2, 3])


def trained(name, steps, state=None, weights=None):
    torch.manual_seed(0)
    parameter, part = (
        torch.nn.Parameter(torch.randn(64, 128) if weights is None else weights.clone()),
        find("optimizer", name),
    )
    group = {"params": [parameter], "name": "all", "weight_decay": 0.01, "lr_scale": 1.0, "hidden": [True]}
    optimizer = part.build([group], part.Options(), "cpu")
    if state is not None:
        optimizer.load_state_dict(through_a_checkpoint(state))
    step = _direct.stepper(optimizer)
    for t in steps:
        step(1 / (t + 1), [torch.randn(64, 128, generator=torch.Generator().manual_seed(t))])
    return parameter.detach(), optimizer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(HERE["torchao"] is None, reason="needs the extra `torchao`")
@pytest.mark.parametrize("name", ["adamw8bit", "adamw4bit", "adamwfp8"])
def test_torchao_resumes(name, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)  # the same arithmetic, without a compiler
    whole, _ = trained(f"torchao:{name}", range(5))
    half, first = trained(f"torchao:{name}", range(3))
    resumed, second = trained(f"torchao:{name}", range(3, 5), first.state_dict(), half)
    assert torch.equal(whole, resumed)
    (state,) = second.state.values()
    assert "OptimState" in type(state["exp_avg"]).__name__


@pytest.mark.skipif(HERE["torchao"] is None, reason="needs the extra `torchao`")
def test_torchao_lists_its_optimizers():
    assert {"adamw8bit", "adamw4bit", "adam8bit"} <= {*torchao.names()}
    with pytest.raises(UnknownPart):
        torchao.member("adamw2bit")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(HERE["bnb"] is None, reason="needs the extra `bnb`")
@pytest.mark.parametrize("name", ["adamw8bit", "lion8bit", "adamw"])
def test_bitsandbytes_resumes(name):
    whole, _ = trained(f"bnb:{name}", range(5))
    half, first = trained(f"bnb:{name}", range(3))
    resumed, second = trained(f"bnb:{name}", range(3, 5), first.state_dict(), half)
    assert torch.equal(whole, resumed)
    (state,) = second.state.values()
    assert state["state1"].dtype == (torch.uint8 if "8bit" in name else torch.float32)


@pytest.mark.skipif(HERE["bnb"] is None, reason="needs the extra `bnb`")
def test_pages_need_a_gpu():
    assert "pagedadamw8bit" in bnb.names()
    with pytest.raises(ValueError, match="PagedAdamW8bit pages a GPU's memory, and the device is the CPU"):
        trained("bnb:pagedadamw8bit", range(1))


@pytest.mark.parametrize("family", [bnb, torchao])
def test_a_missing_package_names_the_line_that_installs_it(family, monkeypatch):
    family.member.cache_clear()
    monkeypatch.setattr("optcli.parts.optimizers._families._source.folder", lambda name: None)
    for ask in (family.names, lambda: family.member("adamw8bit")):
        with pytest.raises(UnusablePart) as caught:
            ask()
        assert caught.value.help == f"pip install 'optcli[{family.PACKAGE.prefix}]'"
