"""Autoencoders, and data whose target is the input."""

import numpy as np
import pytest
import torch
from torch import nn

from optcli.parts import find
from optcli.parts.datasets import Splits
from optcli.parts.facts import Facts
from optcli.recipe import load, loads
from optcli.recipe.problem import BadRecipe
from optcli.train.build import build
from optcli.train.session import train
from optcli.train.signals import Signals
from optcli.train.world import World


def built(*shape, **options):
    part = find("model", "autoencoder")
    torch.manual_seed(0)
    return part.build(part.Options(**options), Facts("classification", 9, 9, shape, 3).reconstruction())


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 7, 5), (1, 1, 1), (5,), (2, 3)])
@pytest.mark.parametrize("options", [{}, {"widths": ()}, {"widths": (4, 5, 6), "norm": "batch"}])
def test_the_output_is_as_large_as_the_input(shape, options):
    model, x = built(*shape, code=2, **options), torch.randn(4, *shape)
    assert model.encoder(x).shape == (4, 2)
    assert model(x).shape == (4, x[0].numel())


def test_without_hidden_layers_it_finds_the_principal_axis():
    model = built(3, code=1, widths=())
    axis = torch.tensor([2.0, -1.0, 2.0]) / 3
    x = torch.randn(64, 1) * axis
    for _ in range(300):
        loss = (model(x) - x).square().mean()
        with torch.no_grad():
            for parameter, grad in zip(model.parameters(), torch.autograd.grad(loss, model.parameters()), strict=True):
                parameter -= 0.2 * grad
    assert (model(x) - x).square().mean() < 1e-3 * x.square().mean()
    assert abs(nn.functional.cosine_similarity(model.decoder.last.weight[:, 0], axis, 0)) > 0.99


def test_options_are_followed():
    model = built(1, 8, 8, widths=(4, 6), activation="tanh", norm="batch")
    assert [m.num_features for m in model.modules() if isinstance(m, nn.BatchNorm2d)] == [4, 6, 4]
    assert sum(isinstance(m, nn.Tanh) for m in model.modules()) == 4
    model.set_dropout(0.25)
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.25, 0.25]


def test_data_may_be_its_own_target():
    x, y = np.zeros((2, 3)), np.arange(2)
    again = Splits(x, y, x[:1], y[:1], ("a note",)).reconstruction()
    assert (again.train_y is x, again.val_y.shape, again.notes) == (True, (1, 3), ("a note",))
    facts = Facts("classification", 5, 4, (1, 8, 8), 10, names=("a",)).reconstruction()
    assert facts == Facts("regression", 5, 4, (1, 8, 8), 64)


class TestRecipes:
    def test_model_loss_and_metric_follow_from_the_data(self):
        recipe = loads("data: {name: digits, reconstruct: true}\n")
        assert (recipe.model.name, recipe.loss.name, recipe.metrics[0].name) == ("autoencoder", "mse", "r2")
        again = loads(recipe.to_yaml())
        assert (again, again.reconstruct, again.hash) == (recipe, True, recipe.hash)
        assert "reconstruct" not in loads("data: digits\n").to_yaml()

    @pytest.mark.parametrize(
        ("text", "told", "help"),
        [
            ("data: digits\nmodel: autoencoder\n", "gives its input back", "add `reconstruct: true`"),
            ("data: {name: shakespeare, reconstruct: true}\n", "tokens can't be reconstructed", "remove"),
            ("data: {name: digits, reconstruct: true}\nloss: cross_entropy\n", "is not for regression", "choose"),
            ("data: {name: digits, reconstruct: 1}\n", "must be true or false", ""),
        ],
    )
    def test_mistakes_are_problems(self, text, told, help):
        with pytest.raises(BadRecipe) as caught:
            loads(text)
        (problem,) = caught.value.problems
        assert told in problem.message
        assert help in problem.help

    def test_any_regression_model_may_reconstruct(self):
        recipe = loads("data: {name: digits, reconstruct: true}\nmodel: {name: mlp, hidden: [4]}\n")
        with World("cpu") as world:
            made = build(recipe, world, Signals())
            (x, y) = made.batches.at(0)[0]
            torch.testing.assert_close(x, y)
            assert made.objective.evaluate(x, y)[0].shape == (64, 64)

    def test_pictures_kept_as_bytes_are_targets_from_minus_one_to_one(self, tmp_path, capsys):
        np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (40, 4, 4), dtype=np.uint8))
        np.save(tmp_path / "y.npy", np.arange(40) % 2)
        text = f"""
data: {{name: arrays, file: '{tmp_path}/x.npy', target_file: '{tmp_path}/y.npy', reconstruct: true, batch_size: 8}}
model: {{name: autoencoder, widths: [2], code: 2}}
train: {{steps: 4, device: cpu}}
"""
        outcome = train(loads(text), run_dir=tmp_path / "run")
        assert outcome.summary["final"]["val/loss"] < 1.0

    def test_the_bundled_recipe_learns_from_noisy_inputs_to_give_clean_ones(self):
        recipe = load("autoencoder", ["data.n=200"])
        with World("cpu") as world:
            made = build(recipe, world, Signals())
            x, y = made.batches.at(0)[0]
            noisy, clean = made.regularizers["input_noise"].on_batch(x, y)
            assert not torch.equal(noisy, x)
            assert torch.equal(clean, y)
