"""Energy as the hardware counts it: NVIDIA's driver for its GPUs, RAPL for processors. Both count everybody's work."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch

POWERCAP: Final = Path("/sys/class/powercap")
Counter = Callable[[], float]
"""Joules since some moment in the past."""


class Energy:
    """`joules()` since the object was made; None where nothing counts."""

    def __init__(self, counter: Counter | None) -> None:
        self._counter = counter
        self._begin = None if counter is None else counter()

    def joules(self) -> float | None:
        """May be a tenth of a second old."""
        if self._counter is None or self._begin is None:
            return None
        return max(0.0, self._counter() - self._begin)


def counter(device: torch.device) -> Counter | None:
    """The counter of what a device takes, or None."""
    if device.type == "cpu":
        return of_processors()
    properties = torch.get_device_module(device).get_device_properties(device)
    return of_gpu(str(getattr(properties, "uuid", "")))


def of_gpu(uuid: str, load: Callable[[str], Any] = ctypes.CDLL) -> Counter | None:
    """The counter of the NVIDIA card with that identifier, or None: no driver, or a card before Volta."""
    try:
        library = load("libnvidia-ml.so.1")
        handle, spent = ctypes.c_void_p(), ctypes.c_ulonglong()
        name = uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"
        failed = library.nvmlInit_v2() or library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(handle))
        if failed or library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(spent)):
            return None
    except (OSError, AttributeError):
        return None

    def joules() -> float:
        library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(spent))
        return spent.value / 1000

    return joules


def of_processors(folder: Path = POWERCAP) -> Counter | None:
    """The sum over all processors, or None: nothing to read, or only for root."""
    zones = [_Zone(path) for path in sorted(folder.glob("intel-rapl:*")) if path.name.count(":") == 1]
    try:
        for zone in zones:
            zone()
    except (OSError, ValueError):
        return None
    return (lambda: sum(zone() for zone in zones)) if zones else None


class _Zone:
    """One processor's counter, which begins anew at its largest value."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._last, self._turns = folder, 0, 0

    def __call__(self) -> float:
        now = self._read("energy_uj")
        if now < self._last:
            self._turns += self._read("max_energy_range_uj")
        self._last = now
        return (now + self._turns) / 1e6

    def _read(self, name: str) -> int:
        return int((self._folder / name).read_text(encoding="ascii"))
