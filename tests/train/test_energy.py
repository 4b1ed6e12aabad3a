"""Energy counters, on a driver and a folder of our own."""

import ctypes

import pytest
import torch

from optcli.train import energy
from optcli.train.energy import Energy, of_gpu, of_processors


def zone(folder, name, value, largest=1000):
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "energy_uj").write_text(f"{value}\n")
    (folder / name / "max_energy_range_uj").write_text(f"{largest}\n")


def test_processors_are_added_and_their_parts_are_not(tmp_path):
    zone(tmp_path, "intel-rapl:0", 5_000_000)
    zone(tmp_path, "intel-rapl:1", 1_000_000)
    zone(tmp_path, "intel-rapl:0:0", 9_000_000)
    used = Energy(of_processors(tmp_path))
    zone(tmp_path, "intel-rapl:0", 7_500_000)
    assert used.joules() == 2.5


def test_a_counter_that_begins_anew_is_gone_on_with(tmp_path):
    zone(tmp_path, "intel-rapl:0", 900_000, largest=1_000_000)
    used = Energy(of_processors(tmp_path))
    zone(tmp_path, "intel-rapl:0", 100_000, largest=1_000_000)
    assert used.joules() == pytest.approx(0.2)


def test_what_can_not_be_read_counts_nothing(tmp_path):
    assert of_processors(tmp_path / "none") is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert of_processors(tmp_path) is None
    assert Energy(None).joules() is None


class Driver:
    """As much of NVIDIA's library as is called."""

    def __init__(self, fails=""):
        self.fails, self.asked, self.mj = fails, b"", 4000

    def nvmlInit_v2(self):
        return int(self.fails == "init")

    def nvmlDeviceGetHandleByUUID(self, name, handle):
        self.asked = name
        return int(self.fails == "card")

    def nvmlDeviceGetTotalEnergyConsumption(self, handle, spent):
        ctypes.cast(spent, ctypes.POINTER(ctypes.c_ulonglong))[0] = self.mj
        return 3 if self.fails == "old card" else 0


def test_the_cards_own_counter_is_asked():
    driver = Driver()
    used = Energy(of_gpu("1234-ab", lambda name: driver))
    assert driver.asked == b"GPU-1234-ab"
    driver.mj = 9500
    assert used.joules() == 5.5


def test_cards_without_a_counter():
    for fails in ("init", "card", "old card"):
        assert of_gpu("GPU-1", lambda name, fails=fails: Driver(fails)) is None

    def missing(name):
        raise OSError("no such library")

    assert of_gpu("GPU-1", missing) is None


def test_a_device_finds_its_counter(monkeypatch):
    monkeypatch.setattr(energy, "of_processors", lambda: float)
    assert energy.counter(torch.device("cpu")) is float
