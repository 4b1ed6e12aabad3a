"""State dicts of other packages' optimizers as checkpoints take them: plain values and plain tensors.

Queues, tensors of own classes (quantized state) and objects of known ones become dicts; values of groups that are none
of these, such as a type or a member of an enumeration, are settings that the optimizer was made with, and are taken
from there on loading.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch.optim import Optimizer

_KIND: Final = "optcli.kind"


def storable(optimizer: Optimizer, classes: Mapping[str, type] | None = None) -> None:
    """Make `state_dict` give plain values, and `load_state_dict` take them.

    Args:
        classes: name -> class of tensors, or of plain objects, that a state may hold.
    """
    give, take, known = optimizer.state_dict, optimizer.load_state_dict, classes or {}

    def state_dict() -> dict[str, Any]:
        found = give()
        groups = [{k: v for k, v in group.items() if _plain(v)} for group in found["param_groups"]]
        return {**found, "state": _packed(found["state"], known), "param_groups": groups}

    def load_state_dict(state: dict[str, Any]) -> None:
        made = [{k: v for k, v in group.items() if not _plain(v)} for group in optimizer.param_groups]
        groups = [{**new, **old} for old, new in zip(state["param_groups"], made, strict=True)]
        take({**state, "state": _unpacked(state["state"], known), "param_groups": groups})

    instance: Any = optimizer
    instance.state_dict, instance.load_state_dict = state_dict, load_state_dict


def _plain(value: Any) -> bool:
    import torch

    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(map(_plain, value))
    return value is None or type(value) in (bool, int, float, str) or isinstance(value, torch.Tensor)


def _packed(value: Any, classes: Mapping[str, Any]) -> Any:
    import torch

    if type(value) is dict:
        return {key: _packed(inner, classes) for key, inner in value.items()}
    if isinstance(value, deque):
        return {_KIND: "queue", "items": [_packed(item, classes) for item in value], "most": value.maxlen}
    if type(value) is classes.get(type(value).__name__) and not isinstance(value, torch.Tensor):
        return {_KIND: type(value).__name__, "values": dict(vars(value))}
    if isinstance(value, torch.Tensor) and hasattr(value, "__tensor_flatten__"):
        names, settings = value.__tensor_flatten__()
        parts = {name: getattr(value, name) for name in names}
        dtypes = [i for i, one in enumerate(settings) if isinstance(one, torch.dtype)]
        told = [str(one).rpartition(".")[2] if i in dtypes else one for i, one in enumerate(settings)]
        return {_KIND: type(value).__name__, "parts": parts, "settings": told, "dtypes": dtypes}
    return value


def _unpacked(value: Any, classes: Mapping[str, Any]) -> Any:
    import torch

    if not isinstance(value, dict):
        return value
    if _KIND not in value:
        return {key: _unpacked(inner, classes) for key, inner in value.items()}
    if value[_KIND] == "queue":
        return deque((_unpacked(item, classes) for item in value["items"]), value["most"])
    if "values" in value:
        thing = object.__new__(classes[value[_KIND]])
        vars(thing).update(value["values"])
        return thing
    made: Callable[..., Any] = classes[value[_KIND]].__tensor_unflatten__
    settings = [getattr(torch, one) if i in value["dtypes"] else one for i, one in enumerate(value["settings"])]
    return made(value["parts"], settings)
