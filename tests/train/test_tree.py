"""Whatever a state dict holds comes back bit for bit, and nothing else is let in."""

import math
import struct
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load as reference_load

from optcli.run import strict_json
from optcli.train import tensorfile, tree

DTYPES = [*tensorfile.DTYPES, torch.complex64, torch.complex128]


def through_disk(value: Any, share: bool = True) -> Any:
    """What `value` becomes after a round trip through the bytes of both files."""
    node, tensors = tree.pack(value, share=share)
    pieces: list[bytes] = []
    tensorfile.write(tensors, lambda piece: pieces.append(bytes(piece)))
    return tree.unpack(strict_json.loads(strict_json.dumps(node)), tensorfile.read(b"".join(pieces)))


def bits(value: Any) -> Any:
    """A value that is equal exactly where the originals are the same to the last bit and of the same type."""
    if isinstance(value, torch.Tensor):
        raw = value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
        return ("tensor", str(value.dtype), tuple(value.shape), value.stride(), raw)
    if isinstance(value, np.ndarray | np.generic):
        return (type(value).__name__, value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, dict):
        return (type(value).__name__, [(bits(k), bits(v)) for k, v in value.items()])
    if isinstance(value, list | tuple):
        return (type(value).__name__, [bits(v) for v in value])
    return (type(value).__name__, value)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    size = math.prod(shape) * dtype.itemsize
    raw = draw(st.binary(min_size=size, max_size=size))
    if dtype == torch.bool:
        raw = bytes(byte & 1 for byte in raw)
    tensor = torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)
    return tensor.permute(draw(st.permutations(range(len(shape)))))


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Cc"]), max_size=3),
    st.binary(max_size=20),
    tensors(),
)
keys = st.one_of(st.text(max_size=5), st.integers(-5, 2**70), st.just("!"), st.none(), st.booleans())
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(st.text(max_size=4), inner, max_size=3).map(OrderedDict),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_anything_comes_back_bit_for_bit(value: Any) -> None:
    back = through_disk(value)
    # Only dense tensors keep their strides; hypothesis makes no others but those of fewer than two elements.
    assert strip(bits(back)) == strip(bits(value))


def strip(value: Any) -> Any:
    """Strides say nothing where a dimension has one element or none."""
    if isinstance(value, tuple) and value[0] == "tensor":
        loose = 0 in value[2]
        strides = tuple(s if n > 1 and not loose else 0 for n, s in zip(value[2], value[3], strict=True))
        return (*value[:3], strides, value[4])
    if isinstance(value, tuple | list):
        return type(value)(strip(inner) for inner in value)
    return value


def test_a_real_optimizer_and_model_come_back() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=torch.tensor(1e-3), fused=True)
    net(torch.randn(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    state = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state()}
    back = through_disk(state)
    assert bits(back) == bits(state)
    assert back["model"]._metadata == state["model"]._metadata
    assert back["optimizer"]["state"][0]["exp_avg"].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype=np.uint32).reshape(2, 3),
        np.float64(0.1),
        np.array(3.5, dtype=np.float16),
        np.zeros((0, 2), dtype=np.int64),
        np.bool_(True),
        np.random.default_rng(3).bit_generator.state,
    ],
)
def test_numpy_values_come_back(value: Any) -> None:
    assert bits(through_disk(value)) == bits(value)


def test_a_nan_keeps_its_payload() -> None:
    strange = struct.unpack(">d", bytes.fromhex("fff8000000001234"))[0]
    assert bits(through_disk({"x": strange, "t": torch.tensor([strange])})) == bits(
        {"x": strange, "t": torch.tensor([strange])}
    )


def test_tied_tensors_are_stored_once_and_come_back_tied() -> None:
    weight = torch.randn(3, 2)
    _, stored = tree.pack({"a": weight, "b": weight, "view": weight[:1]})
    assert list(stored) == ["a", "view"]
    back = through_disk({"a": weight, "b": weight})
    assert back["a"] is back["b"]
    assert list(tree.pack({"a": weight, "b": weight}, share=False)[1]) == ["a", "b"]


def test_views_that_are_not_contiguous_keep_their_values() -> None:
    base = torch.arange(24.0).reshape(4, 6)
    for view in (base[:, ::2], base.t(), base[1:3, 1:2], torch.tensor(1.0).expand(3, 2), base.flip(0)):
        assert torch.equal(through_disk(view), view)
    conjugate = torch.tensor([1 + 2j]).conj()
    assert torch.equal(through_disk(conjugate), conjugate)


def test_names_that_would_collide_or_break_the_format_are_told_apart() -> None:
    value = {"a/b": torch.ones(1), "a": {"b": torch.zeros(2)}, "\0": torch.ones(3), "__metadata__": torch.ones(4)}
    assert bits(through_disk(value)) == bits(value)


def test_the_weights_can_be_read_by_safetensors_itself() -> None:
    weights = {
        "b": torch.randn(3).bfloat16(),
        "a.weight": torch.randn(2, 2),
        "n": torch.tensor(7),
        "e": torch.empty(0, 3),
    }
    pieces: list[bytes] = []
    tensorfile.write(weights, lambda piece: pieces.append(bytes(piece)))
    read = reference_load(b"".join(pieces))
    assert {k: bits(v) for k, v in read.items()} == {k: bits(v) for k, v in weights.items()}


class Alien:
    """Not a thing that a checkpoint may hold."""


@pytest.mark.parametrize(
    "value",
    [
        Alien(),
        {1, 2},
        torch.ones(2).to_sparse(),
        torch.empty(2, device="meta"),
        np.array(["x"]),
        print,
        1j,
        {Alien(): 1},
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(TypeError, match=r"optimizer/state"):
        tree.pack({"optimizer": {"state": [value]}})


@pytest.mark.parametrize(
    "node",
    [
        {"!": "os.system"},
        {"!": "tensor", "at": "missing", "dtype": "float32", "shape": [1]},
        {"!": "tensor", "at": "t", "dtype": "float64", "shape": [2]},
        {"!": "tensor", "at": "t", "dtype": "float32", "shape": [3]},
        {"!": "tensor", "at": "t", "dtype": "load", "shape": [2]},
        {"!": "float", "bits": "00"},
        {"!": "bytes", "base64": "%"},
        {"!": "tuple"},
        {"!": []},
        {"!": "ordered", "items": [1]},
        {"!": "dict", "items": [[[], 1]]},
    ],
)
def test_a_tree_that_pack_never_made_is_refused(node: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        tree.unpack(node, {"t": torch.ones(2)})


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 40, b"\x02\0\0\0\0\0\0\0{}x"])
def test_what_is_no_safetensors_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a safetensors file"):
        tensorfile.read(data)
