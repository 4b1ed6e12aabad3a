"""A checkpoint of another run is refused before it can do harm."""

from pathlib import Path
from typing import Any

import pytest
import torch

from optcli.exits import Exit, Failure
from optcli.train.checkpoint import Loaded
from optcli.train.restore import restore


def made(size: int = 4, **options: Any) -> dict[str, Any]:
    net = torch.nn.Linear(size, 2)
    optimizer = torch.optim.AdamW(net.parameters(), fused=True, **options)
    net(torch.ones(1, size)).sum().backward()
    optimizer.step()
    return {"model": net, "optimizer": optimizer}


def stored(state: dict[str, Any]) -> Loaded:
    return Loaded(Path("step-1"), 1, {name: one.state_dict() for name, one in state.items()}, {})


def test_a_run_gets_its_own_state_back() -> None:
    source, target = made(amsgrad=True), made(amsgrad=True)
    restore(target, stored(source))
    assert torch.equal(target["model"].weight, source["model"].weight)
    mine, theirs = target["optimizer"].state_dict(), source["optimizer"].state_dict()
    assert torch.equal(mine["state"][0]["max_exp_avg_sq"], theirs["state"][0]["max_exp_avg_sq"])


def test_what_was_not_stored_stays_as_it_is() -> None:
    target = made()
    weight = target["model"].weight.clone()
    restore(target, Loaded(Path("step-1"), 1, {}, {}))
    assert torch.equal(target["model"].weight, weight)


@pytest.mark.parametrize("key", ["exp_avg", "exp_avg_sq", "step"])
def test_a_state_that_is_too_small_or_too_large_is_refused(key: str) -> None:
    loaded = stored(made())
    loaded.state_dicts["optimizer"]["state"][0][key] = torch.ones(3)
    with pytest.raises(Failure, match=rf"does not fit this run's optimizer: {key} has") as caught:
        restore(made(), loaded)
    assert caught.value.code == Exit.IO_ERROR


def test_another_model_is_refused() -> None:
    with pytest.raises(Failure, match="step-1: does not fit this run's model"):
        restore(made(), stored(made(size=5)))


@pytest.mark.parametrize("wrong", [{}, {"param_groups": [], "state": {}}, {"param_groups": 3}, {"param_groups": [{}]}])
def test_what_is_no_optimizer_is_refused(wrong: Any) -> None:
    loaded = stored(made())
    loaded.state_dicts["optimizer"] = wrong
    with pytest.raises(Failure, match="does not fit this run's optimizer"):
        restore(made(), loaded)
