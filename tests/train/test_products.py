"""Linear layers by oneDNN: torch's own to rounding, wherever a layer may be called."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn.functional import linear
from torch.nn.utils import prune, spectral_norm

from optcli.parts.models._stack.net import Stack
from optcli.train import choices, footprint, products
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World

pytestmark = pytest.mark.skipif(not products.there(), reason="this torch has no oneDNN")

ON, WIDE = "train.onednn=true", "model.hidden=[24, 16]"


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(products, "LEAST", 1)


@pytest.fixture
def calls(monkeypatch):
    """The shapes of the inputs that oneDNN was given."""
    seen, times = [], products.times
    monkeypatch.setattr(products, "times", lambda x, *more: seen.append(tuple(x.shape)) or times(x, *more))
    return seen


def layer(bias: bool = True) -> products.Linear:
    torch.manual_seed(0)
    made = nn.Linear(12, 20, bias=bias)
    products.put(made)
    assert type(made) is products.Linear
    return made


def built(recipe, *changes, chosen=None):
    return build(recipe(*changes), World("cpu", recipe(*changes).train.precision), Signals(), chosen)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(7, 12), (3, 5, 12), (12,)])
def test_values_and_gradients_are_torchs_to_rounding(calls, shape, bias):
    made, x = layer(bias), torch.randn(shape, requires_grad=True)
    weights = [x, *made.parameters()]
    seen, want = made(x), linear(x, made.weight, made.bias)
    torch.testing.assert_close(seen, want)
    towards = torch.randn_like(want)
    found = torch.autograd.grad(seen, weights, towards)
    torch.testing.assert_close(found, torch.autograd.grad(want, weights, towards))
    assert [one.stride() for one in found] == [one.stride() for one in weights]
    assert len(calls) == (3 if len(shape) > 1 else 0)


def test_any_layout_of_inputs_and_gradients():
    made, x = layer(), torch.randn(12, 7).t().requires_grad_()
    torch.testing.assert_close(made(x), linear(x, made.weight, made.bias))
    seen = torch.autograd.grad(made(x).sum(), [x, *made.parameters()])  # its gradient is one number, spread out
    torch.testing.assert_close(
        seen, torch.autograd.grad(linear(x, made.weight, made.bias).sum(), [x, *made.parameters()])
    )


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_only_gradients_that_are_asked_for(calls, frozen):
    made = layer()
    getattr(made, frozen).requires_grad_(False)
    made(torch.randn(7, 12)).sum().backward()
    assert getattr(made, frozen).grad is None
    assert len(calls) == (1 if frozen == "weight" else 2)


def test_gradients_of_gradients():
    made, x = layer(), torch.randn(7, 12, requires_grad=True)

    def roughness(out):
        [slope] = torch.autograd.grad(out.square().sum(), x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), [x, made.weight, made.bias])

    torch.testing.assert_close(roughness(made(x)), roughness(linear(x, made.weight, made.bias)), rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.torch.jit.script")  # torch's own, at the first use of dual numbers
def test_what_else_follows_a_computation_gets_torchs_product(calls):
    made, x = layer(), torch.randn(7, 12)
    weights = dict(made.named_parameters())
    slopes = torch.func.grad(lambda w: torch.func.functional_call(made, w, (x,)).sum())(weights)
    torch.testing.assert_close(slopes["weight"], x.sum(0).expand(20, 12))
    with forward_ad.dual_level():
        moved = forward_ad.unpack_dual(made(forward_ad.make_dual(x, torch.ones_like(x)))).tangent
    torch.testing.assert_close(moved, made.weight.sum(1).expand(7, 20))
    with torch.autocast("cpu", torch.bfloat16):
        assert made(x).dtype == torch.bfloat16
    assert made.double()(x.double()).dtype == torch.float64
    assert calls == []


@pytest.mark.parametrize("x", [torch.zeros(7, 11), torch.zeros(7, 12, dtype=torch.long)], ids=["width", "kind"])
def test_what_does_not_fit_is_told_in_torchs_words(x):
    with pytest.raises(RuntimeError) as torchs:
        nn.Linear(12, 20)(x)
    with pytest.raises(RuntimeError) as ours:
        layer()(x)
    assert str(ours.value) == str(torchs.value)


def test_small_products_are_torchs_bit_for_bit(monkeypatch, calls):
    monkeypatch.setattr(products, "LEAST", 7 * 12 * 20 + 1)
    made, x = layer(), torch.randn(7, 12)
    assert torch.equal(made(x), linear(x, made.weight, made.bias))
    assert calls == []
    made(torch.randn(8, 12))
    assert calls == [(8, 12)]


def test_other_kinds_of_layers_stay():
    class Mine(nn.Linear):
        pass

    net = nn.Sequential(nn.Linear(2, 3), Mine(3, 4), nn.Conv1d(4, 4, 1))
    names, twin = list(net.state_dict()), copy.deepcopy(net)
    products.put(net)
    assert [type(one) for one in net] == [products.Linear, Mine, nn.Conv1d]
    assert list(net.state_dict()) == names
    assert type(twin[0]) is nn.Linear
    assert type(copy.deepcopy(net)[0]) is products.Linear


@pytest.mark.parametrize(
    "change", [lambda layer: prune.random_unstructured(layer, "weight", 0.5), spectral_norm], ids=["pruned", "normed"]
)
def test_weights_that_are_made_anew_for_each_pass(calls, change):
    made, x = layer(), torch.randn(7, 12)
    change(made)
    assert "weight" not in made._parameters
    out = made(x)
    torch.testing.assert_close(out, linear(x, made.weight, made.bias))
    assert torch.autograd.grad(out.sum(), made.weight_orig)[0].shape == (20, 12)
    assert calls


def test_rows_of_layers_and_hooks_on_them(calls):
    net, seen = Stack([("one", nn.Linear(12, 20)), ("two", nn.Linear(20, 3))]), []
    products.put(net)
    net(torch.randn(7, 12))
    assert len(calls) == 2
    net.one.register_forward_hook(lambda *_: seen.append(1))
    net(torch.randn(7, 12))
    assert seen == [1]


@pytest.mark.parametrize(
    ("slow", "changes", "want"),
    [
        (True, (), True),
        (False, (), False),
        (False, (ON,), True),
        (True, ("train.onednn=false",), False),
        (True, ("train.precision=bf16", ON), False),
        (True, ("train.precision=fp64",), False),
    ],
)
def test_where_it_is_chosen(recipe, monkeypatch, slow, changes, want):
    monkeypatch.setattr(products, "slow_blas", lambda: slow)
    made = built(recipe, *changes)
    assert made.info["onednn"] is want
    assert (type(made.objective.bare.head) is products.Linear) is want
    monkeypatch.setattr(products, "slow_blas", lambda: not slow)  # it goes on elsewhere
    assert built(recipe, *changes, chosen=made.info).info["onednn"] is want


def test_without_the_kernel_or_linear_layers_there_is_none(recipe, monkeypatch):
    monkeypatch.setattr(products, "slow_blas", lambda: True)
    world = World("cpu")
    assert not products.chosen(recipe(), world, nn.Sequential(nn.Conv1d(1, 1, 1)))
    monkeypatch.setattr(products, "there", lambda: False)
    assert not products.chosen(recipe(ON), world, nn.Linear(1, 1))
    net = nn.Linear(1, 1)
    assert choices.fit(recipe(), world, net, {"onednn": True})["onednn"] is True
    assert type(net) is nn.Linear


@pytest.mark.parametrize(
    ("maker", "mkl", "slow"),
    [("AuthenticAMD", True, True), ("GenuineIntel", True, False), ("AuthenticAMD", False, False)],
)
@pytest.mark.parametrize("linux", [True, False])
def test_slow_is_mkl_on_processors_of_others(monkeypatch, maker, mkl, slow, linux):
    def read(path):
        if not linux:
            raise FileNotFoundError
        return f"processor\t: 0\nvendor_id\t: {maker}\ncpu family\t: 25\n"

    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: mkl)
    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr(products.platform, "processor", lambda: f"AMD64 Family 25, {maker}")
    assert products.slow_blas.__wrapped__() is slow


def test_it_is_the_same_training_and_the_same_arithmetic(recipe, calls):
    weights, flops = [], []
    for on in ("false", "true"):
        made = built(recipe, WIDE, f"train.onednn={on}")
        for number, batches in made.batches.stream(0, 6):
            made.update(number, batches, 1.0)
        weights.append(list(made.objective.bare.parameters()))
        flops.append(footprint.arithmetic(made.objective, made.batches.at(0)[0]))
        assert bool(calls) is (on == "true")
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-5)
    assert flops[0] == flops[1]


@pytest.mark.parametrize("more", [(), ("train.optimizer_in_backward=true",), ("regularizers=[sam]",)])
def test_a_run_goes_on_exactly(run, journal, states, calls, tmp_path, more):
    changes = (WIDE, ON, *more)
    run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, stop=11)
    run(tmp_path / "parts", *changes, resume=True)
    assert calls
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_what_a_product_reaches_is_that_of_the_kernel_in_use(run, calls, tmp_path):
    took = run(tmp_path / "r", WIDE, ON).summary["resources"]
    assert (384, 384) in calls
    assert took["matmul_flops_per_s"] > 0
