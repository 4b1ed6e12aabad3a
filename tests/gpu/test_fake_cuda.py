"""The real step on a fake CUDA device: one device, no waits, the precision asked for, no more operators than before.

`operators.json` holds the operators of a step, a stand-in for the cost of launching kernels. To accept new counts run
`OPTCLI_COUNT=1 pytest tests/gpu/test_fake_cuda.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from optcli.parts import bundled

HERE = Path(__file__).parent
PRECISIONS = ("fp32", "bf16", "fp16")
MODELS = {
    "cnn": ("model={name: cnn, channels: [4]}",),
    "resnet": ("model={name: resnet, blocks: 1, width: 4}",),
    "gpt": ("data.name=text", "model={name: gpt, layers: 1, heads: 2, width: 8}"),
    "rnn": ("data.name=text", "model={name: rnn, width: 8}"),
    "linear": ("model=linear",),
}
"""Besides the mlp, with which everything else is tried."""
REGULARIZERS = {
    "clip_norm": "max_norm=0.5", "dropout": "rate=0.2", "early_stopping": "patience=2", "elastic_net": "strength=1e-4",
    "l1": "strength=1e-4", "l2": "strength=1e-4", "label_smoothing": "strength=0.1", "max_norm": "limit=3",
}  # fmt: skip
REGRESSION = ("data.name=table", "metrics=[mae, r2, rmse]")
LANGUAGE = ("data.name=text", "model={name: gpt, layers: 1, heads: 2, width: 8}")
MISTAKES = ("waits", "forgets", "copies")
ACCUMULATE, CLIP = "train.accumulate=2", "regularizers.clip_norm.max_norm=1"


def cases() -> dict[str, tuple[list[str], bool]]:
    """Every optimizer in every precision, then every other part at least once."""
    made: dict[str, tuple[list[str], bool]] = {}
    for precision in PRECISIONS:
        chosen = f"train.precision={precision}"
        for name in bundled("optimizer"):
            made[f"{name} {precision}"] = [f"optimizer.name={name}", chosen], True
            made[f"{name} {precision} clip accumulate"] = [f"optimizer.name={name}", chosen, CLIP, ACCUMULATE], True
        for name, changes in MODELS.items():
            made[f"{name} {precision}"] = [*changes, chosen], True
        made[f"clip {precision}"] = [chosen, CLIP], True
        made[f"accumulate {precision}"] = [chosen, ACCUMULATE], True
        made[f"far {precision}"] = [chosen], False
    for name in bundled("optimizer"):
        made[f"{name} decay l1"] = [
            f"optimizer={{name: {name}, weight_decay: 0.1}}", "regularizers.l1.strength=1e-4"
        ], True  # fmt: skip
    for name, option in REGULARIZERS.items():
        made[name] = [f"regularizers.{name}.{option}", "optimizer.weight_decay=0"], True
    for mistake in MISTAKES:
        made[mistake] = [f"model={{name: careless, mistake: {mistake}}}"], True
    made["muon cnn"] = [*MODELS["cnn"], "optimizer.name=muon"], True
    made["muon gpt"] = [*MODELS["gpt"], "optimizer.name=muon"], True
    made["far accumulate"] = [ACCUMULATE], False
    made["tf32"] = ["train.precision=tf32"], True
    made["bce"] = ["loss=bce", "metrics=[accuracy, perplexity]"], True
    made["mse"] = ["loss=mse", *REGRESSION], True
    made["huber"] = ["loss=huber", *REGRESSION], True
    made["language"] = [*LANGUAGE, "metrics=[accuracy, perplexity, bits_per_char]"], True
    return made


OPERATORS = HERE / "operators.json"
HALF = {"bf16": "torch.bfloat16", "fp16": "torch.float16"}
HOST = {"state step cpu torch.float32": {"adagrad"}}
"""State that may be in the host's memory: torch's Adagrad reads its step count there, which costs no wait."""
NAMES = [name for name in cases() if name not in MISTAKES]
every = pytest.mark.parametrize("name", NAMES)


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
def test_the_precision_is_the_one_asked_for(report, name):
    asked = next((HALF[p] for p in HALF if p in name.split()), "torch.float32")
    assert report["outputs"] == [asked]


@every
def test_weights_and_state_are_float32_on_the_device(report, name):
    optimizer = name.split()[0]
    strays = {place for place in report["placed"] if not place.endswith("cuda torch.float32")}
    assert all(optimizer in HOST.get(place, set()) for place in strays)


def test_every_part_is_tried():
    tried = " ".join(str(changes) for changes, _ in cases().values())
    for kind in ("optimizer", "model", "loss", "metric", "regularizer"):
        missing = [name for name in bundled(kind) if name not in tried and name not in {"mlp", "cross_entropy"}]
        assert not missing, f"{kind}: add {missing} to cases.py"
    assert set(PRECISIONS) | {"tf32"} == {"fp32", "tf32", "bf16", "fp16"}


def test_the_device_sees_mistakes(reports):
    assert "DataDependentOutputException" in reports["waits"]["error"]
    assert "device" in reports["forgets"]["error"]
    assert reports["copies"]["step"] == {"cuda->cpu wait": 2, "cpu->cuda wait": 2}


def test_a_step_takes_no_more_operators_than_before(reports):
    now = {name: reports[name]["ops"] for name in NAMES if "error" not in reports[name]}
    version = ".".join(torch.__version__.split(".")[:2])
    if os.environ.get("OPTCLI_COUNT"):
        OPERATORS.write_text(json.dumps({"torch": version, "steps": now}, indent=0) + "\n", encoding="utf-8")
    stored = json.loads(OPERATORS.read_text(encoding="utf-8"))
    if stored["torch"] != version:
        pytest.skip(f"counted with torch {stored['torch']}, this is {version}")
    assert stored["steps"].keys() == set(NAMES)
    more = {name: f"{stored['steps'][name]} -> {count}" for name, count in now.items() if count > stored["steps"][name]}
    assert not more
