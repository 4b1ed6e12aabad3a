"""One case: control, ladder, consequence, files."""

from __future__ import annotations

import os
import pickle
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import consequence
import figures
import logs
import loop
import numpy as np
import sk
import torch
from figures import Figures
from loop import Trace
from plan import CONTROLS, Case
from setups import SHOWN, Setup
from tasks import TASKS

SHORTEST = 20
"""Steps below which a run can't be judged."""


def trained(s: Setup) -> Trace:
    """Carry the setup out."""
    torch.set_num_threads(1)
    return (sk if TASKS[s.task].framework == "sklearn" else loop).Loop(s).run()


def stored(s: Setup, cache: Path) -> Trace:
    """The same from `cache`: controls are needed many times, and labels can be judged anew without training."""
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / s.key()
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(trained(s)))
        part.replace(path)
    return _loaded(str(path))


@lru_cache(maxsize=8)
def _loaded(path: str) -> Trace:
    return pickle.loads(Path(path).read_bytes())


def noise(control: Setup, cache: Path) -> float:
    """Standard deviation of a control's end between seeds, training or validation, in its fall.

    The seed draws the data as well where they are synthetic, so that the noise is rather too large there.
    """
    traces = [stored(replace(control, seed=seed), cache) for seed in CONTROLS]
    spreads = []
    for pick in ("train", "val"):
        curves = [np.array(getattr(t, pick)) for t in traces]
        ends = [figures.end(c) for c in curves]
        fall = float(np.median([c[0] - end for c, end in zip(curves, ends, strict=True)]))
        spreads.append(float(np.std(ends, ddof=1)) / fall)
    return max(spreads)


def attempt(work: tuple[Case, Path]) -> str:
    """Run a case and write it, or why not; says what came of it in a line."""
    case, out = work
    if (out / case.name / "label.json").exists() or (out / "dropped" / case.name).exists():
        return f"{case.name}: there"
    control, spread = stored(case.control, out / "cache"), noise(case.control, out / "cache")
    why = ""
    for wanted, setup in rungs(case):
        run = stored(setup, out / "cache")
        if len(run.rows) < SHORTEST:
            why = "broke off at once"
            continue
        found = figures.measure(run, control, spread, setup)
        labels, fine, why = judged(found, case.planted, wanted)
        if not why:
            write(out, case, setup, run, found, labels, fine)
            return f"{case.name}: {' '.join(labels) or 'healthy'} ({' '.join(fine)})"
        why += ": " + " ".join(f"{k}={v:.3g}" for k, v in asdict(found).items())
    (out / "dropped").mkdir(exist_ok=True)
    (out / "dropped" / case.name).write_text(f"{case.name}\t{' '.join(case.planted)}\t{why}")
    return f"{case.name}: dropped, {why}"


def judged(f: Figures, planted: tuple[str, ...], wanted: set[str]) -> tuple[list[str], list[str], str]:
    """Labels, what is acceptable besides, and why the run is no use (empty: it is)."""
    if not planted:
        why, fine = consequence.healthy(f)
        return [], fine, why
    labels, fine = consequence.verdict(f, planted)
    return labels, fine, "" if set(labels) & wanted else "no consequence"


def rungs(case: Case) -> Iterator[tuple[set[str], Setup]]:
    """The ladder; for kinds that are easily overshot, once for that kind alone and then for whatever it became."""
    if case.planted[:1] and case.planted[0] in ("oscillation", "loss_spike"):
        yield from (({case.planted[0]}, setup) for setup in case.ladder)
    yield from ((set(case.planted), setup) for setup in case.ladder)


def style_of(case: Case, labels: list[str], run: Trace) -> str:
    """A way of logging that shows the first kind and gives some points, by lot that the name decides."""
    allowed = (case.styles or logs.NEEDS.get(labels[0] if labels else "", "")).split() or logs.ANY
    if "leakage" in labels and "copied" in case.cause:
        allowed = ["full", "bare"]
    enough = [a for a in allowed if logs.points(run, logs.STYLES[a]) >= (8 if logs.STYLES[a].every == 0 else 20)]
    return (enough or ["bare"])[zlib.crc32(case.name.encode()) % len(enough or ["bare"])]


def write(out: Path, case: Case, s: Setup, run: Trace, f: Figures, labels: list[str], fine: list[str]) -> None:
    """The folder of a run."""
    style, task = style_of(case, labels, run), TASKS[case.task]
    if "grad_norm" not in logs.STYLES[style].columns and len(labels) > 1:
        fine = sorted({*fine, *(k for k in labels if "gradients" in k)})
        labels = [k for k in labels if "gradients" not in k]
    rows = logs.written(run, logs.STYLES[style])
    onset = {k: onset_of(k, case, s, f) for k in labels}
    label: dict[str, Any] = {
        "run": case.name, "cause": case.cause if labels else f"none:{case.cause}", "labels": labels,
        "also_acceptable": fine, "healthy": not labels, "onset_by_label": onset,
        "onset_step": min(onset.values(), default=None), "total_steps": int(s.steps * s.cut), "half": task.half,
        "task": case.task, "model": task.model, "framework": task.framework, "optimizer": s.optimizer,
        "schedule": s.schedule, "lr": s.lr, "batch_size": s.batch, "seed": s.seed, "steps_per_epoch": run.per_epoch,
        "log_style": style, "points": len(rows), "evidence": rounded(asdict(f)), "control": case.control.key(),
    }  # fmt: skip
    folder = out / case.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text(logs.lines(rows))
    (folder / "hparams.json").write_text(
        logs.text({k: v for k, v in asdict(s).items() if k in SHOWN} | {"steps": int(s.steps * s.cut)})
    )
    (folder / "label.json").write_text(logs.text(label))


def onset_of(kind: str, case: Case, s: Setup, f: Figures) -> int:
    """First step at which the kind is there."""
    total = int(s.steps * s.cut)
    found = {
        "nan": f.broken, "loss_spike": f.leap_at, "overfitting": int(f.best_at * total),
        "exploding_gradients": min(f.grads_at, int(case.at * s.steps)), "schedule_ended_early": int(s.end_at * s.steps),
        "plateau": int(max(0.0, s.end_at) * s.steps), "undertrained": int(0.8 * total),
    }  # fmt: skip
    return max(0, found.get(kind, int(case.at * s.steps)))


def rounded(values: dict[str, float]) -> dict[str, float | None]:
    """Four digits; None for what is no number."""
    return {k: float(f"{v:.4g}") if np.isfinite(v) else None for k, v in values.items()}
