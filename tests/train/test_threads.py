"""Free cores: limits of the container and what others are doing."""

import math
import os

from optcli.train import threads


def test_quota_of_either_version(tmp_path):
    assert threads.quota(tmp_path) == math.inf
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("150000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert threads.quota(tmp_path) == 1.5
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert threads.quota(tmp_path) == math.inf
    (tmp_path / "cpu.max").write_text("200000 100000\n")
    assert threads.quota(tmp_path) == 2
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert threads.quota(tmp_path) == math.inf


def test_busy_cores_are_not_free(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(threads, "quota", lambda: 6.0)
    for load, free in ((0.0, 6), (2.2, 4), (40.0, 1)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        assert threads.free_cores() == free
