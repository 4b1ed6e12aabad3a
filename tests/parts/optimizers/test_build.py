"""Rates and kernels of groups."""

import torch

from optcli.parts.optimizers import _build, _gain

PARAMS = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr_scale": 10.0}, {"params": []}]


def test_groups_get_their_rate():
    rated = _build.rated(PARAMS, 0.1)
    assert [(g["lr"], g["initial_lr"]) for g in rated] == [(1.0, 1.0), (0.1, 0.1)]


def test_fused_wherever_there_is_a_kernel():
    assert _build.kernel(PARAMS, "cpu") == {"fused": True}
    assert _build.kernel(PARAMS, "cuda:1") == {"fused": True}
    assert _build.kernel(PARAMS, "cuda:1", fused=False) == {"foreach": True}
    assert _build.kernel(PARAMS, "cpu", fused=False) == {"foreach": False}
    assert _build.kernel(PARAMS, "vulkan") == {"foreach": False}


def test_a_loaded_state_does_not_choose_the_kernel():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = _build.finished(torch.optim.Adam([parameter], fused=True), _gain.adam)
    optimizer.load_state_dict(torch.optim.Adam([parameter], foreach=True, lr=0.5).state_dict())
    assert (optimizer.param_groups[0]["fused"], optimizer.param_groups[0]["lr"]) == (True, 0.5)
