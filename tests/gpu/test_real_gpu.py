"""On a real GPU: run with `pytest -m gpu`. The laws of the fake device with values, streams and memory.

Everything is compared with the same run on the same machine, so that no number here depends on the card.
"""

from __future__ import annotations

import json
import signal
import warnings
from contextlib import contextmanager
from statistics import fmean

import pytest
import torch

from optcli.parts import bundled, find
from optcli.recipe import loads
from optcli.train.batches import Batches
from optcli.train.build import build
from optcli.train.checkpoint import Checkpoints
from optcli.train.session import train
from optcli.train.signals import Signals
from optcli.train.update import Update
from optcli.train.world import World

DEVICE = "cuda"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
RECIPE = """
name: real
seed: 5
data: {name: digits, batch_size: 32}
model: {name: mlp, hidden: [32]}
loss: cross_entropy
metrics: [accuracy]
optimizer: {name: adamw, lr: 1e-3}
train: {steps: 250, eval_every: 100, checkpoint_every: 50, threads: 1, deterministic: true}
"""
TEXT = ("data={name: shakespeare, context: 32, batch_size: 16}", "metrics=[bits_per_char]")
MODELS = {
    "mlp": (),
    "batch norm": ("model.norm=batch",),
    "cnn": ("model={name: cnn, channels: [8, 16]}",),
    "resnet": ("model={name: resnet, blocks: 1, width: 8}",),
    "gpt": (*TEXT, "model={name: gpt, layers: 2, heads: 2, width: 32}"),
    "rnn": (*TEXT, "model={name: rnn, width: 32}"),
}
WAITING = {"adafactor", "lbfgs", "sparse_adam"}
"""Optimizers that the host waits for, or that need an own model; see `test_fake_cuda.py`."""
OPTIMIZERS = [name for name in bundled("optimizer") if name not in WAITING]
AVERAGING = ("schedule_free_adamw", "schedule_free_sgd", "asgd")
"""Optimizers that recipes refuse together with L1."""
PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
models = pytest.mark.parametrize("model", MODELS)


@contextmanager
def made(*changes, device=DEVICE):
    """The device's part of a training of the recipe with these changes."""
    recipe = loads(RECIPE, overrides=changes)
    with World(device, recipe.train.precision, recipe.train.deterministic) as world:
        yield build(recipe, world, Signals())


@contextmanager
def no_waits():
    """Any operation that makes the host wait for the device is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls the mode a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def steps(built, start, stop):
    for number, batches in built.batches.stream(start, stop):
        built.update(number, batches, built.rates(number))
        built.window.closes(number + 1, 1.0)


def losses(built, count):
    """The loss of each step, read window by window as a training does."""
    rows = []
    for number, batches in built.batches.stream(0, count):
        built.update(number, batches, built.rates(number))
        if built.window.closes(number + 1, 1.0):
            rows += built.window.read(drain=False)
    rows += built.window.read(drain=True)
    return [row.loss for row in rows]


def weights(built):
    return [p.detach().clone() for p in built.objective.bare.parameters()]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_step_and_no_window_waits(optimizer, precision):
    changes = [f"optimizer.name={optimizer}", f"train.precision={precision}", "train.accumulate=2"]
    shrinking = "clip_norm" if optimizer in AVERAGING else "clip_norm, l1"
    with made(*changes, f"regularizers=[{shrinking}]") as built:
        steps(built, 0, 1)
        with no_waits():
            steps(built, 1, 12)
            built.window.read(drain=False)


@models
@pytest.mark.parametrize("precision", PRECISIONS)
def test_no_model_waits(model, precision):
    with made(*MODELS[model], f"train.precision={precision}", "regularizers.dropout.rate=0.1") as built:
        steps(built, 0, 1)
        with no_waits():
            steps(built, 1, 12)


def test_waiting_is_noticed():
    with made() as built, no_waits(), pytest.raises(RuntimeError, match="synchroniz"):
        built.gate.up.item()


def contents(folder):
    """Journal without clocks and words about interruptions; newest checkpoint, tensors as bytes."""
    records = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    rows = [{k: v for k, v in r.items() if k != "clock"} for r in records if r.get("event") != "resume"]
    return rows, plain(Checkpoints(folder / "checkpoints").load().state_dicts)


def plain(value):
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.cpu().contiguous().view(-1).view(torch.uint8).tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in ("wall", "reached")}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


@models
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_stopped_and_resumed_is_not_stopped(model, precision, tmp_path, monkeypatch, capsys):
    changes = [*MODELS[model], f"train.precision={precision}", "regularizers.dropout.rate=0.1"]
    recipe = loads(RECIPE, overrides=changes)
    train(recipe, run_dir=tmp_path / "whole", device=DEVICE)
    step = Update.__call__

    def stopping(self, number, *rest):
        step(self, number, *rest)
        if number == 130:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Update, "__call__", stopping)
        assert train(recipe, run_dir=tmp_path / "parts", device=DEVICE).ending.status == "stopped"
    train(recipe, run_dir=tmp_path / "parts", resume=True, device=DEVICE)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


@models
def test_memory_is_flat(model):
    with made(*MODELS[model], "train.precision=bf16") as built:
        used, every = [], min(built.batches.per_epoch, 50)
        for number, batches in built.batches.stream(0, 200):
            built.update(number, batches, 1.0)
            if built.window.closes(number + 1, 1.0):
                built.window.read(drain=False)
            if number % every == 20:  # the same place of each epoch: where one is gathered, memory steps up
                used.append(torch.cuda.memory_allocated())
        assert len(used) > 1
        assert max(used[1:]) <= used[0]


@models
@pytest.mark.parametrize(("precision", "close"), [("tf32", 0.01), ("bf16", 0.05), ("fp16", 0.05)])
def test_low_precision_learns_as_fp32_does(model, precision, close):
    end = {}
    for asked in ("fp32", precision):
        with made(*MODELS[model], f"train.precision={asked}", "train.deterministic=false") as built:
            end[asked] = fmean(losses(built, 150)[-30:])
    assert end[precision] == pytest.approx(end["fp32"], rel=close, abs=0.02)


@pytest.mark.parametrize("model", ["mlp", "cnn", "gpt"])
def test_the_first_steps_are_those_of_the_cpu(model):
    told = []
    for device in ("cpu", DEVICE):
        with made(*MODELS[model], device=device) as built:
            told.append(losses(built, 5))
    assert told[0] == pytest.approx(told[1], rel=1e-3)


@pytest.mark.parametrize(("roomy", "free"), [(True, 1e12), (False, 1e12), (False, 0.0)])
def test_batches_are_the_same_from_wherever_they_come(roomy, free, monkeypatch):
    data = torch.arange(4096.0).view(1024, 4)
    with World(DEVICE) as world:
        monkeypatch.setattr(world, "free_bytes", lambda: free)
        near = Batches(data, data[:, 0], 16, 2, 0, world, roomy=roomy)
        for step, batches in near.stream(0, 64):
            rows = data[near.indices(step)]
            assert all(x.device.type == DEVICE for x, _ in batches)
            assert torch.equal(torch.cat([x for x, _ in batches]).cpu(), rows)
            assert torch.equal(torch.cat([y for _, y in batches]).cpu(), rows[:, 0])


def test_a_staged_tensor_may_be_overwritten_at_once():
    with World(DEVICE) as world:
        source, staged = torch.empty(1 << 22), []
        for number in range(16):
            source.fill_(number)
            staged.append(world.stage(source))
        assert [float(t.min()) for t in staged] == [float(t.max()) for t in staged] == list(range(16))


def test_rows_read_a_window_late_are_the_true_ones():
    with made() as built, made() as again:
        late = losses(built, 250)
        direct = []
        for number, batches in again.batches.stream(0, 250):
            direct.append(float(again.objective(*batches[0]).detach()))
            again.update(number, batches, again.rates(number))
            again.window.count = 0
    assert late == direct


# SOAP's first step only looks, and the host, which counts, doesn't know that it was skipped: its next one is Adam's.
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "soap"])
def test_an_overflow_leaves_no_trace_but_the_scale(optimizer):
    changes = [f"optimizer.name={optimizer}", "train.precision=fp16", "monitor.nonfinite=skip"]
    with made(*changes) as spared, made(*changes) as undisturbed:
        before = weights(spared)
        spared.gate.scale.fill_(2.0**125)
        steps(spared, 0, 1)
        assert (float(spared.gate.up), float(spared.gate.scale)) == (1.0, 2.0**124)
        assert all(torch.equal(a, b) for a, b in zip(before, weights(spared), strict=True))
        spared.gate.scale.fill_(2.0**16)
        steps(spared, 1, 6)
        steps(undisturbed, 1, 6)
        assert all(torch.equal(a, b) for a, b in zip(weights(spared), weights(undisturbed), strict=True))


def test_fp32_is_exact_tf32_is_not_and_both_are_undone():
    torch.manual_seed(0)
    a, b = torch.randn(2, 512, 512, device=DEVICE)
    exact, error = a.double() @ b.double(), {}
    was = torch.backends.cuda.matmul.fp32_precision
    for precision in ("fp32", "tf32"):
        with World(DEVICE, precision):
            error[precision] = float((a @ b - exact).abs().max() / exact.abs().max())
    assert error["fp32"] < 1e-5
    assert torch.cuda.get_device_capability() < (8, 0) or error["tf32"] > 1e-5
    assert torch.backends.cuda.matmul.fp32_precision == was


def test_a_checkpoint_of_the_gpu_goes_on_on_the_cpu(tmp_path, monkeypatch, capsys):
    recipe = loads(RECIPE, overrides=["train.deterministic=false"])
    outcome = train(recipe, run_dir=tmp_path / "run", device=DEVICE)
    state = Checkpoints(tmp_path / "run" / "checkpoints").load().state_dicts
    with made(device="cpu") as built:
        built.objective.bare.load_state_dict(state["model"])
        built.optimizer.load_state_dict(state["optimizer"])
        built.objective.bare.eval()
        x, y = (torch.from_numpy(data) for data in (built.splits.val_x, built.splits.val_y))
        loss = built.objective.evaluate(x, y)[1].item()
        steps(built, 250, 252)
    assert loss == pytest.approx(outcome.summary["final"]["val/loss"], rel=1e-3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the compiler's own
def test_a_compiled_training_is_the_plain_one():
    told = []
    for way in ("off", "on"):
        with made(f"train.compile={way}", "train.deterministic=false") as built:
            told.append(losses(built, 30))
    assert told[0] == pytest.approx(told[1], rel=1e-3)


@models
def test_every_model_has_a_deterministic_form(model):
    with made(*MODELS[model], "regularizers.dropout.rate=0.1") as one:
        first = losses(one, 20)
    with made(*MODELS[model], "regularizers.dropout.rate=0.1") as other:
        assert losses(other, 20) == first


def test_every_optimizer_keeps_its_state_on_the_device():
    for name in OPTIMIZERS:
        with made(f"optimizer.name={name}") as built:
            steps(built, 0, 2)
            assert getattr(find("optimizer", name), "GATED", False) or built.update._ungated
            for one in built.optimizer.state.values():
                places = {key: t.device.type for key, t in one.items() if isinstance(t, torch.Tensor)}
                assert set(places.values()) <= {DEVICE} or (name == "adagrad" and places["sum"] == DEVICE)


PLAIN = "train.cuda_graphs=false"
OTHERWISE = {
    "recorded": "train.cuda_graphs=true",
    "offload": "train.offload=optimizer",
    "in backward": "train.optimizer_in_backward=true",
}


@pytest.mark.parametrize("model", ["mlp", "batch norm", "gpt"])
@pytest.mark.parametrize("way", OTHERWISE)
def test_other_ways_to_take_a_step_are_the_same_bit_for_bit(way, model):
    changes = (*MODELS[model], "regularizers.dropout.rate=0.1")
    told = []
    for change in (PLAIN, OTHERWISE[way]):
        with made(*changes, change, *((PLAIN,) if way != "recorded" else ())) as built:
            told.append((losses(built, 40), [w.cpu() for w in weights(built)]))
            if change == OTHERWISE["recorded"]:
                assert built.update._recorded._replay is not None, built.notes
    assert told[0][0] == told[1][0]
    assert all(torch.equal(a, b) for a, b in zip(told[0][1], told[1][1], strict=True))


def test_playing_back_waits_for_nothing():
    with made("train.cuda_graphs=true", "regularizers.dropout.rate=0.1") as built:
        steps(built, 0, 2)
        with no_waits():
            steps(built, 2, 20)


def test_state_on_the_host_takes_less_of_the_device():
    peaks = []
    for place in ("none", "optimizer"):
        with made("model={name: mlp, hidden: [2048, 2048]}", f"train.offload={place}", PLAIN) as built:
            steps(built, 0, 2)
            torch.cuda.reset_peak_memory_stats()
            steps(built, 2, 5)
            peaks.append(torch.cuda.max_memory_allocated())
    assert peaks[1] < 0.8 * peaks[0]
