"""Each smoke check passes on a sound recipe and fails on the fault it is for."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import optcli
from optcli import parts
from optcli.recipe import loads
from optcli.trial import smoke
from optcli.trial.smoke import SmokeReport, replay
from optcli.trial.smoke.bench import Bench

RECIPE = """\
data: {{name: {data}, batch_size: 16}}
model: {model}
train: {{epochs: 3, device: cpu}}
"""


@pytest.fixture(autouse=True)
def own_parts() -> Iterator[None]:
    """Two clusters a class, easily told apart, and room for broken models."""

    @optcli.data(task="classification")
    def clusters() -> tuple[Any, ...]:
        draw = np.random.default_rng(0)
        centers = draw.normal(size=(4, 6)) * 2
        labels = draw.integers(0, 4, 260)
        x = (centers[labels] + draw.normal(size=(260, 6)) * 0.3).astype("float32")
        return x[:200], labels[:200], x[200:], labels[200:]

    yield
    parts.forget()


def checked(only: str, model: str = "mlp", data: str = "clusters") -> SmokeReport:
    return smoke.run(loads(RECIPE.format(model=model, data=data)), only=[only])


def status(only: str, model: str = "mlp", data: str = "clusters") -> str:
    return checked(only, model, data).results[0].status


def test_a_sound_recipe_passes_every_check() -> None:
    seen: list[str] = []
    report = smoke.run(loads(RECIPE.format(model="mlp", data="clusters")), tell=lambda r: seen.append(r.name))
    assert not report.failed
    assert tuple(seen) == smoke.names() == tuple(r.name for r in report.results)


def test_double_precision_passes_every_check() -> None:
    recipe = loads(RECIPE.format(model="{name: mlp, norm: batch}", data="clusters"), overrides=["train.precision=fp64"])
    assert not smoke.run(recipe).failed


def test_every_check_says_what_it_is_for() -> None:
    assert len(smoke.names()) >= 9
    assert all(smoke.doc(name) for name in smoke.names())


class Net(nn.Module):
    """An MLP with one fault, chosen by name."""

    def __init__(self, facts: Any, fault: str) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(facts.shape[0], 32), nn.Linear(32, facts.outputs)
        self.fault = fault
        self.counter = 0.0
        if fault == "huge":
            nn.init.normal_(self.last.weight, std=30.0)
        if fault == "unused":
            self.spare = nn.Linear(3, 3)
        if fault == "zeros":
            nn.init.zeros_(self.first.weight)
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.first.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.fault == "blind":
            x = torch.zeros_like(x)
        hidden = self.first(x).relu()
        if self.fault == "mixes":
            hidden = hidden - hidden.mean(0, keepdim=True)
        if self.fault == "unseeded":
            hidden = hidden * float(1 + 0.01 * np.random.default_rng().random())
        if self.fault == "forgets" and self.training:
            self.counter += 1.0
            hidden = hidden * (1 + 0.1 * self.counter)
        if self.fault == "in place":
            hidden = hidden.sigmoid()
            hidden += 1
        out: torch.Tensor = self.last(hidden)
        if self.fault == "cut":
            return out.detach()
        return out.detach() + self.last.bias if self.fault == "detached" else out


@pytest.fixture
def broken() -> Callable[[str], str]:
    def make(fault: str) -> str:
        @optcli.model
        def net(facts: Any) -> nn.Module:
            return Net(facts, fault)

        return "net"

    return make


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ("loss_at_init", "huge"),
        ("gradients", "unused"),
        ("gradients", "cut"),
        ("gradients", "in place"),
        ("same_seed", "in place"),
        ("gradients", "zeros"),
        ("gradients", "detached"),
        ("independent_samples", "mixes"),
        ("one_batch", "detached"),
        ("one_batch", "blind"),
        ("sees_input", "blind"),
        ("same_seed", "unseeded"),
        ("exact_resume", "forgets"),
    ],
)
def test_a_broken_model_fails_its_check(broken: Callable[[str], str], check: str, fault: str) -> None:
    result = checked(check, broken(fault)).results[0]
    assert result.status == "fail", result.message
    assert result.help


@pytest.mark.parametrize(("count", "expected"), [(0, "pass"), (1, "fail"), (20, "fail")])
def test_training_samples_in_the_validation_set(count: int, expected: str) -> None:
    @optcli.data(task="classification")
    def leaking() -> tuple[Any, ...]:
        draw = np.random.default_rng(1)
        x, y = draw.normal(size=(300, 4)).astype("float32"), draw.integers(0, 3, 300)
        x[200 : 200 + count], y[200 : 200 + count] = x[:count], y[:count]
        return x[:200], y[:200], x[200:], y[200:]

    report = checked("overlap", data="leaking")
    assert report.results[0].status == expected
    assert report.results[0].figures["shared"] == count


def test_few_shared_samples_are_listed_and_tolerated() -> None:
    @optcli.data(task="classification")
    def big() -> tuple[Any, ...]:
        draw = np.random.default_rng(1)
        x, y = draw.normal(size=(2200, 4)).astype("float32"), draw.integers(0, 3, 2200)
        x[300] = x[7]
        return x[:200], y[:200], x[200:], y[200:]

    result = checked("overlap", data="big").results[0]
    assert result.status == "pass"
    assert "100 = training 7" in result.message


def test_labels_without_relation_to_inputs_fail() -> None:
    @optcli.data(task="classification")
    def unrelated() -> tuple[Any, ...]:
        draw = np.random.default_rng(2)
        x, y = draw.normal(size=(400, 6)).astype("float32"), draw.integers(0, 4, 400)
        return x[:200], y[:200], x[200:], y[200:]

    assert status("sees_input", data="unrelated") == "fail"


def line(scale: float, samples: int) -> None:
    @optcli.data(task="regression")
    def straight() -> tuple[Any, ...]:
        x = np.random.default_rng(0).normal(size=(samples + 50, 3)).astype("float32")
        y = scale * x @ np.array([3.0, -2.0, 0.5], "float32")
        return x[:samples], y[:samples], x[samples:], y[samples:]


@pytest.mark.parametrize(
    ("check", "scale", "rate"),
    [("one_batch", 0.01, 3e-3), ("one_batch", 1, 3e-2), ("one_batch", 5, 3e-1), ("sees_input", 100, 1e-1)],
)
def test_a_line_far_from_its_first_weights_is_learned_at_a_greater_rate(
    check: str, scale: float, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optcli.trial.smoke.checks.sees_input.SECONDS", 1e9)
    line(scale, 150)
    (result,) = checked(check, "linear", "straight").results
    assert result.status == "pass", result.message
    assert result.figures["rate"] == rate
    assert f"of Adam at {rate:g}" in result.message


@pytest.mark.parametrize("check", ["one_batch", "sees_input"])
def test_what_fails_at_every_rate_is_told_with_all_of_them(check: str, broken: Callable[[str], str]) -> None:
    message = checked(check, broken("blind")).results[0].message
    assert (
        re.findall("steps of Adam at ([0-9.]+)[,:]", message)
        == {
            "one_batch": ["0.003", "0.03", "0.3"],
            "sees_input": ["0.001", "0.01", "0.1"],
        }[check]
    )


@pytest.mark.parametrize(("floor", "status"), [(0.5, "pass"), (3.0, "fail")])
def test_a_loss_of_ones_own_may_have_a_floor(floor: float, status: str) -> None:
    optcli.loss(name="floored")(lambda output, target: torch.nn.functional.cross_entropy(output, target) + floor)
    text = RECIPE.format(model="mlp", data="clusters") + "loss: floored\n"
    assert smoke.run(loads(text), only=["one_batch"]).results[0].status == status


def test_inputs_that_give_no_number_at_any_rate_fail() -> None:
    optcli.loss(name="nothing")(lambda output, target: output.sum() * float("nan"))
    text = RECIPE.format(model="mlp", data="clusters") + "loss: nothing\nmetrics: []\n"
    assert smoke.run(loads(text), only=["one_batch", "sees_input"]).failed == ["one_batch", "sees_input"]


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity"), (1e6, "scale")])
def test_bad_inputs_fail(value: float, word: str) -> None:
    @optcli.data(task="classification")
    def dirty() -> tuple[Any, ...]:
        x, y = np.ones((40, 3), "float32"), np.arange(40) % 2
        x[5, 1] = value
        return x[:20], y[:20], x[20:], y[20:]

    result = checked("finite_data", data="dirty").results[0]
    assert result.status == "fail"
    assert word in f"{result.message} {result.help}"


def test_a_language_model_that_looks_ahead_fails() -> None:
    @optcli.data(task="language")
    def looks_ahead() -> tuple[Any, ...]:
        tokens = np.random.default_rng(0).integers(0, 11, (60, 9))
        return tokens[:40, :-1], tokens[:40, 1:], tokens[40:, :-1], tokens[40:, 1:]

    @optcli.model
    def peeks(facts: Any) -> nn.Module:
        class Peek(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.table, self.head = nn.Embedding(facts.outputs, 8), nn.Linear(8, facts.outputs)

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                seen = self.table(x)
                out: torch.Tensor = self.head(seen + seen.mean(1, keepdim=True))
                return out

        return Peek()

    assert status("independent_samples", "peeks", "looks_ahead") == "fail"
    assert status("independent_samples", "{name: gpt, layers: 1, width: 16, heads: 2}", "looks_ahead") == "pass"


@pytest.mark.parametrize(("mixes", "verdict"), [(False, "pass"), (True, "fail")])
def test_outputs_of_several_tensors_are_compared_one_by_one(mixes: bool, verdict: str) -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(6, 4)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
            return self.head(x), {"hidden": x - x.mean(0) if mixes else x}

    optcli.model(name="two")(lambda facts: Two())
    optcli.loss(name="first")(lambda output, target: nn.functional.cross_entropy(output[0], target))
    text = RECIPE.format(model="two", data="clusters") + "loss: first\nmetrics: []\n"
    report = smoke.run(loads(text))
    assert [r.name for r in report.results if r.status == "fail"] == ["independent_samples"] * mixes
    assert {r.name: r.status for r in report.results}["independent_samples"] == verdict


@pytest.mark.parametrize("check", ["same_seed", "exact_resume"])
@pytest.mark.parametrize("fault", ["", "unseeded"])
def test_sums_in_any_order_are_no_fault(
    check: str, fault: str, broken: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device whose kernels differ from run to run, unless they are asked to be deterministic."""
    runs, plain = [0], replay._rows

    def rows(run: Path) -> list[dict[str, Any]]:
        runs[0] += 1
        return [*plain(run), {"step": runs[0]}] if run.name.endswith("False") else plain(run)

    monkeypatch.setattr(replay, "_rows", rows)
    recipe = loads(RECIPE.format(model=broken(fault) if fault else "mlp", data="clusters"))
    results = {}
    for device in ("cpu", "cuda"):
        with Bench(recipe) as bench:
            bench.__dict__["world"] = SimpleNamespace(device=torch.device(device))
            results[device] = importlib.import_module(f"optcli.trial.smoke.checks.{check}").check(bench)
    assert results["cpu"].status == "fail"
    assert results["cuda"].status == ("fail" if fault else "pass")
    assert results["cuda"].message.endswith(replay.ORDERED) is not bool(fault)


@pytest.mark.parametrize("check", ["same_seed", "exact_resume"])
def test_a_training_that_breaks_off_fails_and_is_told(check: str) -> None:
    text = "data: {name: diamonds, batch_size: 256}\nloss: mse\noptimizer: {name: sgd, lr: 90}\ntrain: {device: cpu}\n"
    (result,) = smoke.run(loads(text), only=[check]).results
    assert result.status == "fail"
    assert "the training breaks off: NUM301" in result.message


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert status("exact_resume") == "pass"
    assert not list(tmp_path.iterdir())


def test_a_passage_in_both_texts_fails_wherever_it_stands() -> None:
    def texts(copied: int) -> tuple[Any, ...]:
        tokens = np.random.default_rng(0).integers(0, 40, 4000)
        tokens[3500 : 3500 + copied] = tokens[1003 : 1003 + copied]
        windows = tokens[:3992].reshape(-1, 8)
        x, y = windows[:-1], windows[:-1] + 1
        return x[:400], y[:400], x[400:], y[400:]

    optcli.data(task="language", name="sound")(lambda: texts(0))
    optcli.data(task="language", name="stolen")(lambda: texts(200))
    model = "{name: rnn, width: 4}"
    assert checked("overlap", data="sound", model=model).results[0].status == "pass"
    (result,) = checked("overlap", data="stolen", model=model).results
    assert result.status == "fail"
    assert "% of the validation text stands in the training text too" in result.message
