"""A checkpoint that isn't what was written is never believed."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from optcli.train import manifest, snapshot
from optcli.train.checkpoint import Checkpoints, NoCheckpoint


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


def flip(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def cut(file: Path, chance: random.Random) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data))])


def grow(file: Path, chance: random.Random) -> None:
    file.write_bytes(file.read_bytes() + chance.randbytes(chance.randint(1, 9)))


def zero(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    begin = chance.randrange(len(data))
    block = data[begin : begin + 64]
    data[begin : begin + 64] = bytes(len(block)) if any(block) else b"\1" * len(block)
    file.write_bytes(data)


def swap(file: Path, chance: random.Random) -> None:
    others = [path for path in file.parent.iterdir() if path.is_file() and path != file]
    other = chance.choice(sorted(others))
    mine, theirs = file.read_bytes(), other.read_bytes()
    file.write_bytes(theirs)
    other.write_bytes(mine)


def older(file: Path, chance: random.Random) -> None:
    shutil.copy(file.parent.parent / "step-1" / file.name, file)


def missing(file: Path, chance: random.Random) -> None:
    file.unlink()


def link(file: Path, chance: random.Random) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


DAMAGES: list[Callable[[Path, random.Random], None]] = [flip, cut, grow, zero, swap, older, missing, link]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_is_found_and_the_newest_good_one_taken(tmp_path: Path, damage: Callable[..., None]) -> None:
    chance = random.Random(damage.__name__)
    good = tmp_path / "good"
    shelf = Checkpoints(good)
    shelf.save(1, state(3))
    newest = shelf.save(2, state(4))
    files = sorted(path.name for path in newest.iterdir())
    for trial in range(28):
        bad = tmp_path / f"bad{trial}"
        shutil.copytree(good, bad)
        damage(bad / "step-2" / files[trial % len(files)], chance)
        loaded = Checkpoints(bad).load()
        assert loaded.step == 1
        assert [path.name for path, _ in loaded.skipped] == ["step-2"]
        assert all(why for _, why in loaded.skipped)


def test_no_byte_of_the_manifest_may_change(tmp_path: Path) -> None:
    path = Checkpoints(tmp_path).save(2, state(4), metric=0.25)
    raw = (path / "manifest.json").read_bytes()
    for at in range(len(raw)):
        for bit in (1, 32):
            (path / "manifest.json").write_bytes(raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :])
            with pytest.raises(manifest.Damaged):
                snapshot.about(path)


def test_a_directory_with_another_steps_name_is_found_out(tmp_path: Path) -> None:
    shelf = Checkpoints(tmp_path)
    shelf.save(1, state(1))
    shelf.save(2, state(2))
    (tmp_path / "step-1").rename(tmp_path / "step-9")
    loaded = shelf.load()
    assert (loaded.step, loaded.skipped) == (2, [(tmp_path / "step-9", "it is the checkpoint of step 1")])


def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    path = Checkpoints(tmp_path).save(1, state(1))
    (path / "manifest.json").unlink()
    os.mkfifo(path / "manifest.json")
    with pytest.raises(NoCheckpoint, match="is no file"):
        Checkpoints(tmp_path).load()
