"""State dicts as JSON and tensors, and back, bit for bit. Nothing is pickled and nothing is imported by name.

`pack` turns a nesting of dicts, lists, tuples, numbers, texts, bytes, None, tensors and numpy arrays into a tree of
JSON values, and a flat dict of the tensors. JSON's own types stand for themselves; whatever JSON can't say is an object
with the key `"!"` that names one of the few kinds below:

    {"!": "tensor", "at": "optimizer/state/0/exp_avg", "dtype": "float32", "shape": [256, 64]}
    {"!": "tuple", "items": [0.9, 0.999]}     {"!": "dict", "items": [[0, {...}]]}     {"!": "float", "bits": "7ff8..."}
"""

from __future__ import annotations

import base64
import math
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

SAFE_INTEGER: Final = 2**53
"""Larger integers are written as text: other JSON parsers would round them."""


class _Packer:
    """Walks a tree once; `tensors` fills on the way."""

    def __init__(self, share: bool) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._share = share
        self._seen: dict[tuple[Any, ...], str] = {}

    def pack(self, value: Any, path: str) -> Any:
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if _is_text(value) else {"!": "str", "utf32": value.encode("utf-32-be", "surrogatepass").hex()}
        if kind is int:
            return value if abs(value) < SAFE_INTEGER else {"!": "int", "hex": hex(value)}
        if kind is float:
            return value if math.isfinite(value) else {"!": "float", "bits": struct.pack(">d", value).hex()}
        if kind is list:
            return self._items(value, path)
        if kind is dict or kind is OrderedDict:
            return self._dict(value, path)
        if isinstance(value, Tensor):
            return self._tensor(value, path)
        return self._rare(value, path)

    def _rare(self, value: Any, path: str) -> Any:
        if isinstance(value, tuple) and type(value) in (tuple, torch.Size):
            return {"!": "tuple", "items": self._items(value, path)}
        if type(value) is bytes:
            return {"!": "bytes", "base64": base64.b64encode(value).decode()}
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
            kind = "array" if isinstance(value, np.ndarray) else "scalar"
            tensor = torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("="), order="C"))
            return {"!": kind, "of": self._tensor(tensor, path)}
        raise TypeError(f"{path}: a {type(value).__name__} can't be stored in a checkpoint")

    def _items(self, values: list[Any] | tuple[Any, ...], path: str) -> list[Any]:
        return [self.pack(value, f"{path}/{i}") for i, value in enumerate(values)]

    def _dict(self, value: dict[Any, Any], path: str) -> Any:
        under = f"{path}/" if path else ""
        ordered = type(value) is OrderedDict
        if not ordered and "!" not in value and all(type(key) is str and _is_text(key) for key in value):
            return {key: self.pack(inner, under + key) for key, inner in value.items()}
        items = [[self._key(key, path), self.pack(inner, f"{under}{key}")] for key, inner in value.items()]
        node = {"!": "ordered" if ordered else "dict", "items": items}
        # A module's state dict carries the versions of its layers in an attribute.
        if ordered and hasattr(value, "_metadata"):
            node["metadata"] = self.pack(dict(value._metadata), f"{under}_metadata")
        return node

    def _key(self, key: Any, path: str) -> Any:
        if type(key) not in (str, int, float, bool, tuple, type(None)):
            raise TypeError(f"{path}: a {type(key).__name__} as a key can't be stored in a checkpoint")
        return self.pack(key, path)

    def _tensor(self, tensor: Tensor, path: str) -> dict[str, Any]:
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type == "meta":
            raise TypeError(f"{path}: a tensor that is sparse, quantized or without data can't be stored")
        shape, strides = list(tensor.shape), tensor.stride()
        node = {"!": "tensor", "dtype": str(tensor.dtype).removeprefix("torch."), "shape": shape}
        order = sorted(range(tensor.dim()), key=lambda d: (-strides[d], d))
        # Fused optimizers walk a tensor's memory as it lies, so its layout (channels last) is part of the state.
        if order != list(range(tensor.dim())) and tensor.permute(order).is_contiguous():
            node["order"] = order
        same = (tensor.device, tensor.data_ptr(), tensor.dtype, *shape, *strides) if tensor.numel() else (id(tensor),)
        if self._share and same in self._seen:
            return {**node, "at": self._seen[same]}
        name = self._seen[same] = self._name(path)
        self.tensors[name] = tensor.detach()
        return {**node, "at": name}

    def _name(self, path: str) -> str:
        """A name that no other tensor has and that safetensors accepts."""
        name = "".join(c if c.isprintable() else "?" for c in path) or "tensor"
        taken = {"__metadata__", *self.tensors} if name in self.tensors else {"__metadata__"}
        number = 2
        while name in taken:
            name, number = f"{name}#{number}", number + 1
        return name


def _is_text(value: str) -> bool:
    """Whether JSON brings the text back: of two lone surrogates it makes one character."""
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def pack(value: Any, *, share: bool = True) -> tuple[Any, dict[str, Tensor]]:
    """The tree of JSON values that stands for `value`, and its tensors by name.

    Tensors that are the same memory are stored once (tied weights), unless `share` is False.

    Raises:
        TypeError: something in it is none of the kinds that can be stored; the message says where.
    """
    packer = _Packer(share)
    return packer.pack(value, ""), packer.tensors


def unpack(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that `pack` was given. Tensors are on the CPU, arrays and scalars are numpy's.

    Raises:
        ValueError: the tree isn't one that `pack` makes, or its tensors are missing or of another type or shape.
    """
    if isinstance(node, list):
        return [unpack(inner, tensors) for inner in node]
    if not isinstance(node, dict):
        return node
    if "!" not in node:
        return {key: unpack(inner, tensors) for key, inner in node.items()}
    try:
        return _KINDS[node["!"]](node, tensors)
    except (KeyError, TypeError, RuntimeError, struct.error) as error:
        raise ValueError(f"not a stored state: {error}") from error


def _unpack_ordered(node: dict[str, Any], tensors: Mapping[str, Tensor]) -> Any:
    value = OrderedDict(_unpack_items(node, tensors))
    if "metadata" in node:
        value._metadata = OrderedDict(unpack(node["metadata"], tensors))  # type: ignore[attr-defined]
    return value


def _unpack_items(node: dict[str, Any], tensors: Mapping[str, Tensor]) -> list[tuple[Any, Any]]:
    return [(unpack(key, tensors), unpack(inner, tensors)) for key, inner in node["items"]]


def _unpack_tensor(node: dict[str, Any], tensors: Mapping[str, Tensor]) -> Tensor:
    tensor, shape = tensors[node["at"]], torch.Size(node["shape"])
    dtype = getattr(torch, node["dtype"], None)
    if not isinstance(dtype, torch.dtype):
        raise ValueError(f"{node['at']}: unknown type {node['dtype']}")
    if tensor.dtype != dtype and tensor.dtype == torch.uint8:
        tensor = tensor.view(dtype).reshape(shape)  # a type that safetensors doesn't know
    if tensor.dtype != dtype or tensor.shape != shape:
        raise ValueError(f"{node['at']}: {tensor.dtype} {tuple(tensor.shape)} where {dtype} {tuple(shape)} was stored")
    if "order" in node:
        order = node["order"]
        return tensor.permute(order).contiguous().permute([order.index(d) for d in range(len(order))])
    return tensor


_KINDS: Final[dict[str, Callable[[dict[str, Any], Mapping[str, Tensor]], Any]]] = {
    "int": lambda node, _: int(node["hex"], 16),
    "str": lambda node, _: bytes.fromhex(node["utf32"]).decode("utf-32-be", "surrogatepass"),
    "float": lambda node, _: struct.unpack(">d", bytes.fromhex(node["bits"]))[0],
    "bytes": lambda node, _: base64.b64decode(node["base64"], validate=True),
    "tuple": lambda node, tensors: tuple(unpack(node["items"], tensors)),
    "dict": lambda node, tensors: dict(_unpack_items(node, tensors)),
    "ordered": _unpack_ordered,
    "tensor": _unpack_tensor,
    "array": lambda node, tensors: unpack(node["of"], tensors).numpy(),
    "scalar": lambda node, tensors: unpack(node["of"], tensors).numpy()[()],
}
