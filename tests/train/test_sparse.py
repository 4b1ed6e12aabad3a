"""Sparse gradients through the whole of training."""

import pytest
import torch
from torch import nn

import optcli
from optcli.exits import Failure
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.sparse import values
from optcli.train.world import World


@pytest.fixture
def bags(recipe):
    """The recipe with an own model that looks rows up by the sign of each input."""

    @optcli.model
    def bags(facts, sparse: bool = True):
        class Bags(nn.Module):
            def __init__(self):
                super().__init__()
                self.table, self.head = nn.Embedding(8, 6, sparse=sparse), nn.Linear(6, 3)

            def forward(self, x):
                return self.head(self.table((x > 0).long() + 2 * torch.arange(x.shape[1])).mean(1))

        return Bags()

    return lambda *changes: recipe("model=bags", "optimizer=sparse_adam", *changes)


def built(recipe):
    return build(recipe, World("cpu"), Signals())


def weights_after(made, steps=4):
    for number in range(steps):
        made.update(number, made.batches.at(number), made.rates(number))
        made.window.closes(number + 1, 1.0)
    return [p.detach().clone() for p in made.objective.bare.parameters()]


def test_sparse_training_is_dense_training_where_all_rows_occur(bags):
    sparse, dense = built(bags()), built(bags("model.sparse=false", "optimizer=adam"))
    for one, other in zip(weights_after(sparse), weights_after(dense), strict=True):
        torch.testing.assert_close(one, other)
    told = [made.window.read(drain=True) for made in (sparse, dense)]
    assert [row.grad_norm for row in told[0]] == pytest.approx([row.grad_norm for row in told[1]], rel=1e-5)


def test_a_run_goes_on_exactly(bags, tmp_path, capsys):
    from optcli.train.session import train

    whole = train(bags("train.epochs=2"), run_dir=tmp_path / "whole")
    train(bags("train.epochs=1"), run_dir=tmp_path / "parts")
    parts = train(bags("train.epochs=2"), run_dir=tmp_path / "parts", resume=True)
    assert parts.summary["final"] == whole.summary["final"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optimizer=adam", "has an embedding with sparse gradients, which `adam` doesn't take"),
        ("train.accumulate=2", "don't go with train.accumulate above 1"),
        ("regularizers.clip_norm.max_norm=1", "don't go with the regularizer clip_norm"),
        ("regularizers=[sam]", "don't go with the regularizer sam"),
        ("model.sparse=false", "`sparse_adam` is for models with sparse gradients, and model bags has none"),
        ("optimizer.groups={table: {weight_decay: 0.1}}", "an embedding with sparse gradients can't be decayed"),
    ],
)
def test_what_does_not_go_together_is_told(bags, change, message):
    with pytest.raises(Failure, match=message):
        built(bags(change))


def test_values_share_memory():
    dense = torch.ones(2)
    sparse = torch.sparse_coo_tensor([[1]], torch.ones(1, 3), (4, 3), check_invariants=True).coalesce()
    for part in values([dense, sparse]):
        part.zero_()
    assert not dense.any()
    assert not sparse.to_dense().any()
