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

    Each group has `params`, `name`, `weight_decay` and `lr_scale` (1.0). With a weight decay of 0 there is one group,
    since every group costs a kernel launch a step. A parameter shared with an embedding counts as an embedding.
    """
    if weight_decay == 0:
        return _filled(("all", 0.0, [p for p in model.parameters() if p.requires_grad]))
    spared = _spared(model)
    trained = [p for p in model.parameters() if p.requires_grad]
    return _filled(
        ("decayed", weight_decay, [p for p in trained if id(p) not in spared]),
        ("not decayed", 0.0, [p for p in trained if id(p) in spared]),
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


def _filled(*groups: tuple[str, float, list[Any]]) -> list[dict[str, Any]]:
    return [
        {"params": params, "name": name, "weight_decay": decay, "lr_scale": 1.0}
        for name, decay, params in groups
        if params
    ]


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
