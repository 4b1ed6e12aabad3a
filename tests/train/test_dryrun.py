"""A dry run tells and writes nothing."""

import pytest
import torch

import optcli
from optcli.exits import Failure
from optcli.train.dryrun import show


def test_it_tells_parameters_groups_and_memory(recipe, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    show(recipe("optimizer.lr=0.5", "schedule.name=linear"), "cpu")
    said = capsys.readouterr().out
    assert "model   99 parameters" in said
    assert "not decayed: 2 tensors, 15 values, weight decay 0" in said
    assert "memory  about" in said
    assert "optimizer.lr" in said
    assert "override" in said
    assert not list(tmp_path.iterdir())


def test_it_finds_what_a_training_would(recipe):
    @optcli.model
    def narrow(facts):
        return torch.nn.Linear(3, 3)

    with pytest.raises(Failure, match="model narrow failed"):
        show(recipe("model=narrow"), "cpu")
