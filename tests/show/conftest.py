"""A sick run and its diagnosis, built by hand: what every format is tried on. Run as a script it stores the screens."""

from __future__ import annotations

import numpy as np
import pytest

from optcli.diagnosis.diagnosis import Cause, Diagnosis, Evidence, Finding, Prescription
from optcli.recipe.patch import Patch
from optcli.run.curve import Curve, Note, Run, read_only
from optcli.show.report import Report


def curves(points: int = 1000) -> dict[str, Curve]:
    step = read_only(np.arange(1.0, points + 1))
    rng = np.random.default_rng(0)
    train = 2.1 * np.exp(-step / points * 5) + 0.2 + 0.02 * rng.standard_normal(points)
    shaky = (step > 0.4 * points) & (step < 0.7 * points)
    train = train + np.where(shaky, 0.4 * np.sin(step), 0.0)
    train[int(0.9 * points)] = np.nan
    val_step = step[points // 20 - 1 :: points // 20]
    val = 0.5 + (val_step / points - 0.4) ** 2
    return {
        "train/loss": Curve("train/loss", step, read_only(train)),
        "val/loss": Curve("val/loss", read_only(val_step), read_only(val)),
        "lr": Curve("lr", step, read_only(np.full(points, 0.001))),
    }


FINDINGS = (
    Finding(
        "NUM301", "non-finite-loss", "error", 1.0, "train/loss", 901, 901, 901,
        "the loss is NaN at step 901", {"count": Evidence(1, "points")},
    ),
    Finding(
        "OPT101", "oscillating-loss", "warning", 0.93, "train/loss", 400, 700, 480,
        "the loss swings by 0.4 around its trend, 20 times its noise",
        {"turn_rate": Evidence(0.61, "1"), "swing": Evidence(20.3, "sigma")}, healed_at=720,
    ),
    Finding("OPT107", "wasted-tail", "info", 0.7, "val/loss", 400, 1000, 800, "nothing was gained after step 400"),
)  # fmt: skip

CAUSES = (
    Cause(
        "learning-rate-too-high", 0.8, ("OPT101", "NUM301"),
        Prescription(
            Patch({"optimizer.lr": 0.0003}), {"lr": 0.3},
            {"any": "train with a third of the rate", "hf": "train with a third of the rate: `learning_rate`"},
            "likely", "the swings vanish within 100 steps", "the loss still swings at a tenth of the rate",
        ),
    ),
)  # fmt: skip


def diagnosis(source: str = "runs/a") -> Diagnosis:
    roles = {"train/loss": "loss", "val/loss": "eval_loss", "lr": "learning_rate"}
    notes = (Note("RUN702", "steps 500 to 510 were logged more than once; the later values count"),)
    return Diagnosis(source, "hf-trainer-state", "ill", 2020, roles, FINDINGS, CAUSES, notes)


def run(points: int = 1000) -> Run:
    return Run("runs/a", "hf-trainer-state", curves(points), planned=points, end="finished")


@pytest.fixture
def sick() -> Report:
    return Report(diagnosis(), run())


@pytest.fixture
def healthy() -> Report:
    return Report(Diagnosis("runs/b", "csv", "healthy", 2020, {"train/loss": "loss"}), run())


@pytest.fixture
def unreadable() -> Report:
    return Report(Diagnosis("runs/c", "", "unreadable", 0, notes=(Note("RUN700", "not a regular file"),)))


def store() -> None:
    """Write the screens of today into the clinic."""
    from pathlib import Path

    from optcli.show import formats
    from optcli.show.screen import Screen

    unread = Diagnosis("runs/c", "", "unreadable", 0, notes=(Note("RUN700", "not a regular file"),))
    well = Diagnosis("runs/b", "csv", "healthy", 2020, {"train/loss": "loss"})
    reports = [Report(diagnosis(), run()), Report(well, run()), Report(unread)]
    screens = {
        "diagnose-80.txt": Screen(terminal=True, width=80),
        "diagnose-120-ascii.txt": Screen(terminal=True, width=120, unicode=False),
        "diagnose-80-colour.txt": Screen(terminal=True, width=80, colour=True),
        "diagnose-pipe.txt": Screen(),
    }
    told = {name: formats.render(reports, "text", screen) for name, screen in screens.items()}
    told |= {f"diagnose.{name}": formats.render(reports, name, Screen()) for name in formats.MODULES if name != "html"}
    for name, text in told.items():
        (Path(__file__).parents[1] / "clinic" / "screens" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    store()
