"""Width transfer (muP): what was tuned at one width holds at others."""

import pytest
import torch
from torch import nn

from optcli.parts import find
from optcli.parts.facts import Facts
from optcli.parts.optimizers import _direct, _groups
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe

TABLE, TEXT = Facts("regression", 9, 9, (16,), 4), Facts("language", 9, 9, (12,), 30)
STEPS = 4


def built(name, width, **options):
    sizes = {"hidden": (width, width)} if name == "mlp" else {"width": width, "layers": 2, "heads": 4}
    part = find("model", name)
    torch.manual_seed(0)
    return part.build(part.Options(**sizes, **options), TABLE if name == "mlp" else TEXT)


def sizes(name, width, lr, **options):
    """Mean absolute value of what each watched layer gives, and of how far the output moved, after some Adam steps."""
    model, part = built(name, width, **options), find("optimizer", "adam")
    optimizer = part.build(_groups.groups(model, 0.0), part.Options(lr=lr), "cpu")
    step, drawn = _direct.stepper(optimizer), torch.Generator().manual_seed(1)
    x = torch.randn(32, 16, generator=drawn) if name == "mlp" else torch.randint(30, (8, 12), generator=drawn)
    y = torch.randn(32, 4, generator=drawn) if name == "mlp" else torch.randint(30, (8, 12), generator=drawn)
    start = model(x).detach()
    for _ in range(STEPS):
        out = model(x)
        loss = nn.functional.cross_entropy(out.flatten(0, 1), y.flatten()) if name == "gpt" else (out - y).abs().mean()
        step(1.0, list(torch.autograd.grad(loss, step.params)))
    seen = {}
    watched = ["linear1"] if name == "mlp" else ["blocks.1.up", "blocks.1.qkv"]
    for place in watched:
        model.get_submodule(place).register_forward_hook(lambda m, i, o, p=place: seen.update({p: o.abs().mean()}))
    seen["moved"] = (model(x) - start).abs().mean()
    return {key: value.item() for key, value in seen.items()}


@pytest.mark.parametrize(("name", "lr"), [("mlp", 0.01), ("gpt", 0.01)])
def test_coordinates_stay_level_over_widths(name, lr):
    """The coordinate check of arXiv 2203.03466, appendix D: level with muP, growing without it."""
    widest = 512 if name == "mlp" else 256
    narrow, wide = (sizes(name, width, lr, mup_base_width=32) for width in (32, widest))
    plain = sizes(name, widest, lr)
    for place, before in narrow.items():
        assert 0.5 < wide[place] / before < 2, (place, before, wide[place])
        assert place == "moved" or plain[place] / before > 3, (place, before, plain[place])


@pytest.mark.parametrize("name", ["mlp", "gpt"])
def test_at_the_base_width_nothing_changes(name):
    plain, scaled = built(name, 32), built(name, 32, mup_base_width=32)
    one, other = plain.state_dict(), scaled.state_dict()
    assert all(torch.equal(one[key], other[key]) for key in one)
    (a,), (b,) = _groups.groups(plain, 0.0), _groups.groups(scaled, 0.0)
    assert a["lr_scale"] == b["lr_scale"] == 1


def test_rates_of_hidden_matrices_shrink_with_the_width_and_rate_times_decay_stays():
    model = built("mlp", 64, mup_base_width=16)
    rates = {
        id(p): (g["lr_scale"], g["lr_scale"] * g["weight_decay"])
        for g in _groups.groups(model, 0.1)
        for p in g["params"]
    }
    found = {name: rates[id(p)] for name, p in model.named_parameters()}
    wanted = dict.fromkeys(("linear0.bias", "linear1.bias", "head.bias"), (1.0, 0.0))
    wanted |= {"linear0.weight": (1.0, 0.1), "linear1.weight": (0.25, 0.1), "head.weight": (0.25, 0.1)}
    assert found == wanted


def test_tied_and_untied_heads_shrink_the_logits():
    for tied in (True, False):
        model = built("gpt", 64, mup_base_width=16, tied=tied)
        assert model.shrink == 0.25
        assert "head.weight" not in model.lr_scales
        assert model.lr_scales["blocks.0.qkv.weight"] == 0.25
        assert model.blocks[0].scale == pytest.approx(4**0.5 / 16)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model: {name: mlp, mup_base_width: 32}\noptimizer: sgd\n", "scales rates as Adam needs it"),
        ("model: {name: mlp, mup_base_width: 32, hidden: []}\n", "no effect without hidden layers"),
        ("model: {name: mlp, mup_base_width: 0}\n", "must be a whole number of 1 or more"),
    ],
)
def test_mistakes_are_problems(text, told):
    with pytest.raises(BadRecipe) as caught:
        loads(f"data: digits\n{text}")
    assert told in caught.value.problems[0].message
