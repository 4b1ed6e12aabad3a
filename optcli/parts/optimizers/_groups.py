"""Parameter groups by the type of the module that owns a parameter: what is decayed, and what is not.

Biases, gains, norm layers and embeddings are not decayed; deciding that by name misses BatchNorm, RMSNorm and PReLU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from optcli.parts.optimizers._order import Order

if TYPE_CHECKING:
    from torch import Tensor, nn


def groups(
    model: nn.Module,
    weight_decay: float,
    *,
    lr: float = 1.0,
    wishes: Mapping[str, Any] | None = None,
    layer_decay: float = 1.0,
    cautious: bool = False,
    order: Order | None = None,
) -> list[dict[str, Any]]:
    """The trainable parameters of `model` as groups for an optimizer's `build`.

    Each group has `params`, `name`, `weight_decay`, `lr_scale`, and for each parameter `hidden`, whether it is a
    matrix between two hidden layers, and `sparse`, whether its gradient has but some of its rows. Without a weight
    decay or wishes there is one group, since every group costs a kernel launch a step. A parameter shared with an
    embedding counts as an embedding. A model may have `lr_scales`, parameter name -> factor of its rate; rate times
    decay stays the same.

    Args:
        lr: the optimizer's rate, which a wish for another one is told as a factor of.
        wishes: pattern -> an object with `lr` (None: `lr_scale` counts), `lr_scale` and `weight_decay` (None: as
            without it), see `matching`; where several patterns match a parameter, the last one counts.
        layer_decay: each layer's rate is this times that of the layer above it; the head's is whole.
        order: in which order the layers work, as a forward pass has shown; else they are taken as they were made.
        cautious: the decay is put into `cautious`, for `_direct.stepper` to apply, instead of into `weight_decay`.

    Raises:
        ValueError: a pattern matches no parameter.
    """
    order = order or Order()
    spared, depths = _spared(model), _depths(model, order)
    marks = {"hidden": _hidden(model, order), "sparse": _sparse(model)}
    wished = {id(p): (pattern, wish) for pattern, wish in (wishes or {}).items() for p in matching(model, pattern)}
    scales: dict[str, float] = getattr(model, "lr_scales", {})
    scaled = {id(p): scales[name] for name, p in model.named_parameters() if name in scales}
    found: dict[tuple[Any, ...], list[Any]] = {}
    for parameter in (p for p in model.parameters() if p.requires_grad):
        free = id(parameter) in spared
        name = "all" if not weight_decay else "not decayed" if free else "decayed"
        decay, scale = 0.0 if free else weight_decay, layer_decay ** depths[id(parameter)] if layer_decay != 1 else 1.0
        if layer_decay != 1:
            name += f", {depths[id(parameter)]} below the head"
        if id(parameter) in scaled:
            name, scale = f"{name}, by width", scale * scaled[id(parameter)]
            decay /= scaled[id(parameter)]
        if id(parameter) in wished:
            pattern, wish = wished[id(parameter)]
            name, scale = f"{pattern}, {name}", scale * wish.lr_scale if wish.lr is None else wish.lr / lr
            decay = decay if wish.weight_decay is None else wish.weight_decay
        found.setdefault((name, decay, scale), []).append(parameter)
    ends = sorted(found, key=lambda key: key[0] == "not decayed")
    made = [_group(name, decay, scale, found[name, decay, scale], marks) for name, decay, scale in ends]
    return [{**g, "weight_decay": 0.0, "cautious": g["weight_decay"]} for g in made] if cautious else made


def matching(model: nn.Module, pattern: str) -> list[Tensor]:
    """The parameters that a pattern means: a module's or parameter's path (with `*`, `?`), or a type of module.

    `head` is `head.weight` and `head.bias`, `blocks.0` all of that block, `LayerNorm` the weights of all such layers.

    Raises:
        ValueError: none.
    """
    found: list[Tensor] = [
        p for name, p in model.named_parameters() if fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")
    ]
    found += [p for module, p in _owned(model) if type(module).__name__ == pattern]
    if not found:
        tops = dict.fromkeys(name.partition(".")[0] for name, _ in model.named_parameters())
        raise ValueError(f"`{pattern}` matches no parameter; the model has {', '.join(tops)}")
    return found


def _depths(model: nn.Module, order: Order) -> dict[int, int]:
    """Parameter -> how many layers it is below the last one. Embeddings are the lowest; norms belong to what is below.

    A layer is a child of the model or of a part that holds a sequence of blocks, or one of a sequence.
    """
    level, levels = 0, dict[int, int]()
    for layer in sorted(_layers(model), key=lambda layer: order.turn.get(id(layer), 0)):
        own = [p for p in layer.parameters() if id(p) not in levels]
        if own and levels and not isinstance(layer, _spared_modules()):
            level += 1
        levels |= {id(p): level for p in own}
    return {id(p): level - levels.get(id(p), 0) for p in model.parameters()}


def _layers(model: nn.Module) -> Iterator[nn.Module]:
    from torch import nn

    for child in model.children():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from child.children()
        elif any(map(_stacked, child.children())):
            yield from _layers(child)
        else:
            yield child


def _stacked(module: nn.Module) -> bool:
    """Whether it is a sequence of blocks that have parts themselves, or has one in it."""
    from torch import nn

    if not isinstance(module, nn.Sequential | nn.ModuleList):
        return any(map(_stacked, module.children()))
    return sum(any(True for _ in block.children()) for block in module.children()) > 1


def weights(model: nn.Module) -> list[Tensor]:
    """The trainable parameters that decay and penalties are meant for: no biases, gains, norms or embeddings."""
    spared = _spared(model)
    return [p for p in model.parameters() if p.requires_grad and id(p) not in spared]


def describe(groups: list[dict[str, Any]], lr: float) -> list[str]:
    """One line for each group: its name, tensors, values, weight decay and, if it isn't `lr`, its rate."""
    return [
        f"{group['name']}: {len(group['params'])} tensors, {sum(p.numel() for p in group['params']):,} values, "
        + (f"cautious decay {kept:g}" if (kept := group.get("cautious")) else f"weight decay {group['weight_decay']:g}")
        + (f", lr {lr * scale:g} (x {scale:g})" if (scale := group["lr_scale"]) != 1 else "")
        for group in groups
    ]


def _group(name: str, decay: float, scale: float, params: list[Any], marks: dict[str, set[int]]) -> dict[str, Any]:
    marked = {mark: [id(p) in those for p in params] for mark, those in marks.items()}
    return {"params": params, "name": name, "weight_decay": decay, "lr_scale": scale, **marked}


def _hidden(model: nn.Module, order: Order) -> set[int]:
    """Identities of the weights of linear, convolution and attention layers, but for the heads: the last ones."""
    from torch import nn

    kinds, spared = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d), _spared(model)
    layers = [module for module in model.modules() if isinstance(module, kinds)]
    last = max(reversed(layers), key=lambda layer: order.turn.get(id(layer), 0), default=None)
    heads = order.heads & set(map(id, layers)) or {id(last)}
    found = {id(layer.weight) for layer in layers if id(layer) not in heads}
    packed = {
        id(m.in_proj_weight)
        for m in model.modules()
        if isinstance(m, nn.MultiheadAttention) and m.in_proj_weight is not None
    }
    return (found | packed) - spared


def _sparse(model: nn.Module) -> set[int]:
    """Identities of the weights of embeddings with sparse gradients; those that another module has too are dense."""
    from torch import nn

    found = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag) and m.sparse}
    others = {id(p) for module, p in _owned(model) if not getattr(module, "sparse", False)}
    return found - others


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
