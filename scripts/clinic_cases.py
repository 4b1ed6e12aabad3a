"""The trainings of the clinic: what each is ill with, or which trap a healthy one sets. Used by `make_clinic.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Hook = Callable[[Any], None]
"""Gets the loop (see `make_clinic.Loop`) before each forward pass, and after each backward pass."""
Machine = Callable[[Any], dict[str, float]]
"""Gets the loop after each step, and gives what a made-up machine would log of it: no real clock, so that logs stay."""
HEALTHY = ""


@dataclass(frozen=True)
class Case:
    """One small training and its log."""

    name: str
    codes: str
    """What must be found, and no other warning but those of `also`."""
    why: str
    also: str = ""
    data: str = "digits"
    model: str = "mlp"
    hidden: int = 32
    dropout: float = 0.0
    smoothing: float = 0.0
    samples: int = 0
    """Training samples; 0 = all."""
    noise: float = 0.0
    """Share of wrong labels."""
    optimizer: str = "adam"
    lr: float = 2e-3
    weight_decay: float = 0.0
    batch: int = 32
    steps: int = 300
    shuffle: bool = True
    schedule: Callable[[float], float] = field(default=lambda _: 1.0)
    """Factor of the rate at a share of the run."""
    before: Hook | None = None
    backward: Hook | None = None
    machine: Machine | None = None
    clip: float = math.inf
    half: bool = False
    """Gradients in 16-bit floats, with a loss scale."""
    validate: int = 20
    """Steps between validations; 0 = never."""
    val_samples: int = 0
    """Drawn anew at each validation; 0 = all, always."""
    every: int = 2
    """Steps whose mean is logged."""
    columns: str = "lr grad_norm"
    """Besides the losses; `layers` logs the gradient norm of each layer's weights, `copy` logs the training loss as
    validation, `filter` logs 0 where the loss is NaN."""
    format: str = "csv"


# ---------------------------------------------------------------- schedules, by the share of the run that is done


def cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def warm_cosine(share: float) -> float:
    return (share + 0.003) / 0.12 if share < 0.12 else cosine((share - 0.12) / 0.88)


def one_cycle(share: float) -> float:
    return 0.05 + 0.95 * share / 0.3 if share < 0.3 else max(1e-3, cosine((share - 0.3) / 0.7))


def drops(share: float) -> float:
    return float(0.1 ** ((share >= 0.5) + (share >= 0.8)))


def restarts(share: float) -> float:
    return 0.02 + 0.98 * cosine(share * 3 % 1)


def early_drop(share: float) -> float:
    return 1.0 if share < 0.12 else 2e-3


def over_early(share: float) -> float:
    return cosine(min(1.0, share / 0.1))


# ---------------------------------------------------------------- faults


def at(step: int, length: int, factor: float) -> Hook:
    """Inputs `factor` times too large for `length` steps."""

    def before(loop: Any) -> None:
        if step <= loop.step < step + length:
            loop.x = loop.x * factor

    return before


def rate(step: int, factor: float) -> Hook:
    """A rate that is multiplied from `step` on."""

    def before(loop: Any) -> None:
        if loop.step >= step:
            loop.lr *= factor

    return before


def broken_row(loop: Any) -> None:
    """One sample of the set is NaN."""
    if (loop.index == 77).any():
        loop.x = loop.x * math.nan


def broken_gradient(loop: Any) -> None:
    """A gradient that isn't a number from step 180 on; the optimizer is told to skip such steps."""
    if loop.step >= 180:
        next(iter(loop.model.parameters())).grad.mul_(math.nan)
        loop.skip = True


def broken_weights(loop: Any) -> None:
    """From step 180 on everything is NaN."""
    if loop.step == 180:
        next(iter(loop.model.parameters())).data.mul_(math.nan)


def one_bad_batch(loop: Any) -> None:
    """Without shuffling, the labels of the twelfth batch of each epoch are wrong."""
    if loop.step % loop.per_epoch == 11:
        loop.y = (loop.y + 1) % 10


def no_update(loop: Any) -> None:
    """The optimizer holds other parameters than the model."""
    loop.skip = True


def overflowing(loop: Any) -> None:
    """Inputs so large that gradients overflow 16-bit floats at every scale down to 1."""
    loop.x = loop.x * 1e6


def kl_warm_up(loop: Any) -> None:
    """The weight of the Kullback-Leibler term grows over the first 40 % of the run."""
    loop.kl = 0.01 * min(1.0, loop.step / (0.4 * loop.steps))


def resumed(loop: Any) -> None:
    """At step 170 the run goes back to its checkpoint of step 150, and logs those steps twice."""
    if loop.step == 150:
        loop.keep()
    if loop.step == 170:
        loop.back()


# ---------------------------------------------------------------- machines


def took(loop: Any, seconds: float, **more: float) -> dict[str, float]:
    """A step of about so many seconds, one in twenty of noise, and the time that has gone by."""
    seconds *= 1 + 0.05 * loop.noise.normal()
    loop.clock += seconds
    return {"step_time": seconds, "timestamp": loop.clock, **more}


def slow_loader(loop: Any) -> dict[str, float]:
    """Three quarters of a step are waiting, a good while longer where an epoch begins."""
    wait = 0.6 * (1 + 0.2 * loop.noise.normal()) + 4.0 * (loop.step % loop.per_epoch == 0)
    return took(loop, 0.2 + wait, data_time=wait)


def leak(loop: Any) -> dict[str, float]:
    """12 MiB of graph are kept at every step."""
    return took(loop, 0.2, memory=1500 + 600 * (1 - math.exp(-loop.step / 10)) + 12.0 * loop.step)


def pauses(loop: Any) -> dict[str, float]:
    """A checkpoint every 40 steps that takes as long as they do."""
    return took(loop, 1.0 + 40.0 * (loop.step % 40 == 39))


def hang(loop: Any) -> dict[str, float]:
    """Two hours at step 170 in which nothing happens."""
    found = took(loop, 0.3)
    loop.clock += 7200.0 * (loop.step == 170)
    return {"timestamp": loop.clock if loop.step > 170 else found["timestamp"]}


def slowing(loop: Any) -> dict[str, float]:
    """Each step looks through all that came before."""
    return took(loop, 0.3 + 0.003 * loop.step)


def sound(loop: Any) -> dict[str, float]:
    """Workers start at each epoch, caches fill up, the peak of memory grows now and then, one step took longer."""
    first = loop.step % loop.per_epoch == 0
    loop.peak = max(loop.peak, 2000 + 100 * loop.noise.normal()) + 500 * (loop.step == 3)
    wait = 0.01 + 1.5 * first
    return took(loop, 0.3 + wait + 2.0 * (loop.step == 0) + 6.0 * (loop.step == 201), data_time=wait, memory=loop.peak)


CASES = (
    # ------------------------------------------------------------ ill
    Case("nan-row", "NUM301", "one sample is NaN", before=broken_row, lr=1e-3),
    Case("nan-gradient", "NUM302", "NaN gradients, steps skipped", backward=broken_gradient, format="jsonl"),
    Case("loss-scale", "NUM303", "half precision overflows at any scale", "OPT104 OPT105 GEN204 GEN205 NUM302",
         half=True, before=overflowing, lr=1e-9, columns="loss_scale lr", steps=240),
    Case("hidden-nan", "NUM304", "NaN that a filter logs as 0", before=broken_weights, columns="grad_norm filter",
         validate=0, every=3),
    Case("filtered-nan", "NUM301", "NaN that Hugging Face's filter logs as 0", before=broken_weights, format="hf",
         columns="lr grad_norm filter", validate=0, every=4),
    Case("diverged", "OPT102", "rate times 40 halfway", "OPT108 OPT101 OPT105 GEN204 ARC502",
         optimizer="momentum", lr=0.03, before=rate(150, 40.0)),
    Case("oscillating", "OPT101", "rate too high for momentum", "OPT105 OPT102 OPT108 OPT111 ARC502 GEN204",
         optimizer="momentum", lr=0.9, steps=400, batch=64),
    Case("slow", "OPT103", "rate 100 times too low", "OPT106 GEN204 OPT104 OPT105", lr=4e-5, steps=300),
    Case("not-learning", "OPT104", "nothing is updated", "GEN204 OPT105 GEN206", backward=no_update),
    Case("plateau", "OPT105", "the rate dropped too early, and the log doesn't say so", "GEN204 OPT104",
         schedule=early_drop, lr=1e-3, columns=""),
    Case("still-improving", "OPT106", "stopped in the middle of the fall", "OPT103 GEN204", model="sigmoid", steps=120,
         every=1, batch=96, validate=10, lr=5e-3),
    Case("wasted-tail", "OPT107", "trained five times too long", data="bits", steps=600, every=4, lr=6e-3),
    Case("spike", "OPT108", "three batches with inputs 30 times too large", "ARC502", before=at(180, 3, 30.0), every=1,
         lr=1e-3),
    Case("schedule-over", "OPT109", "cosine over a tenth of the run", "OPT105 OPT103 GEN204 OPT104",
         schedule=over_early, lr=1e-3),
    Case("clipped", "OPT110", "clipped to a thousandth of the usual norm", "OPT103 OPT104 OPT106 GEN204",
         optimizer="sgd", lr=0.5, clip=2e-3, format="journal", every=3, columns="grad_norm"),
    Case("batch-noise", "OPT111", "two samples a batch", "OPT101 GEN205", batch=2, noise=0.2, lr=0.05, steps=1500,
         every=8, hidden=16, optimizer="sgd", validate=100),
    Case("overfitting", "GEN201", "60 samples, 20 % wrong labels", "GEN202 GEN203 DAT402", samples=60, noise=0.2,
         hidden=64, format="keras", validate=6, steps=360),
    Case("overconfident", "GEN202", "trained to zero loss: probabilities drift, choices don't", "GEN201 GEN203",
         samples=200, hidden=256, columns="accuracy", validate=10, steps=600, lr=2e-2),
    Case("gap", "GEN203", "50 samples", "GEN201 GEN202", samples=50, hidden=64, steps=240, weight_decay=5e-3,
         schedule=cosine),
    Case("underfitting", "GEN204", "weight decay 1000 times too strong", "OPT105 OPT103", optimizer="sgd", lr=0.1,
         weight_decay=0.4, batch=64),
    Case("too-much-dropout", "GEN205", "dropout 0.9", "GEN204 OPT105 OPT111 OPT106", dropout=0.9, hidden=48, steps=400),
    Case("copied-validation", "GEN206", "validation logs the training loss", columns="copy", validate=10),
    Case("few-validation", "GEN207", "four other validation samples each time",
         val_samples=4, validate=6, samples=300),
    Case("recurring-spike", "DAT404", "the same bad batch each epoch", "DAT405 OPT108", before=one_bad_batch,
         shuffle=False, every=1, batch=60, steps=220, columns="", format="jsonl", lr=1e-3),
    Case("unshuffled", "DAT405", "samples sorted by label", "OPT101 OPT108 GEN204 OPT103 OPT102 OPT105", data="sorted",
         shuffle=False, every=1, optimizer="sgd", lr=0.05, batch=60, steps=280, columns="", validate=23),
    Case("exploding", "ARC502", "a recurrent net without clipping", "OPT102 OPT108 OPT101 NUM301", data="sine",
         model="rnn", optimizer="sgd", lr=0.5, steps=240, before=rate(120, 8.0)),
    Case("shuffled-labels", "DAT402", "inputs and labels do not belong together",
         "GEN201 GEN203 GEN204 OPT103 OPT104 OPT105 OPT106", data="shuffled", samples=200, hidden=128,
         columns="accuracy", validate=12, steps=400, lr=2e-3),
    Case("softmax-twice", "NUM305", "a softmax before a loss that has its own", "GEN203 GEN204 OPT105", model="softmax",
         columns="accuracy", steps=500, every=4, lr=5e-3, schedule=cosine),
    Case("deep-sigmoid", "ARC501", "eight layers of sigmoid", "OPT104 GEN204 OPT105", model="deep-sigmoid", lr=0.1,
         optimizer="sgd", columns="layers", every=4),
    Case("dead-units", "ARC503", "rate times 500 after a while, which puts all units to sleep",
         "OPT101 OPT102 OPT104 OPT105 OPT108 GEN204 ARC502", lr=2e-3, hidden=12, before=rate(60, 500.0),
         columns="layers", every=1),
    Case("slow-loader", "SYS601", "the loader takes three times as long as the step", machine=slow_loader,
         columns="step_time data_time", schedule=cosine),
    Case("leak", "SYS604", "the graph of each step is kept", machine=leak, columns="memory", schedule=cosine),
    Case("pauses", "SYS606", "checkpoints that take as long as the steps between them", machine=pauses, every=1,
         columns="step_time", schedule=cosine, format="jsonl", validate=0, steps=200),
    Case("hang", "SYS607", "two hours of silence", machine=hang, columns="timestamp", schedule=cosine),
    Case("slowing", "SYS612", "each step takes longer than the one before", machine=slowing,
         columns="step_time", schedule=cosine),
    # ------------------------------------------------------------ healthy
    Case("plain", HEALTHY, "nothing special", schedule=cosine),
    Case("warm-up", HEALTHY, "flat start while the rate rises", schedule=warm_cosine),
    Case("step-drops", HEALTHY, "the rate drops twice", schedule=drops, optimizer="momentum", lr=0.05),
    Case("restarts", HEALTHY, "the loss rises at each restart", schedule=restarts, lr=8e-3),
    Case("one-cycle", HEALTHY, "the rate rises until 30 %", schedule=one_cycle, lr=1e-2, format="jsonl", every=3),
    Case("kl-warm-up", HEALTHY, "a loss term that grows", data="images", model="vae", before=kl_warm_up,
         schedule=cosine),
    Case("smoothing", HEALTHY, "a floor by label smoothing", smoothing=0.2, steps=400, every=4, lr=4e-3,
         schedule=cosine),
    Case("negative", HEALTHY, "a likelihood that goes below 0", data="diamonds", model="density", steps=400, every=4,
         lr=4e-3, schedule=cosine),
    Case("tiny-batches", HEALTHY, "four samples a batch", "OPT111", batch=4, lr=1e-3, steps=700, every=4,
         schedule=cosine, validate=50),
    Case("dropout", HEALTHY, "validation below training", dropout=0.3, hidden=64, steps=400, format="keras",
         schedule=cosine),
    Case("few-epochs", HEALTHY, "six epochs, six points", steps=270, every=45, validate=45, format="hf", lr=4e-3),
    Case("resumed", HEALTHY, "steps 150 to 170 come twice", before=resumed, schedule=cosine, format="jsonl", every=3),
    Case("regression", HEALTHY, "small loss, floor of its own", data="diamonds", steps=400, every=4,
         optimizer="rmsprop", lr=1e-3, schedule=cosine, format="keras"),
    Case("late-start", HEALTHY, "a deep sigmoid net: flat, then falls", model="sigmoid", lr=5e-3, steps=500, every=4,
         schedule=cosine),
    Case("language", HEALTHY, "characters, whose loss has a high floor", data="shakespeare", model="gru", hidden=48,
         batch=16, steps=400, every=4, lr=1e-2, schedule=warm_cosine, clip=1.0, format="journal", validate=40),
    Case("converged", HEALTHY, "lies flat at its floor", "OPT107", data="bits", optimizer="momentum", lr=0.05,
         steps=500, every=4, schedule=drops),
    Case("sound-machine", HEALTHY, "a loader, a memory and a clock with their usual moods", machine=sound,
         columns="step_time data_time memory timestamp", schedule=cosine),
    Case("long-start", HEALTHY, "goes on from a good model", "OPT107", model="trained", lr=5e-4, schedule=cosine),
)  # fmt: skip
