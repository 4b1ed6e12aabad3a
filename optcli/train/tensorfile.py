"""safetensors files, written straight from the tensors' memory and hashed on the way.

The format: 8 bytes with the header's length, a JSON header, the tensors' bytes without gaps
(https://huggingface.co/docs/safetensors). Reading goes through the safetensors package, whose parser was audited.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from safetensors import deserialize
from torch import Tensor

DTYPES: Final = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2", torch.bool: "BOOL",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint64: "U64", torch.uint32: "U32", torch.uint16: "U16", torch.uint8: "U8",
}  # fmt: skip
"""Types that the format knows; others (complex) are stored as bytes, and who reads them must know their type."""
_BY_NAME: Final = {name: dtype for dtype, name in DTYPES.items()}
_ALIGN: Final = 64


def write(tensors: Mapping[str, Tensor], sink: Callable[[Any], object]) -> None:
    """Send the file's bytes to `sink`, piece by piece; nothing is copied that is on the CPU and contiguous."""
    # Widest types first, so that every tensor begins at a multiple of its own width.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name in names:
        tensor = tensors[name]
        size = tensor.numel() * tensor.element_size()
        known = DTYPES.get(tensor.dtype)
        shape = list(tensor.shape) if known else [size]
        header[name] = {"dtype": known or "U8", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % _ALIGN)
    sink(len(text).to_bytes(8, "little") + text)
    for name in names:
        if tensors[name].numel():
            sink(_memory(tensors[name]))


def _memory(tensor: Tensor) -> memoryview:
    plain = tensor.detach().resolve_conj().resolve_neg().to("cpu").contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy().data


def read(data: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU.

    Raises:
        ValueError: it is no safetensors file, or has a type that isn't among `DTYPES`.
    """
    try:
        return {name: _tensor(entry) for name, entry in deserialize(data)}  # type: ignore[no-untyped-call]
    except Exception as error:  # the package's own exception type is no subclass of anything narrower
        raise ValueError(f"not a safetensors file: {error}") from error


def _tensor(entry: Mapping[str, Any]) -> Tensor:
    dtype = _BY_NAME[entry["dtype"]]
    if not entry["data"]:
        return torch.empty(entry["shape"], dtype=dtype)
    return torch.frombuffer(entry["data"], dtype=dtype).reshape(entry["shape"])
