"""A checkpoint is complete or not there, is never believed when damaged, and never lost when it is needed."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from optcli.exits import Exit
from optcli.run import strict_json
from optcli.train import snapshot
from optcli.train.checkpoint import CannotSave, Checkpoints, NoCheckpoint


class Box:
    """The least thing with a state."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.value = state_dict["value"]


def state(n: int) -> dict[str, Box]:
    return {"model": Box(torch.full((8,), float(n))), "optimizer": Box({0: torch.arange(n % 5), "lr": 0.1 * n})}


def listing(directory: Path) -> set[str]:
    return set(os.listdir(directory))


def test_the_state_of_a_training_comes_back(tmp_path: Path) -> None:
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    shelf = Checkpoints(tmp_path / "checkpoints")
    path = shelf.save(
        7, {"model": net, "optimizer": optimizer}, metric=0.5, info={"epoch": 2, "seen": (1, float("inf"))}
    )
    loaded = shelf.load()
    assert (loaded.step, loaded.metric, loaded.skipped) == (7, 0.5, [])
    assert loaded.info == {"epoch": 2, "seen": (1, float("inf"))}
    other = torch.nn.Linear(3, 2)
    other.load_state_dict(loaded.state_dicts["model"])
    assert torch.equal(other.weight, net.weight)
    assert torch.equal(loaded.state_dicts["optimizer"]["state"][0]["exp_avg"], optimizer.state[net.weight]["exp_avg"])
    assert set(load_file(path / "model.safetensors")) == {"weight", "bias"}
    assert listing(path) == {"model.safetensors", "state.safetensors", "state.json", "manifest.json"}


def test_there_is_a_place_even_without_a_model(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(1, {"position": Box(3)})
    assert shelf.load().state_dicts == {"position": {"value": 3}}


def test_the_newest_and_the_best_stay(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path, keep=2)
    for n in range(1, 7):
        shelf.save(n, state(n), metric=float(n), best=n == 2)
    assert shelf.steps() == [2, 5, 6]
    assert listing(tmp_path) == {"step-2", "step-5", "step-6", "index.json"}
    assert strict_json.loads((tmp_path / "index.json").read_bytes()) == {"latest": "step-6", "best": "step-2"}
    assert [shelf.load(which).step for which in ("latest", "best", "step-5")] == [6, 2, 5]


def test_fewer_than_two_never_stay(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path, keep=1)
    for n in range(1, 4):
        shelf.save(n, state(n))
    assert shelf.steps() == [2, 3]


def test_the_order_of_saving_counts_not_the_step_and_not_the_clock(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path, keep=2)
    for n in (100, 200, 50):  # rolled back
        os.utime(shelf.save(n, state(n)), (10.0**9 - n, 10.0**9 - n))
    assert shelf.steps() == [200, 50]
    assert shelf.load().step == 50


def test_saving_a_step_again_replaces_it(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(5, state(1))
    shelf.save(5, state(2), best=True)
    assert listing(tmp_path) == {"step-5", "index.json"}
    assert shelf.load("best").state_dicts["model"]["value"][0] == 2


def test_a_metric_that_is_not_finite_is_none(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(1, state(1), metric=float("nan"))
    assert shelf.load().metric is None


def test_an_index_is_only_a_convenience(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(1, state(1), best=True)
    shelf.save(2, state(2))
    right = (tmp_path / "index.json").read_bytes()
    for wrong in (b"", b"{", b'{"latest": "step-9", "best": "../../x"}'):
        (tmp_path / "index.json").write_bytes(wrong)
        assert Checkpoints(tmp_path).load("best").step == 1
        assert (tmp_path / "index.json").read_bytes() == right


def test_copies_and_moves_stay_valid(tmp_path: Path) -> None:
    path = Checkpoints(tmp_path / "a").save(3, state(3))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    shutil.move(tmp_path / "a", tmp_path / "c")
    assert Checkpoints(tmp_path / "b").load().step == Checkpoints(tmp_path / "c").load().step == 3
    shutil.copytree(tmp_path / "b" / path.name, tmp_path / "mine")
    assert snapshot.read(tmp_path / "mine").step == 3


def test_without_a_good_one_the_reasons_are_told(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    with pytest.raises(NoCheckpoint, match="there is none"):
        shelf.load()
    (shelf.save(4, state(4)) / "state.json").unlink()
    with pytest.raises(NoCheckpoint, match=r"step-4: state\.json is missing") as caught:
        shelf.load()
    assert caught.value.code == Exit.IO_ERROR


def test_a_damaged_one_is_not_deleted(tmp_path: Path) -> None:
    """It may be a copy that isn't complete yet."""
    shelf = Checkpoints(tmp_path, keep=2)
    (shelf.save(1, state(1)) / "manifest.json").unlink()
    for n in range(2, 6):
        shelf.save(n, state(n))
    assert "step-1" in listing(tmp_path)


# Never a path outside


def test_links_are_neither_followed_nor_deleted(tmp_path: Path) -> None:
    foreign = Checkpoints(tmp_path / "other").save(1, state(1)).parent
    shelf = Checkpoints(tmp_path / "mine", keep=2)
    (tmp_path / "mine" / "step-1").symlink_to(foreign / "step-1")
    (tmp_path / "mine" / ".trash-1").symlink_to(foreign)
    for n in range(2, 6):
        shelf.save(n, state(n))
    assert Checkpoints(tmp_path / "mine").steps() == [4, 5]
    assert snapshot.read(foreign / "step-1").step == 1


def test_a_linked_directory_of_checkpoints_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path / "other").save(1, state(1))
    (tmp_path / "mine").symlink_to(tmp_path / "other")
    with pytest.raises(CannotSave, match="symbolic link") as caught:
        Checkpoints(tmp_path / "mine")
    assert caught.value.code == Exit.CANNOT_CREATE


def test_a_name_from_outside_leads_nowhere(tmp_path: Path) -> None:
    Checkpoints(tmp_path / "other").save(1, state(1))
    shelf = Checkpoints(tmp_path / "mine")
    with pytest.raises(NoCheckpoint):
        shelf.load("../other/step-1/../step-x")


# Room and errors


def test_too_little_room_is_told_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(1, state(1))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=5))
    with pytest.raises(CannotSave, match=r"disk is full: it needs [\d,]+ bytes, 5 are free") as caught:
        shelf.save(2, state(1))
    assert caught.value.code == Exit.IO_ERROR
    assert listing(tmp_path) == {"step-1", "index.json"}


def test_what_cannot_be_stored_is_said_before_the_name_is_given(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    with pytest.raises(TypeError, match="optimizer/value: a object"):
        shelf.save(1, {"optimizer": Box(object())})
    with pytest.raises(TypeError, match="info holds tensors"):
        shelf.save(1, {}, info={"x": torch.ones(1)})
    assert listing(tmp_path) == {"index.json"}


def test_a_file_in_the_way_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("")
    with pytest.raises(CannotSave, match="no place for checkpoints") as caught:
        Checkpoints(tmp_path / "checkpoints")
    assert caught.value.code == Exit.CANNOT_CREATE


def test_what_reads_back_differently_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(1, state(1))
    real = os.fsync

    def lossy(handle: int) -> None:
        """A disk that says yes and keeps zeros."""
        real(handle)
        if not os.path.isdir(f"/proc/self/fd/{handle}") and os.fstat(handle).st_size > 100:
            os.pwrite(handle, b"\0", 90)

    monkeypatch.setattr(os, "fsync", lossy)
    with pytest.raises(CannotSave, match="reads back differently"):
        shelf.save(2, state(2))
    assert listing(tmp_path) == {"step-1", "index.json"}
