"""What a run took, as its summary says."""

import json

import pytest
import torch

from optcli.train import resources
from optcli.train.verdict import si
from optcli.train.world import World


def test_a_finished_run_tells_what_it_took(run, tmp_path):
    told = run(tmp_path / "r").summary
    took = told["resources"]
    assert json.loads((tmp_path / "r" / "summary.json").read_text())["resources"] == took
    assert took["memory_mib"].keys() == {"parameters", "gradients", "optimizer", "activations"}
    assert took["flops_per_step"] == 2 * 2 * 8 * (4 * 12 + 12 * 3) + 2 * 8 * 12 * 3
    assert took["flops_per_s"] == pytest.approx(took["flops_per_step"] / told["wall_us_per_step"] * 1e6)
    assert took["utilization"] == pytest.approx(took["flops_per_s"] / took["matmul_flops_per_s"], abs=1e-4)


def test_accumulation_and_a_second_pass_are_counted(run, tmp_path):
    plain = run(tmp_path / "plain").summary["resources"]["flops_per_step"]
    changes = ("regularizers.sam.radius=0.05", "train.accumulate=2")
    assert run(tmp_path / "sam", *changes).summary["resources"]["flops_per_step"] == 4 * plain


def test_the_passes_of_a_search_are_not_known(run, tmp_path):
    took = run(tmp_path / "r", "optimizer={name: lbfgs, lr: 1}").summary["resources"]
    assert (took["flops_per_step"], took["utilization"]) == (None, None)


@pytest.mark.parametrize("stop", [-1, 5])
def test_energy_is_that_of_the_whole_run_or_not_known(run, monkeypatch, tmp_path, stop):
    spent = iter(range(100))
    monkeypatch.setattr("optcli.train.energy.counter", lambda device: lambda: float(next(spent)))
    run(tmp_path / "r", stop=stop)
    told = run(tmp_path / "r", resume=True).summary["resources"]
    assert (told["energy_j"] is None) is (stop > 0)


def test_a_run_that_failed_tells_nothing(run, tmp_path):
    assert run(tmp_path / "r", "data.nan_at=7").summary["resources"] is None


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp64"])
def test_a_matrix_product_is_timed(monkeypatch, precision):
    clock = iter(range(100))
    monkeypatch.setattr(resources.time, "perf_counter", lambda: next(clock))
    assert resources.matmul_peak(World("cpu", precision), torch.float32) == 2 * resources.SIDE["cpu"] ** 3


@pytest.mark.parametrize(("value", "text"), [(1234.0, "1.23 k"), (5.5e10, "55 G"), (12.0, "12 ")])
def test_three_digits_and_a_prefix(value, text):
    assert si(value) == text
