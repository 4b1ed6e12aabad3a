"""Named layers in a row: plain ones are computed without a call, unless somebody waits for it."""

import pytest
import torch
from torch import nn

from optcli.parts.models.mlp.net import mlp


@pytest.mark.parametrize("hook", ["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"])
def test_a_layer_that_somebody_hooks_into_is_called(hook):
    """Plain layers are otherwise computed without a call."""
    model, seen = mlp((1, 2, 3), 10, (5, 4), "relu", "none"), []
    handles = [getattr(layer, hook)(lambda layer, *_: seen.append(layer)) for layer in model]
    x = torch.randn(2, 1, 2, 3, requires_grad=True)
    hooked = model(x)
    hooked.sum().backward()
    assert set(seen) == set(model)
    for handle in handles:
        handle.remove()
    seen.clear()
    assert torch.equal(model(x), hooked)
    assert not seen


def test_a_hook_on_all_modules_sees_the_layers():
    model, seen = mlp((6,), 10, (5,), "relu", "none"), []
    handle = nn.modules.module.register_module_forward_hook(lambda layer, *_: seen.append(layer))
    try:
        model(torch.randn(2, 6))
    finally:
        handle.remove()
    assert seen == [*model, model]


def test_a_layer_that_was_replaced_is_taken_as_it_is():
    model = mlp((6,), 10, (5,), "relu", "none")
    torch.nn.utils.parametrizations.weight_norm(model.linear0)
    x = torch.randn(2, 6)
    assert torch.equal(model(x), nn.Sequential.forward(model, x))
