"""Inputs of any width, in memory or in a file: training and validation see the same numbers, and copy nothing large."""

import numpy as np
import pytest
import torch

from optcli.train.batches import Batches
from optcli.train.inputs import host, ready
from optcli.train.world import World

RANDOM = np.random.default_rng(0)


@pytest.fixture
def mapped(tmp_path):
    def mapped(array):
        path = tmp_path / "x.npy"
        np.save(path, array)
        return np.load(path, mmap_mode="r")

    return mapped


def test_shades_go_from_minus_one_to_one():
    assert ready(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64])
def test_floats_become_float32(kind):
    assert ready(torch.ones(2, dtype=kind)).dtype == torch.float32


def test_tokens_stay():
    tokens = torch.arange(3)
    assert ready(tokens) is tokens


def test_a_mapped_array_is_not_copied(mapped):
    x = mapped(RANDOM.standard_normal((40, 3)))
    assert host(x).data_ptr() == x.ctypes.data
    assert host(x[30:]).data_ptr() == x[30:].ctypes.data


@pytest.mark.parametrize("free", [1e12, 1.0])
@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_batches_are_the_same_wherever_the_data_is(mapped, monkeypatch, kind, free):
    x, y = (RANDOM.random((50, 2, 3)) * 200).astype(kind), np.arange(50)
    plain = Batches(ready(torch.from_numpy(x)), y, 4, 2, 0, World("cpu"))
    world = World("cpu")
    monkeypatch.setattr(world, "free_bytes", lambda: free)
    made = Batches(mapped(x), y, 4, 2, 0, world)
    assert made._x.data_ptr() == made._x.untyped_storage().data_ptr()
    for (step, ours), (expected, theirs) in zip(made.stream(3, 14), plain.stream(3, 14), strict=True):
        assert step == expected
        for (ax, ay), (bx, by) in zip(ours, theirs, strict=True):
            assert ax.dtype == torch.float32
            assert torch.equal(ax, bx)
            assert torch.equal(ay, by)
