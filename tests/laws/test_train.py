"""Laws of training: a run that was interrupted, shared or fed a NaN is the run that was not."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from optcli.parts import bundled
from optcli.recipe import loads
from optcli.train.checkpoint import Checkpoints
from optcli.train.session import train

RECIPE = """
name: law
seed: 1
data: {name: digits, batch_size: 96}
model: {name: mlp, hidden: [16]}
loss: cross_entropy
metrics: [accuracy]
optimizer: {name: adamw, lr: 0.005}
train: {epochs: 2, threads: 1, eval_every: 7, checkpoint_every: 5}
"""
VARIANTS = {
    "plain": (),
    "dropout, warm-up, cosine": ("regularizers.dropout.rate=0.3", "schedule.name=cosine", "schedule.warmup=20%"),
    "accumulation": ("train.accumulate=2", "data.batch_size=48"),
    "plateau": ("schedule.name=plateau", "schedule.patience=0", "schedule.gamma=0.5"),
    "sequence, by epochs, with courses": (
        "schedule={name: sequence, unit: epoch, stages: [{name: linear, until: 50%}, {name: cosine}]}",
        "schedule.momentum={start: 0.5, end: 0.95, over: 60%}",
        "schedule.weight_decay=[1, 0]",
        "optimizer.weight_decay=0.3",
    ),
    "one-cycle, sgd": (
        "optimizer={name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.01}",
        "schedule={name: one_cycle, momentum: [0.85, 0.95], weight_decay: {start: 0, end: 1}}",
    ),
    "l1 with an end": ("regularizers.l1={strength: 1e-2, ramp: 20%, until: 60%}",),
    "penalties": (
        "regularizers.spectral.strength=0.1",
        "regularizers.orthogonal.strength=0.1",
        "regularizers.label_smoothing.strength=0.1",
    ),
    "early stopping": ("regularizers.early_stopping.patience=2", "optimizer.lr=0.3"),
    "clipping and l1": ("regularizers.clip_norm.max_norm=0.3", "regularizers.l1.strength=1e-4"),
    "batch norm, sgd": ("model.norm=batch", "optimizer.name=sgd", "optimizer.lr=0.1", "optimizer.momentum=0.9"),
    "l-bfgs": ("optimizer=lbfgs", "optimizer.max_iter=3", "model.norm=batch", "regularizers.l2.strength=1e-3"),
    "averaged sgd": ("optimizer=asgd", "optimizer.lr=0.05", "optimizer.t0=5"),
    "schedule-free adamw": ("optimizer.name=schedule_free_adamw", "model.norm=batch", "regularizers.dropout.rate=0.2"),
    "schedule-free sgd": ("optimizer.name=schedule_free_sgd", "optimizer.weight_decay=0.01"),
    "soap": ("optimizer.name=soap", "optimizer.every=4"),
    "prodigy, clipping": ("optimizer.name=prodigy", "regularizers.clip_norm.max_norm=0.5"),
    "adafactor": ("optimizer.name=adafactor",),
    "noise, zclip, value": (
        "regularizers.gradient_noise.strength=0.01",
        "regularizers.zclip.warmup=4",
        "regularizers.clip_value.max_value=0.1",
    ),
    "agc, input noise": ("regularizers.agc.clipping=0.02", "regularizers.input_noise.std=0.2"),
    "ema, batch norm": (
        "regularizers.ema.decay=0.8",
        "model.norm=batch",
        "schedule.name=plateau",
        "schedule.patience=0",
    ),
    "swa, sam": (
        "regularizers.swa.start=40%",
        "regularizers.swa.every=3",
        "regularizers.sam.radius=0.1",
        "model.norm=batch",
    ),
    "ema, schedule-free": ("regularizers.ema.decay=0.8", "optimizer.name=schedule_free_sgd"),
    "mixup, cutmix, r-drop": (
        "model=cnn",
        "regularizers.mixup.alpha=0.4",
        "regularizers.cutmix.alpha=1",
        "regularizers.augment.rotate=10",
        "regularizers.augment.cutout=0.3",
        "regularizers.r_drop.strength=1",
        "regularizers.dropout.rate=0.2",
        "train.epochs=1",
        "data.batch_size=48",
    ),
    "group lasso, accumulation, fp16, sam": (
        "regularizers.group_lasso.strength=1e-3",
        "train.accumulate=2",
        "data.batch_size=48",
        "train.precision=fp16",
        "regularizers.sam.adaptive=true",
    ),
    "groups, layers, freezing, cautious": (
        "optimizer.groups={head: {lr_scale: 2, weight_decay: 0}}",
        "optimizer.layer_decay=0.8",
        "model.freeze=[linear1]",
        "optimizer.weight_decay=0.1",
        "optimizer.decay=cautious",
        "model.hidden=[16, 16]",
        "regularizers.l1.strength=1e-4",
    ),
    "autoencoder, noise, augmentation": (
        "data.reconstruct=true",
        "model={name: autoencoder, widths: [4], code: 4}",
        "loss=mse",
        "metrics=[r2]",
        "regularizers.augment.flip=both",
        "regularizers.input_noise.std=0.2",
    ),
    "width transfer": ("model.hidden=[32, 32]", "model.mup_base_width=8", "optimizer.weight_decay=0.1"),
    "checkpointed blocks, channels last": (
        "model={name: cnn, channels: [4, 4], norm: batch}",
        "regularizers.dropout.rate=0.2",
        "train.activation_checkpointing=true",
        "train.channels_last=true",
        "train.epochs=1",
    ),
    **{
        f"{name}, channels last": (
            "model={name: cnn, channels: [4, 4], norm: batch}",
            f"optimizer={{name: {name}}}",
            "train.channels_last=true",
            "train.epochs=1",
        )
        for name in bundled("optimizer")
        if name not in ("lbfgs", "sparse_adam")
    },
    "muon, layer by layer": ("optimizer={name: muon, layer_decay: 0.5}", "model.hidden=[16, 16]"),
    "fp64, eighths": (
        "train.precision=fp64",
        "train.accumulate=2",
        "data.batch_size=32",
        "regularizers.dropout.rate=0.2",
    ),
    "bf16": ("train.precision=bf16",),
    "fp64, scalars in fp32": ("train.precision=fp64", "optimizer=prodigy"),
    "fp64, schedule-free": ("train.precision=fp64", "optimizer=schedule_free_adamw"),
    "fp64, torch's own scalars": ("train.precision=fp64", "optimizer=nadam"),
    "fp16": ("train.precision=fp16",),  # on a CPU only for this test
}


def contents(folder: Path) -> tuple[list[Any], dict[str, Any]]:
    """Journal without clocks and words about interruptions; newest checkpoint with tensors as bytes."""
    records = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    rows = [{k: v for k, v in r.items() if k != "clock"} for r in records if r.get("event") != "resume"]
    return rows, _plain(Checkpoints(folder / "checkpoints").load().state_dicts)


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.numpy().tobytes()
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in ("wall", "reached")}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def stopped_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a SIGTERM comes during that step."""
    from optcli.train.update import Update

    plain = Update.__call__

    def call(self: Update, number: int, *rest: Any) -> None:
        plain(self, number, *rest)
        if number + 1 == step:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Update, "__call__", call)


@pytest.mark.parametrize("name", VARIANTS)
def test_stopped_and_resumed_is_not_stopped(name, tmp_path, monkeypatch, capsys):
    exact(loads(RECIPE, overrides=VARIANTS[name]), tmp_path, monkeypatch)


def tensors():
    """All that the process has; by type, since asking some of torch's objects what they are makes them warn."""
    return [t for t in gc.get_objects() if issubclass(type(t), torch.Tensor)]


@pytest.mark.parametrize("name", [name for name in VARIANTS if "checkpointed" not in name])  # such a block is a ring
def test_a_training_leaves_no_tensor_behind(name, tmp_path, capsys):
    """Memory of a device doesn't wait for the collector, which knows nothing of it."""
    recipe = loads(RECIPE, overrides=[*VARIANTS[name], "train.epochs=1"])
    train(recipe, run_dir=tmp_path / "first", device="cpu")  # an import in the middle of it keeps its frames
    gc.collect()
    gc.disable()
    try:
        before = {id(t) for t in tensors()}
        train(recipe, run_dir=tmp_path / "run", device="cpu")
        left = [tuple(t.shape) for t in tensors() if id(t) not in before]
    finally:
        gc.enable()
    assert not left


@pytest.mark.parametrize("name", ["ademamix", "schedulefreeadamw"])
def test_other_packages_optimizers_too(name, tmp_path, monkeypatch, capsys):
    pytest.importorskip("pytorch_optimizer", reason="needs the extra `zoo`")
    exact(loads(RECIPE, overrides=[f"optimizer=zoo:{name}"]), tmp_path, monkeypatch)


def exact(recipe, tmp_path, monkeypatch):
    """Stopped three times and resumed, the run is what it is when nobody stops it."""
    train(recipe, run_dir=tmp_path / "whole", device="cpu")
    for step in (3, 14, 21):
        with monkeypatch.context() as patch:
            stopped_at(step, patch)
            outcome = train(recipe, run_dir=tmp_path / "parts", resume=True, device="cpu")
            if outcome.ending.status == "stopped":
                assert outcome.ending.code == 128 + signal.SIGTERM
    train(recipe, run_dir=tmp_path / "parts", resume=True, device="cpu")
    whole, parts = contents(tmp_path / "whole"), contents(tmp_path / "parts")
    assert parts[0] == whole[0]
    assert parts[1] == whole[1]


LIMIT = 300
"""Seconds after which a training in another process counts as hung."""
KILLER = """
import os, sys
from optcli.parts import bundled
from optcli.recipe import loads
from optcli.train.session import train
from optcli.train.update import Update
folder, recipe, at, number, rank = sys.argv[1:]
plain = Update.__call__
def call(self, step, *rest):
    plain(self, step, *rest)
    if step + 1 == int(at) and os.environ.get("RANK", "0") == rank:
        os.kill(os.getpid(), int(number))
Update.__call__ = call
outcome = train(loads(open(recipe).read()), run_dir=folder, resume=True, device="cpu")
print(os.environ.get("RANK", "0"), "left with", outcome.ending.code)
"""
"""Train in `folder` and send the process of that rank a signal during step `at`."""


def test_killed_and_resumed_is_not_killed(tmp_path, capsys):
    text = RECIPE + "regularizers: [{name: dropout, rate: 0.2}]\n"
    (tmp_path / "recipe.yaml").write_text(text)
    train(loads(text), run_dir=tmp_path / "whole", device="cpu")
    for step in (9, 23):
        words = [str(tmp_path / "parts"), str(tmp_path / "recipe.yaml"), str(step), str(int(signal.SIGKILL)), "0"]
        done = subprocess.run([sys.executable, "-c", KILLER, *words], capture_output=True, timeout=LIMIT)
        assert done.returncode == -signal.SIGKILL, done.stderr
    train(loads(text), run_dir=tmp_path / "parts", resume=True, device="cpu")
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_two_processes_are_one(tmp_path, capsys):
    text = RECIPE.replace("epochs: 2", "epochs: 1")
    (tmp_path / "recipe.yaml").write_text(text)
    train(loads(text), run_dir=tmp_path / "one", device="cpu")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "optcli"]
    words = ["train", str(tmp_path / "recipe.yaml"), "--run-dir", str(tmp_path / "two"), "--device", "cpu"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    one, two = contents(tmp_path / "one")[0], contents(tmp_path / "two")[0]
    for a, b in zip(one, two, strict=True):
        assert (a.keys(), a.get("step")) == (b.keys(), b.get("step"))
        for name in {"train/loss", "val/loss", "grad_norm"} & a.keys():
            assert b[name] == pytest.approx(a[name], rel=1e-5)


def test_a_signal_to_one_process_stops_both(tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    words = [str(tmp_path / "run"), str(tmp_path / "recipe.yaml"), "6", str(int(signal.SIGUSR1)), "1"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", KILLER, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **meeting, "RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": "1"},
        )
        for rank in "01"
    ]  # fmt: skip
    said = [process.communicate(timeout=LIMIT) for process in both]
    assert [out for out, _ in said] == [f"{rank} left with {128 + signal.SIGUSR1}\n" for rank in "01"], said
    end = contents(tmp_path / "run")[0][-1]
    assert (end["event"], end["status"]) == ("end", "stopped")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
def test_a_gpu_trains_without_waiting(precision, tmp_path, monkeypatch, capsys):
    from optcli.train.update import Update

    plain = Update.__call__

    def call(self: Update, number: int, *rest: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls the mode a prototype
            torch.cuda.set_sync_debug_mode("error" if number else 0)
        try:
            plain(self, number, *rest)
        finally:
            torch.cuda.set_sync_debug_mode(0)

    monkeypatch.setattr(Update, "__call__", call)
    recipe = loads(RECIPE, overrides=["train.device=cuda", f"train.precision={precision}"])
    outcome = train(recipe, run_dir=tmp_path / "gpu")
    assert outcome.summary["best"]["value"] > 0.5


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_resumes_exactly(tmp_path, monkeypatch, capsys):
    changes = ["train.device=cuda", "train.deterministic=true", "regularizers.dropout.rate=0.3"]
    recipe = loads(RECIPE, overrides=changes)
    train(recipe, run_dir=tmp_path / "whole")
    with monkeypatch.context() as patch:
        stopped_at(12, patch)
        train(recipe, run_dir=tmp_path / "parts")
    train(recipe, run_dir=tmp_path / "parts", resume=True)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
