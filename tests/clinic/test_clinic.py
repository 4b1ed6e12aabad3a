"""Small made-up logs with a known diagnosis: the traps that fool detectors must stay healthy, the plain cases be found.

Every case is drawn with several seeds, since a rule that is right on one draw of the noise may be right by luck.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.diagnosis import Diagnosis
from optcli.run.curve import Curve, Run, read_only

Case = Callable[[np.random.Generator], dict[str, Any]]
HEALTHY: dict[str, Case] = {}
ILL: dict[str, tuple[str, str, Case]] = {}
SEEDS = range(4)
N = 600
STEP = np.arange(N)
EPOCH = STEP[19::20]


def healthy(case: Case) -> Case:
    """Register a run that nobody should be alarmed by."""
    HEALTHY[case.__name__] = case
    return case


def ill(code: str, cause: str) -> Callable[[Case], Case]:
    """Register a run that must show `code` and be explained by `cause` first."""

    def register(case: Case) -> Case:
        ILL[case.__name__] = code, cause, case
        return case

    return register


def diagnosed(case: Case, seed: int) -> Diagnosis:
    """The diagnosis of one draw of a case."""
    drawn = case(np.random.default_rng(seed))
    rest = {key: drawn.pop(key) for key in ("planned", "config") if key in drawn}
    epochs = read_only(drawn.pop("epochs", []))
    curves = {}
    for role, values in drawn.items():
        step, value = values if isinstance(values, tuple) else (np.arange(len(values)), values)
        curves[role] = Curve(role, read_only(step), read_only(value))
    return engine.diagnose(Run(case.__name__, "none", curves, end="finished", epoch_steps=epochs, **rest))


def fall(rng: np.random.Generator, noise: float = 0.03, floor: float = 0.2, pace: float = 90) -> Any:
    """A loss that falls from 2.3, shape (N,)."""
    return floor + (2.3 - floor) * np.exp(-STEP / pace) + noise * rng.normal(size=N)


def smooth(values: Any, width: int) -> Any:
    """Exponential average, as trackers draw it."""
    out = np.array(values)
    for i in range(1, len(out)):
        out[i] = out[i - 1] + (values[i] - out[i - 1]) / width
    return out


@healthy
def warm_up_with_a_flat_start(rng):
    lr = np.minimum(STEP / 100, 1.0) * 1e-3
    return {"train/loss": 0.2 + 2.1 * np.exp(-np.cumsum(lr) / 0.08) + 0.02 * rng.normal(size=N), "lr": lr}


@healthy
def rate_drops_in_steps(rng):
    lr = 0.1 ** (1 + STEP // 200)
    levels = 0.25 + 1.9 * np.exp(-STEP / 40) - 0.08 * (STEP >= 200) - 0.03 * (STEP >= 400)
    return {"train/loss": levels + 0.1 * np.sqrt(lr) * rng.normal(size=N), "lr": lr}


@healthy
def cosine_restarts(rng):
    phase = STEP % 200 / 200
    return {
        "train/loss": fall(rng, pace=150) + 0.12 * np.exp(-(STEP % 200) / 25) * (STEP >= 200),
        "lr": 1e-3 * (0.5 + 0.5 * np.cos(np.pi * phase)),
    }


@healthy
def loss_near_zero_with_noise_like_its_level(rng):
    return {"train/loss": 2.3 * np.exp(-STEP / 60) * np.exp(0.4 * rng.normal(size=N)) + 1e-6}


@healthy
def negative_loss(rng):
    return {"train/loss": fall(rng) - 3.0}


@healthy
def large_units(rng):
    return {"train/loss": 1e6 * fall(rng)}


@healthy
def batches_of_a_few_samples(rng):
    level = 0.25 + 2.05 * np.exp(-STEP / 150)
    return {"train/loss": level * rng.gamma(6, 1 / 6, size=N), "val/loss": (EPOCH, level[EPOCH] + 0.05)}


@healthy
def noise_with_heavy_tails(rng):
    return {"train/loss": fall(rng, noise=0) + 0.03 * rng.standard_t(3, size=N)}


@healthy
def edge_of_stability(rng):
    ragged = 0.25 * np.abs(np.sin(STEP / 3)) * np.exp(-STEP / 300)
    return {"train/loss": fall(rng, pace=200) + ragged}


@healthy
def validation_below_training(rng):
    level = 0.4 + 1.9 * np.exp(-STEP / 120)
    return {"train/loss": level + 0.05 * rng.normal(size=N), "val/loss": (EPOCH, 0.75 * level[EPOCH])}


@healthy
def three_epochs_alone(rng):
    return {"train/loss": [0.9, 0.6, 0.5], "val/loss": [0.7, 0.6, 0.58]}


@healthy
def eight_epochs_with_a_bump(rng):
    train = np.array([1.5, 0.8, 0.6, 0.5, 0.43, 0.38, 0.35, 0.33])
    val = np.array([1.0, 0.75, 0.6, 0.55, 0.58, 0.5, 0.47, 0.46])
    return {"train/loss": train, "val/loss": val}


@healthy
def validation_on_few_samples(rng):
    return {
        "train/loss": fall(rng, pace=150),
        "val/loss": (EPOCH, 0.35 + 1.95 * np.exp(-EPOCH / 150) + 0.05 * rng.normal(size=len(EPOCH))),
    }


@healthy
def smoothed_log(rng):
    return {"train/loss": smooth(fall(rng, noise=0.2, pace=150), 20)}


@healthy
def late_start(rng):
    return {"train/loss": 0.2 + 2.1 / (1 + np.exp((STEP - 90) / 20)) + 0.01 * rng.normal(size=N)}


@healthy
def one_infinite_validation_that_recovers(rng):
    val = 0.3 + 2.0 * np.exp(-EPOCH / 120)
    val[7] = np.inf
    return {"train/loss": fall(rng, pace=120), "val/loss": (EPOCH, val)}


@healthy
def clipped_but_fine(rng):
    norm = 1.5 + 0.3 * rng.normal(size=N)
    return {
        "train/loss": fall(rng),
        "grad_norm": norm,
        "config": {"regularizers": [{"name": "clip_norm", "max_norm": 1.0}]},
    }


@healthy
def adams_own_sawtooth(rng):
    return {"train/loss": fall(rng, pace=150) - 0.03 * (STEP % 60) / 60, "epochs": STEP[::60]}


@healthy
def stairs_of_memorizing(rng):
    epoch = STEP // 150
    return {
        "train/loss": 2.0 - 0.3 * epoch + 0.05 * rng.normal(size=N) - 0.2 * np.exp(-STEP / 20),
        "epochs": STEP[::150],
    }


@healthy
def text_above_its_entropy(rng):
    loss = 2.0 + 2.2 * np.exp(-STEP / 120) - 0.0004 * STEP + 0.05 * rng.normal(size=N)
    return {"train/loss": loss, "planned": N, "config": {"facts": {"task": "language", "outputs": 65}}}


@healthy
def long_and_converged(rng):
    return {"train/loss": fall(rng, pace=25, floor=0.1), "val/loss": (EPOCH, 0.15 + 2.1 * np.exp(-EPOCH / 25))}


@ill("OPT101", "learning-rate-too-high")
def swings_of_both_losses(rng):
    level = 0.8 + 1.5 * np.exp(-STEP / 30) + 0.35 * smooth(rng.normal(size=N), 6)
    return {"train/loss": level + 0.03 * rng.normal(size=N), "val/loss": (EPOCH, level[EPOCH] + 0.05)}


@ill("OPT102", "learning-rate-too-high")
def rate_jumps_and_the_run_is_lost(rng):
    lost = STEP >= 300
    return {"train/loss": np.where(lost, 2.6, fall(rng)) + 0.05 * rng.normal(size=N), "lr": np.where(lost, 0.2, 1e-3)}


@ill("OPT103", "learning-rate-too-low")
def a_straight_crawl(rng):
    return {"train/loss": 2.3 - 0.0007 * STEP + 0.02 * rng.normal(size=N), "planned": N}


@ill("OPT104", "learning-rate-too-high")
def collapse_to_chance_after_a_leap(rng):
    leap = 8 * np.exp(-np.maximum(STEP - 2, 0) / 12) * (STEP >= 2)
    return {"train/loss": 2.303 + leap + 0.03 * rng.normal(size=N)}


@ill("OPT104", "not-connected")
def nothing_moves(rng):
    return {"train/loss": 2.303 + 0.01 * rng.normal(size=N), "val/loss": (EPOCH, np.full(len(EPOCH), 2.3031))}


@ill("OPT106", "too-few-steps")
def cut_off_in_the_fall(rng):
    return {"train/loss": 2.3 * (1 - (STEP / 700) ** 1.6) + 0.02 * rng.normal(size=N)}


@ill("OPT108", "bad-batch")
def a_spike_that_recovers(rng):
    spike = 1.5 * np.exp(-np.maximum(STEP - 400, 0) / 5) * (STEP >= 400)
    return {"train/loss": fall(rng) + spike}


@ill("OPT109", "schedule-ended-early")
def schedule_in_the_wrong_unit(rng):
    lr = 1e-3 * np.maximum(1 - STEP / 100, 1e-6)
    return {"train/loss": 1.2 + 1.1 * np.exp(-np.minimum(STEP, 100) / 50) + 0.02 * rng.normal(size=N), "lr": lr}


@ill("GEN201", "overfit-to-data")
def validation_turns_up(rng):
    val = 0.5 + 1.8 * np.exp(-EPOCH / 60) + 0.0012 * EPOCH + 0.01 * rng.normal(size=len(EPOCH))
    return {"train/loss": fall(rng, floor=0.01, pace=60, noise=0.01), "val/loss": (EPOCH, val)}


@ill("GEN203", "validation-shift")
def validation_of_another_kind(rng):
    return {"train/loss": fall(rng), "val/loss": (EPOCH, 2.4 + 0.004 * EPOCH)}


@ill("NUM301", "numerical-instability")
def nan_out_of_the_blue(rng):
    return {"train/loss": np.where(STEP < 222, fall(rng), np.nan)}


@ill("NUM301", "learning-rate-too-high")
def nan_after_a_climb(rng):
    soaring = fall(rng) * np.exp(np.maximum(STEP - 200, 0) / 3)
    return {"train/loss": np.where(STEP < 222, soaring, np.nan)}


@ill("DAT405", "data-order")
def classes_one_after_another(rng):
    pattern = 0.4 * rng.normal(size=40)
    return {"train/loss": fall(rng, pace=300) + pattern[STEP % 40], "epochs": STEP[::40]}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_trap_alarms_nobody(name: str) -> None:
    for seed in SEEDS:
        diagnosis = diagnosed(HEALTHY[name], seed)
        assert [(f.code, f.known_at, f.message) for f in diagnosis.findings if f.severity != "info"] == []


@pytest.mark.parametrize("name", ILL)
def test_an_illness_is_found_and_explained(name: str) -> None:
    code, cause, case = ILL[name]
    for seed in SEEDS:
        diagnosis = diagnosed(case, seed)
        assert code in {f.code for f in diagnosis.findings if f.healed_at is None}
        assert (diagnosis.status, diagnosis.causes[0].name) == ("ill", cause)
