"""Every generator that training may draw from, as one thing with a state."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from optcli.train.world import World


def seed_of(*words: int | str) -> int:
    """A 63-bit seed from numbers and words: equal words give equal seeds, on every machine."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def rewinder(device: torch.device) -> Callable[[], None]:
    """What brings torch's generators, of the host and of the device, back to where they are now."""
    host, module = torch.get_rng_state(), torch.get_device_module(device)
    if device.type == "cpu" or not getattr(module, "_initialized", True):
        return partial(torch.set_rng_state, host)
    there = module.get_rng_state(device)

    def rewind() -> None:
        torch.set_rng_state(host)
        module.set_rng_state(there, device)

    return rewind


class Randomness:
    """The generators of torch (host and device), numpy and Python, of all processes.

    Models are built alike in all processes; after `part` each draws its own numbers (dropout).
    """

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed
        self._gathered: list[Any] | None = None
        self._sow(seed)

    def part(self) -> None:
        """Let the processes' generators go separate ways."""
        if self._world.size > 1:
            self._sow(seed_of(self._seed, "rank", self._world.rank))

    def gather(self) -> None:
        """Collect all processes' states, for the `state_dict` that the first one takes next."""
        self._gathered = self._world.gather(self.mine())

    def state_dict(self) -> dict[str, Any]:
        """One entry for each process."""
        return {"processes": self._gathered or [self.mine()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take this process's entry; with more processes than then, the later ones start anew."""
        mine = self._world.mine(state["processes"])
        if mine is not None:
            self.take(mine)

    def _sow(self, seed: int) -> None:
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)

    def mine(self) -> dict[str, Any]:
        """The state of this process's generators."""
        version, words, gauss = random.getstate()
        kind, keys, position, has_gauss, cached = np.random.get_state()
        state: dict[str, Any] = {
            "torch": torch.get_rng_state(),
            "python": [version, torch.tensor(words, dtype=torch.int64), gauss],
            "numpy": [str(kind), torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
        }
        if self._world.device.type != "cpu":
            module = torch.get_device_module(self._world.device)
            state["device"] = module.get_rng_state(self._world.device)
        return state

    def take(self, state: dict[str, Any]) -> None:
        """Go on from what `mine` gave."""
        torch.set_rng_state(state["torch"].cpu())
        version, words, gauss = state["python"]
        random.setstate((version, tuple(words.tolist()), gauss))
        kind, keys, position, has_gauss, cached = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), position, has_gauss, cached))
        if "device" in state and self._world.device.type != "cpu":
            module = torch.get_device_module(self._world.device)
            module.set_rng_state(state["device"].cpu(), self._world.device)
