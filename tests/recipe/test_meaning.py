"""Recipes that come near to a mistake and are right: the other side of each check."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from optcli import parts
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.units import STRICT

GOOD = [
    "optimizer: {lr: 10}",
    "optimizer: {name: sgd, lr: 100}",
    "optimizer: {name: sgd, lr: 0.1, momentum: 0.9, nesterov: true}",
    "optimizer: {lr: 1e-3, weight_decay: 0.0, decay: decoupled}",
    "optimizer: {decay: l2, weight_decay: 0.1}",
    "optimizer: {lr: 0.1, weight_decay: 9}",
    "regularizers: [{name: l2}]",
    "regularizers: [{name: l2}]\noptimizer: {weight_decay: 0.0}",
    "schedule: {name: cosine, warmup: 74}",
    "schedule: {name: cosine, warmup: 0}",
    "train: {steps: 10}",
    "train: {eval_every: 75, checkpoint_every: 100%}",
    "train: {accumulate: 5}",
    "train: {precision: bf16, device: cpu}",
    "train: {precision: fp16, device: cuda:0}",
    "train: {target: 0.9}",
    "train: {precision: fp64, device: cpu}",
    "train: {optimizer_in_backward: true, activation_checkpointing: every 2}",
    "train: {optimizer_in_backward: true}\nregularizers: [dropout, ema, l1]",
    "train: {offload: optimizer, accumulate: 5}\noptimizer: sgd",
    "train: {target: {loss: 0.1}}",
    "train: {target: {val/accuracy: 0.9}}",
    "train: {steps: 16}\nregularizers: [early_stopping]",
    "regularizers: [{name: early_stopping, metric: accuracy}]",
    "model: linear",
    "model: cnn",
    "loss: bce",
    "monitor: {nonfinite: rollback}",
    "schedule: {name: plateau, metric: accuracy}",
    "tune: {optimizer.lr: {min: 0, max: 1}}".replace("min: 0", "min: 1e-9"),
    "tune: {regularizers.dropout.rate: [0.1, 0.5], optimizer: [adam, sgd], train.epochs: [1, 2]}",
]


@pytest.mark.parametrize("line", GOOD)
def test_what_can_be_meant_is_let_through(line: str) -> None:
    loads(f"data: toy\n{line}\n")


EARLY = "optimizer_in_backward: true"
BAD = {
    f"train: {{{EARLY}, accumulate: 5}}": "`accumulate` sums them up",
    f"train: {{{EARLY}}}\nregularizers: [clip_norm]": "`clip_norm` looks at all of them",
    f"train: {{{EARLY}}}\nregularizers: [sam]": "`sam` looks at all of them",
    f"train: {{{EARLY}, precision: fp16}}": "with fp16 all of them decide",
    f"train: {{{EARLY}}}\nmonitor: {{nonfinite: skip}}": "has moved some weights, and can't be skipped",
    f"train: {{{EARLY}}}\noptimizer: muon": "`muon` can't as it is set here",
    f"train: {{{EARLY}}}\noptimizer: {{name: adamw, decay: cautious, weight_decay: 0.1}}": "`adamw` can't",
    f"train: {{{EARLY}, offload: optimizer}}": "both replace the optimizer's step",
    "train: {offload: optimizer}\noptimizer: soap": "`offload` steps each parameter by itself",
    "train: {offload: optimizer, device: cpu}": "and the device is cpu",
    "train: {activation_checkpointing: true, compile: on}": "a compiled model decides by itself",
    "train: {cuda_graphs: true, device: cpu}": "`cuda_graphs` are for CUDA",
    "train: {cuda_graphs: true}\nregularizers: [mixup]": "`mixup` does something new in every step",
    "train: {cuda_graphs: true, compile: on}": "keep one of them",
    f"train: {{cuda_graphs: true, {EARLY}}}": "keep one of them",
}


@pytest.mark.parametrize("lines", BAD)
def test_ways_to_save_memory_or_time_that_exclude_each_other(lines: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        loads(f"data: toy\n{lines}\n")
    assert any(BAD[lines] in f"{problem.message} {problem.help}" for problem in caught.value.problems)


def test_parts_have_their_own_checks() -> None:
    from dataclasses import make_dataclass

    options = make_dataclass("Options", [("depth", int, 3)], frozen=True, namespace={"__pydantic_config__": STRICT})
    check = lambda o, plan: [("depth", f"too deep for {plan.steps} steps", "less")] if o.depth > 5 else []  # noqa: E731
    parts.add("model", "tower", SimpleNamespace(Options=options, TAKES=frozenset({"image"}), check=check))
    assert loads("data: toy\nmodel: tower\n").model.options.depth == 3
    with pytest.raises(BadRecipe) as caught:
        loads("data: toy\nmodel:\n  name: tower\n  depth: 6\n", "r.yaml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.message) == (4, 10, "too deep for 75 steps")


def test_without_validation_data_nothing_can_watch_it() -> None:
    with pytest.raises(BadRecipe, match="watches the validation data"):
        loads("data: {name: toy, n: 9, batch_size: 1}\nregularizers: [early_stopping]\n")


def test_an_installed_part_that_fails_to_load_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def load(self) -> None:
            raise ImportError("no module named `wheel_of_fortune`")

    monkeypatch.setattr(parts, "_installed", lambda kind: {"broken": Broken()} if kind == "optimizer" else {})
    with pytest.raises(BadRecipe, match="can't be loaded: ImportError"):
        loads("data: toy\noptimizer: broken\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: shakespeare\nregularizers: [mixup]\n", "`mixup` is for image and vector inputs, the data gives tokens"),
        (
            "data: diamonds\nloss: mse\nregularizers: [r_drop]\n",
            "`r_drop` is for classification and language tasks, the data gives regression",
        ),
        ("data: diamonds\nregularizers: [cutmix]\n", "`cutmix` is for image inputs, the data gives vector"),
        (
            "data: digits\noptimizer: schedule_free_sgd\nregularizers: [l1]\n",
            "`l1` changes weights after a step, and `schedule_free_sgd` evaluates averages of them",
        ),
        ("data: digits\nregularizers: [{name: swa, start: 100%}]\n", "averaging begins at step 110 of 110"),
    ],
)
def test_regularizers_that_have_nothing_to_work_on(text: str, message: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        loads(text)
    assert [p.message for p in caught.value.problems] == [message]
