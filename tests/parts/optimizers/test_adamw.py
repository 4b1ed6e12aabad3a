"""AdamW: what sets it apart from Adam; its formula is tested with Adam's."""

import torch

from optcli.parts.optimizers import adam, adamw


def test_decays_by_default():
    assert adamw.Options().weight_decay == 0.01
    assert adam.Options().weight_decay == 0.0


def test_is_torch_s_own(problem):
    assert type(problem("adamw").optimizer) is torch.optim.AdamW
    assert type(problem("adamw", decay="l2").optimizer) is torch.optim.Adam


def test_is_adam_with_decoupled_decay(problem):
    one, other = problem("adamw", 0.1, lr=0.05), problem("adam", 0.1, lr=0.05)
    one.go(range(6))
    other.go(range(6))
    assert all(torch.equal(a, b) for a, b in zip(one.params, other.params, strict=True))
