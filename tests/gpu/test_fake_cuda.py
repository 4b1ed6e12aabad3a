"""The real step on a fake CUDA device: one device, no waits, the precision asked for, no more operators than before.

`operators.json` holds the operators of a step, a stand-in for the cost of launching kernels. To accept new counts run
`OPTCLI_COUNT=1 pytest tests/gpu/test_fake_cuda.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from optcli.parts import bundled, find

HERE = Path(__file__).parent
PRECISIONS = ("fp32", "bf16", "fp16")
SMALL = {
    "cnn": "channels: [4]",
    "resnet": "blocks: 1, width: 4",
    "gpt": "layers: 1, heads: 2, width: 8",
    "rnn": "width: 8",
    "autoencoder": "widths: [4], code: 2",
    "tabular_transformer": "layers: 1, heads: 2, width: 8",
}
"""Options of models that are large without them."""
DATA = {"image": "unreal_pictures", "vector": "unreal_table", "tokens": "unreal_text"}
"""What a model takes -> the fake process's own data."""
TASKS = {
    "classification": ("unreal_pictures", "mlp"),
    "regression": ("unreal_table", "mlp"),
    "language": (DATA["tokens"], "gpt"),
}
EARLY, RECOMPUTE = "train.optimizer_in_backward=true", "train.activation_checkpointing=true"
RECORDED = "train.cuda_graphs=true"
NETS = {"drop_path": "resnet", "embedding_noise": "gpt"}
"""Regularizers that need a certain model."""
TABLES = {"swap_noise"}
"""Regularizers that are for tables."""
OPTIMIZERS = [name for name in bundled("optimizer") if name not in {"lbfgs", "sparse_adam"}]
"""Those that step on the device: one searches along a line on the host, one is for sparse gradients of own models."""
AVERAGING = ("schedule_free_adamw", "schedule_free_sgd", "asgd")
"""Optimizers that recipes refuse together with L1."""
MISTAKES = ("waits", "forgets", "copies")
ACCUMULATE, CLIP = "train.accumulate=2", "regularizers.clip_norm.max_norm=1"


def model(name: str, kinds: Collection[str] = DATA) -> list[str]:
    """Changes to the recipe for that model, with data of one of these kinds and a loss to go with it."""
    takes = next(kind for kind in kinds if kind in find("model", name).TAKES)
    again = getattr(find("model", name), "RECONSTRUCTS", False)
    loss = ["loss=mse", "metrics=[rmse]"] if takes == "vector" or again else []
    return [
        f"data={{name: {DATA[takes]}, batch_size: 8, reconstruct: {str(again).lower()}}}",
        f"model={{name: {name}, {SMALL.get(name, '')}}}",
        *loss,
    ]


def in_every_precision() -> Iterator[tuple[str, list[str], bool]]:
    """Name, changes to the recipe, and whether the data fits on the device: every optimizer and every model."""
    for precision in PRECISIONS:
        chosen = f"train.precision={precision}"
        for name in OPTIMIZERS:
            if precision == "fp32":  # with clipping and accumulation a step does all that it does without
                yield f"{name} {precision}", [f"optimizer.name={name}", chosen], True
            yield f"{name} {precision} clip accumulate", [f"optimizer.name={name}", chosen, CLIP, ACCUMULATE], True
        for name in bundled("model"):
            yield f"{name} {precision}", [*model(name), chosen], True
        yield f"clip {precision}", [chosen, CLIP], True
        yield f"accumulate {precision}", [chosen, ACCUMULATE], True
        yield f"far {precision}", [chosen], False


def others() -> Iterator[tuple[str, list[str], bool]]:
    """Every other part at least once, and the mistakes that must be seen."""
    for name in OPTIMIZERS:
        decay = f"optimizer={{name: {name}, weight_decay: 0.1}}"
        l1 = [] if name in AVERAGING else ["regularizers.l1.strength=1e-4"]
        yield f"{name} decay l1", [decay, *l1], True
    for name in bundled("regularizer"):
        net = model(NETS.get(name, "mlp"), ["vector"] if name in TABLES else DATA)
        yield name, [*net, f"regularizers=[{name}]", "optimizer.weight_decay=0"], True
    for task, (data, net) in TASKS.items():
        metrics = [name for name in bundled("metric") if task in find("metric", name).TASKS]
        for loss in (name for name in bundled("loss") if task in find("loss", name).TASKS):
            changes = [*model(net), f"data.name={data}", f"loss={loss}", f"metrics=[{', '.join(metrics)}]"]
            yield f"{task} {loss}", changes, True
    for mistake in MISTAKES:
        yield mistake, [f"model={{name: unreal_careless, mistake: {mistake}}}"], True
    yield "muon cnn", [*model("cnn"), "optimizer.name=muon"], True
    yield "muon gpt", [*model("gpt"), "optimizer.name=muon"], True
    for precision in ("fp32", "bf16"):
        chosen = f"train.precision={precision}"
        yield f"early {precision}", [chosen, EARLY, *model("gpt"), "model.layers=2", RECOMPUTE], True
        yield f"recorded {precision}", [chosen, RECORDED, CLIP, ACCUMULATE], True
    yield "recorded fp16", ["train.precision=fp16", RECORDED, CLIP], True
    yield "channels last bf16", [*model("cnn"), "train.precision=bf16", "train.channels_last=true"], True
    yield "fp64", ["train.precision=fp64"], True
    for name in ("adamw", "sgd", "lion", "rmsprop"):
        yield f"offload {name}", [f"optimizer.name={name}", "train.offload=optimizer", CLIP], True
    yield "far accumulate", [ACCUMULATE], False
    yield "tf32", ["train.precision=tf32"], True


def cases() -> dict[str, tuple[list[str], bool]]:
    """Name -> (changes to the recipe, whether the data fits on the device)."""
    return {name: (changes, near) for name, changes, near in (*in_every_precision(), *others())}


OPERATORS = HERE / "operators.json"
HALF = {"bf16": "torch.bfloat16", "fp16": "torch.float16", "fp64": "torch.float64"}
HOST = {"state step cpu torch.float32": {"adagrad"}}
"""State that may be in the host's memory: torch's Adagrad reads its step count there, which costs no wait."""
WAITS = {"adafactor"}
"""Optimizers with which a GPU waits in every step: torch's Adafactor reads each parameter's norm."""
BEYOND = {"gradient_noise": "generator"}
"""Parts that need a driver, and the word that says for what."""
NAMES = [name for name in cases() if name not in {*MISTAKES, *BEYOND} and name.split()[0] not in WAITS]
AWAY = [name for name in NAMES if name.startswith("offload")]
"""Cases that keep the optimizer's state in the host's memory."""
every = pytest.mark.parametrize("name", [name for name in NAMES if name not in AWAY])


@pytest.fixture(scope="module")
def reports(shim: Path) -> dict[str, dict[str, Any]]:
    """What each of `cases` did on the fake device. They share one process: torch takes longer to import than to try."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(HERE / "fake_cuda.py"), str(shim)],
        input=json.dumps(cases()), env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.fixture
def report(reports, name):
    """What the case did; that it ran at all is the first law."""
    assert "error" not in reports[name], reports[name]["error"]
    return reports[name]


@every
def test_a_step_copies_nothing(report, name):
    assert report["step"] == {}
    assert report["mixed"] == {}


@every
def test_a_window_is_one_copy_that_nobody_waits_for(report, name):
    assert report["window"] == {"cuda->cpu late": 1}


@every
def test_data_come_without_a_wait(report, name):
    parts = 2 if "accumulate" in name else 1
    near = {"cpu->cuda late": 1}, {}
    far = {"cpu->cuda late": 2 * parts}, {"cpu->cuda late": 2}
    assert (report["epoch"], report["evaluation"]) == (far if name.startswith("far") else near)


@every
def test_what_was_asked_for_is_done(report, name):
    assert report["notes"] == []


@every
def test_the_precision_is_the_one_asked_for(report, name):
    asked = next((HALF[p] for p in HALF if p in name.split()), "torch.float32")
    assert report["outputs"] == [asked]


@every
def test_weights_and_state_are_float32_on_the_device(report, name):
    optimizer = name.split()[0]
    wide = "torch.float64" if name == "fp64" else "torch.float32"
    strays = {
        place for place in report["placed"] if not place.endswith((f"cuda {wide}", "state step cuda torch.float32"))
    }
    assert all(optimizer in HOST.get(place, set()) for place in strays)


@pytest.mark.parametrize("name", AWAY)
def test_state_in_the_hosts_memory_comes_and_goes_without_a_wait(report, name):
    state = {place for place in report["placed"] if place.startswith("state")}
    assert state or "sgd" in name
    assert all(place.endswith("cpu torch.float32") for place in state)
    assert report["step"].keys() <= {"cpu->cuda late", "cuda->cpu late"}
    assert report["step"].get("cpu->cuda late", 0) == report["step"].get("cuda->cpu late", 0)
    assert report["mixed"] == {}


@pytest.mark.parametrize("name", sorted(WAITS))
def test_the_exceptions_are_still_needed(reports, name):
    assert "DataDependentOutputException" in reports[f"{name} fp32"]["error"]


@pytest.mark.parametrize("name", sorted(BEYOND))
def test_what_is_beyond_the_fake_device_still_is(reports, name):
    assert BEYOND[name] in reports[name]["error"]


def test_the_device_sees_mistakes(reports):
    assert "DataDependentOutputException" in reports["waits"]["error"]
    assert "device" in reports["forgets"]["error"]
    assert reports["copies"]["step"] == {"cuda->cpu wait": 2, "cpu->cuda wait": 2}


def test_a_step_takes_no_more_operators_than_before(reports):
    now = {name: reports[name]["ops"] for name in NAMES if "error" not in reports[name]}
    version = ".".join(torch.__version__.split(".")[:2])
    assert now.keys() == set(NAMES)
    if os.environ.get("OPTCLI_COUNT"):
        OPERATORS.write_text(json.dumps({"torch": version, "steps": now}, indent=0) + "\n", encoding="utf-8")
    stored = json.loads(OPERATORS.read_text(encoding="utf-8"))
    if stored["torch"] != version:
        pytest.skip(f"counted with torch {stored['torch']}, this is {version}")
    known = {name: count for name, count in stored["steps"].items() if name in now}
    assert known
    more = {name: f"{count} -> {now[name]}" for name, count in known.items() if now[name] > count}
    assert not more
