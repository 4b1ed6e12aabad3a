"""The optimizer's state in the host's memory: it comes to the device one parameter at a time, and goes back.

Copies run in the device's own order, from and to pinned memory, so nobody waits and the numbers are those of a state
that never left. Source: Ren et al. 2021, arXiv 2101.06840 (there the host also takes the step).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from optcli.parts.optimizers._direct import Step, after_loading, alone
from optcli.train.backward import Together
from optcli.train.world import World


class Offloaded(Step):
    """`Step` with `optimizer.state` on the host between steps.

    Raises:
        Together: the optimizer can't step one parameter by itself.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, world: World) -> None:
        super().__init__(optimizer)
        self._world = world
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                state: dict[str, Tensor] = dict(optimizer.state[parameter])
                if alone(optimizer, group, parameter, state) is None:
                    raise Together
                optimizer.state[parameter] = {name: world.pinned(tensor) for name, tensor in state.items()}
        after_loading(optimizer, self._send_home)

    def _send_home(self, optimizer: torch.optim.Optimizer) -> None:
        """Loading brings the state to its parameters."""
        for state in optimizer.state.values():
            state.update({name: self._world.pinned(tensor) for name, tensor in state.items()})

    @torch.no_grad()
    def __call__(self, factor: float | Tensor, grads: Sequence[Tensor] | None = None) -> None:
        found = getattr(self.optimizer, "found_inf", None)
        given = iter([p.grad for p in self.params] if grads is None else grads)
        for group in self.optimizer.param_groups:
            lr = group["lr"] = group["initial_lr"] * factor
            for parameter in group["params"]:
                grad, home = next(given), self.optimizer.state[parameter]
                if grad is None:
                    continue
                state = {name: tensor.to(parameter.device, non_blocking=True) for name, tensor in home.items()}
                call = alone(self.optimizer, group, parameter, state)
                assert call is not None
                call([grad], lr, found)
                for name, tensor in home.items():
                    tensor.copy_(state[name], non_blocking=True)
