"""torch's LBFGS, for a training loop that has evaluated the step's batch already and can do so again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Again = Callable[[], "tuple[Tensor, list[Tensor]]"]


class Lbfgs(torch.optim.LBFGS):
    """All groups in one, with L2 decay by parameter.

    A step begins at the gradients in `.grad`. `given` is the loss that they belong to, and what gives loss and
    gradients at the weights of the moment; without it a step is one iteration, with no line search. Honours
    `found_inf`.
    """

    given: tuple[Tensor, Again] | None = None

    def __init__(self, groups: list[dict[str, Any]], **settings: Any) -> None:
        params = [p for group in groups for p in group["params"]]
        rates = {key: groups[0][key] for key in ("lr", "initial_lr")}
        super().__init__([{**rates, "params": params, "name": "all"}], **settings)
        self._all: list[Tensor] = params
        self._decays: list[float] = [group["weight_decay"] for group in groups for _ in group["params"]]

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step; undone if it ends in values that are not finite."""
        found = getattr(self, "found_inf", None)
        if found is not None and found.item():
            return
        group, before = self.param_groups[0], [p.clone() for p in self._all]
        chosen = dict(group)
        if self.given is None:
            group |= {"max_iter": 1, "line_search_fn": None}
        super().step(self._evaluations())  # type: ignore[no-untyped-call]
        group |= {key: chosen[key] for key in ("max_iter", "line_search_fn")}
        self.given = None  # the loop's, which holds this
        if not all(bool(p.isfinite().all()) for p in self._all):
            torch._foreach_copy_(self._all, before)
            self.state[self._all[0]].clear()

    def _evaluations(self) -> Callable[[], Tensor]:
        """The closure that torch asks for; its first answer is what is known already."""
        loss, again = self.given or (torch.zeros(()), None)
        known: list[tuple[Tensor, Sequence[Tensor | None]]] = [(loss, [p.grad for p in self._all])]

        @torch.no_grad()  # torch turns autograd on, and a gradient with a graph holds its parameter for ever
        def evaluate() -> Tensor:
            if not known:
                assert again is not None
                known.append(again())
            loss, grads = known.pop()
            for parameter, grad, decay in zip(self._all, grads, self._decays, strict=True):
                grad = torch.zeros_like(parameter) if grad is None else grad
                parameter.grad = torch.add(grad, parameter, alpha=decay).contiguous()
                loss = loss + decay / 2 * parameter.square().sum()
            return loss

        return evaluate
