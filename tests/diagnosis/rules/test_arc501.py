"""Gradients that die away on their way to the input."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.layers import layer_norms
from optcli.run.curve import Curve, Run, read_only

N = 60
FLAT = 2.303 + 0.01 * np.random.default_rng(0).normal(size=N)
NOISE = 1 + 0.1 * np.random.default_rng(1).normal(size=N)


def norms(values, name="grad_norm/{}.weight"):
    return {name.format(i): value * NOISE for i, value in enumerate(values)}


def says(make, layers) -> bool:
    return "ARC501" in {f.code for f in engine.diagnose(make({"train/loss": FLAT, **layers})).findings}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0], True),
        ([1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5], False),  # explodes
        ([0.3, 0.4, 0.5, 0.7, 0.8, 1.0], False),
        ([1e-5, 1.0, 1.0, 1.0, 1.0, 1.0], False),  # a lone small one
        ([1e-9, 1.0], True),
        ([0.0, 1e-2, 0.1, 1.0], False),  # frozen or dead: another matter
        ([1.0], False),
    ],
)
def test_a_fall_over_the_layers(make, values, said) -> None:
    assert says(make, norms(values)) == said


NAMES = [
    "grad_norm/{}.weight",
    "grad_2.0_norm/layers.{}.weight",
    "train/grad_norm/{}.weight",
    "l2_norm/grad/block{}.w",
    "gradients/{}.weight",
    "grad_norm_{}",
]


@pytest.mark.parametrize("name", NAMES)
def test_layers_by_any_name(make, name) -> None:
    assert says(make, norms([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0], name))


def run_of(*names, **roles):
    return Run("x", "none", {n: Curve(n, read_only([0.0]), read_only([1.0])) for n in names}, roles=roles)


def test_layers_stand_in_the_order_of_their_numbers_and_not_of_the_alphabet() -> None:
    names = [f"grad_norm/{i}.weight" for i in (1, 10, 2, 0)]
    assert layer_norms(run_of(*names)) == tuple(f"grad_norm/{i}.weight" for i in (0, 1, 2, 10))
    assert layer_norms(run_of("grad_norm_last", "grad_norm_first")) == ("grad_norm_first", "grad_norm_last")
    kinds = [f"grad_norm/{name}" for name in ("conv1", "conv2", "fc1", "fc2")]
    assert layer_norms(run_of(*kinds)) == tuple(kinds)
    named = ["grad_norm/stem", "grad_norm/body", "grad_norm/head"]
    assert layer_norms(run_of(named[2], *named[:2])) == tuple(named)


def test_wholes_biases_and_normalizations_are_no_layers() -> None:
    others = ["grad_norm", "grad_norm/total", "grad_2.0_norm_total", "grad_norm/0.bias", "grad_norm/bn1.weight"]
    others += ["grad_norm/embed.weight", "grad_norm/wte"]
    assert layer_norms(run_of("grad_norm/0.weight", *others)) == ()
    kept = ("grad_norm/0.weight", "grad_norm/1.weight")
    assert layer_norms(run_of(*kept, *others)) == kept


@pytest.mark.parametrize(("whole", "said"), [(0.02, True), (1e-14, False), (None, False)])
def test_layers_that_both_get_nothing_of_the_whole_gradient(make, whole, said) -> None:
    """As the first and the last hidden one of a deep net whose head alone learns."""
    layers = {"grad_norm_first": 4e-16 * NOISE, "grad_norm_last": 5e-15 * NOISE}
    assert says(make, layers | ({} if whole is None else {"grad_norm": whole * NOISE})) is said
