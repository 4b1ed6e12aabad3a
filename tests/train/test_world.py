"""World on one CPU: plain cases do nothing, and what can't be had is an error."""

import pytest
import torch
from torch import nn

from optcli.train import world as module
from optcli.train.world import Silent, Unavailable, World


def test_unknown_and_absent_devices_are_refused():
    with pytest.raises(Unavailable, match="no such device"):
        World("toaster")
    absent = next(name for name in ("cuda:63", "xpu:63") if name)
    with pytest.raises(Unavailable, match="not on this machine"):
        World(absent)


def test_tf32_is_not_pretended_on_a_cpu():
    with pytest.raises(Unavailable, match="tf32"):
        World("cpu", "tf32")


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_autocast_does_what_was_asked(precision, dtype):
    with World("cpu", precision).autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


def test_an_autocast_that_falls_back_is_an_error(monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda *args: torch.no_grad())
    with pytest.raises(Unavailable, match="bf16 is not to be had"):
        World("cpu", "bf16").autocast()


def test_leaving_undoes_global_settings():
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with World("cpu", deterministic=True) as world:
        world.use_threads(threads + 1, 0)
        assert torch.are_deterministic_algorithms_enabled()
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (threads, exact)


def test_threads_go_by_work_and_free_cores(monkeypatch):
    monkeypatch.setattr(module, "free_cores", lambda: 6)
    with World("cpu") as world:
        assert world.use_threads("auto", work=1e6) == 1
        assert world.use_threads("auto", work=1e10) == 6
        assert world.use_threads(2, work=1e10) == 2
        monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
        assert world.use_threads("auto", work=1e10) == 2


def test_alone_everything_collective_is_the_identity():
    world, tensor = World("cpu"), torch.tensor([1.0, 2.0])
    assert world.mean_(tensor) is tensor
    assert (world.agree(7), world.tell("x"), world.gather(3)) == (7, "x", [3])
    assert world.share(8) == slice(0, 8)
    net = nn.Linear(1, 1)
    assert world.parallel(net) is net
    assert world.only(lambda: "made") == "made"
    assert world.stage(tensor) is tensor
    world.device = torch.device("meta")
    there = tensor.to("meta")
    assert world.stage(there) is there


def test_a_silent_object_takes_every_call():
    assert Silent().rows([1], key=2) is None
    with pytest.raises(AttributeError):
        _ = Silent().__len__


def test_reading_back_gives_a_copy():
    world, tensor = World("cpu"), torch.tensor([1.0, 2.0])
    reader = world.reader(tensor)
    reader.start(tensor)
    tensor.zero_()
    assert reader.finish().tolist() == [1.0, 2.0]


def test_memory_is_told():
    world = World("cpu")
    assert world.peak_mib() > 1
    assert world.free_bytes() > 0
