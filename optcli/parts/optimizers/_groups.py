"""Parameter groups by the type of the module that owns a parameter: what is decayed, and what is not.

Biases, gains, norm layers and embeddings are not decayed; deciding that by name misses BatchNorm, RMSNorm and PReLU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


def groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The trainable parameters of `model` as groups for an optimizer's `build`.

    Each group has `params`, `name`, `weight_decay`, `lr_scale` (1.0) and `hidden`: for each parameter, whether it is a
    matrix between two hidden layers, for optimizers that treat those differently. With a weight decay of 0 there is one
    group, since every group costs a kernel launch a step. A parameter shared with an embedding counts as an embedding.
    """
    trained, hidden = [p for p in model.parameters() if p.requires_grad], _hidden(model)
    if weight_decay == 0:
        return _filled(hidden, ("all", 0.0, trained))
    spared = _spared(model)
    decayed = [p for p in trained if id(p) not in spared]
    return _filled(
        hidden, ("decayed", weight_decay, decayed), ("not decayed", 0.0, [p for p in trained if id(p) in spared])
    )


def weights(model: nn.Module) -> list[Tensor]:
    """The trainable parameters that decay and penalties are meant for: no biases, gains, norms or embeddings."""
    spared = _spared(model)
    return [p for p in model.parameters() if p.requires_grad and id(p) not in spared]


def describe(groups: list[dict[str, Any]]) -> list[str]:
    """One line for each group: its name, tensors, values, weight decay and, if it has one, rate factor."""
    return [
        f"{group['name']}: {len(group['params'])} tensors, {sum(p.numel() for p in group['params']):,} values, "
        f"weight decay {group['weight_decay']:g}" + (f", lr x {scale:g}" if (scale := group["lr_scale"]) != 1 else "")
        for group in groups
    ]


def _filled(hidden: set[int], *groups: tuple[str, float, list[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "params": params,
            "name": name,
            "weight_decay": decay,
            "lr_scale": 1.0,
            "hidden": [id(p) in hidden for p in params],
        }
        for name, decay, params in groups
        if params
    ]


def _hidden(model: nn.Module) -> set[int]:
    """Identities of the weights of linear and convolution layers, but for the last one: the head."""
    from torch import nn

    kinds, spared = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d), _spared(model)
    found = [id(module.weight) for module in model.modules() if isinstance(module, kinds)]
    return set(found[:-1]) - spared


def _spared(model: nn.Module) -> set[int]:
    """Identities of the parameters that are not to be decayed."""
    kinds = _spared_modules()
    return {id(p) for module, p in _owned(model) if p.ndim <= 1 or isinstance(module, kinds)}


def _owned(model: nn.Module) -> Iterator[tuple[nn.Module, Tensor]]:
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            yield module, parameter


def _spared_modules() -> tuple[type[nn.Module], ...]:
    from torch import nn

    batch = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    instance = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
    return (*batch, *instance, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.Embedding, nn.EmbeddingBag)
