"""What happens between steps: record what the window holds, evaluate, save, go back, end."""

from __future__ import annotations

import math
import signal as signals
import time
from typing import Any, Final

from optcli.exits import Exit, Failure, for_signal
from optcli.train import culprit
from optcli.train.checkpoint import CannotSave
from optcli.train.probes import LAYERS_EVERY, Row
from optcli.train.training import Ending, Training
from optcli.train.where import going_on

MOST_SKIPPED: Final = 20
"""Bad steps in a row after which skipping is no longer a cure."""
LEAST_SCALE: Final = 1.0
"""A loss scale below it makes small gradients smaller still, which is the opposite of what it is there for."""
MOST_ROLLBACKS: Final = 3
"""Times a run goes back to its last checkpoint before it gives up."""


def record(t: Training) -> None:
    """Read the window: journal, live diagnosis, progress. Ends the run or takes it back if something is wrong."""
    step = t.position.step
    signal = int(t.world.agree(t.signals.received or 0))
    t.window.pace()
    rows = t.window.read(drain=bool(signal) or t.agenda.evaluates(step) or t.agenda.saves(step))
    t.meter.mark(step)
    if t.agenda.evaluates(step):
        t.position.reports = _reports(t, rows[-1].loss if rows else t.position.loss)
    bad = _first_bad(t, rows)
    seen = rows if bad is None else rows[: rows.index(bad) + 1]
    if seen:
        _log(t, seen, closed=bad is not None or not t.agenda.evaluates(seen[-1].step))
        t.progress.step(t.position, seen[-1], t.base_lr)
    if bad is not None:
        _fail_or_return(t, bad)
    elif ending := _by_monitor(t):
        t.ending = ending
    elif signal:
        t.ending = _stopped(signal)
    t.window.boundary = t.agenda.next(t.position.step)


def reach(t: Training) -> None:
    """Evaluate and save, where that is due at this step and not done yet."""
    position, step = t.position, t.position.step
    t.window.boundary = t.agenda.next(step)
    with t.meter.pause():
        improved = t.agenda.evaluates(step) and position.evaluated != step and _evaluate(t)
        done = not t.agenda.evaluates(step) or position.evaluated == step
        if done and (improved or t.agenda.saves(step) or position.ended) and position.saved != step:
            t.journal.event("checkpoint", step=step, best=bool(improved))
            position.saved = step
            save(t, best=bool(improved))
    t.window.go_on(step)
    if done and t.ending is None and (position.ended or step >= t.agenda.total):
        t.ending = Ending("finished", position.ended or "done")
    elif t.signals.received and not done:
        t.ending = _stopped(t.signals.received)


def _stopped(number: int) -> Ending:
    return Ending("stopped", f"by {signals.Signals(number).name}", for_signal(number))


def save(t: Training, best: bool = False) -> None:
    """Store the state as it is after the position's step.

    Raises:
        Failure: it can't be written; names the last checkpoint that was.
    """
    t.position.wall = t.earlier + time.perf_counter() - t.opened
    t.randomness.gather()
    t.world.synchronize()  # copies to the host that nobody waits for may be under way
    value = t.position.best.get("value") if best else None
    try:
        t.checkpoints.save(t.position.step, t.state, metric=value, best=best, info=t.info)
    except (CannotSave, OSError) as error:
        reason = f"{t.checkpoints.directory}: {getattr(error, 'strerror', None) or error}"
        told = error.message if isinstance(error, CannotSave) else reason
        help = f"make room, then go on with: {going_on(t.checkpoints.directory.parent)}"
        raise Failure(Exit.IO_ERROR, told, "; ".join(filter(None, (_last_good(t), help)))) from error


def close(t: Training) -> None:
    """The run has ended: a stopped one saves where it is, a finished one says what only the end can show."""
    assert t.ending is not None
    if t.ending.status == "stopped":
        if t.position.saved != t.position.step:
            save(t)
    else:
        t.monitor.finish("finished" if t.ending.status == "finished" else "stopped")
    status = "finished" if t.ending.status == "finished" else "stopped"
    t.journal.event("end", step=t.position.step, status=status, reason=t.ending.reason)
    t.progress.close()
    if t.writer is not None:
        t.writer.close()


def abandon(t: Training, ending: Ending) -> None:
    """An error ends the run in the middle of a window: log what that holds, and how it ended."""
    t.ending = ending
    if rows := t.window.read(drain=True):
        _log(t, rows, closed=True)
    t.journal.event("end", step=t.position.step, status="stopped", reason=ending.reason)
    t.journal.close()


def _reports(t: Training, loss: float | None) -> dict[str, float]:
    """What the regularizers have to tell; penalties also as a share of the training loss."""
    told = {f"{name}/{key}": value for name, report in t.reports for key, value in report().items()}
    shares = {f"{key}_share": v / loss for key, v in told.items() if key.endswith("/penalty") and loss}
    return {key: value for key, value in {**told, **shares}.items() if math.isfinite(value)}


def _first_bad(t: Training, rows: list[Row]) -> Row | None:
    """The first row that ends the run; where bad steps are skipped, the one with which too many were."""
    for row in rows:
        if t.nonfinite != "skip" and t.gate.bad(row):
            return row
        t.position.skipped = 0 if row.finite else t.position.skipped + 1
        if t.position.skipped >= MOST_SKIPPED or (row.scale is not None and row.scale < LEAST_SCALE):
            return row
    return None


def _log(t: Training, rows: list[Row], closed: bool) -> None:
    """Rows to the journal, the diagnosis and TensorBoard."""
    t.position.loss = rows[-1].loss
    memory = round(t.world.peak_mib(), 1)
    told = [_told(t, row, memory) for row in rows]
    t.monitor.take(told, closed=closed)
    if t.writer is None:
        t.writer = t.events()
    t.writer.rows(told)


def _told(t: Training, row: Row, memory: float) -> dict[str, Any]:
    """A row as the journal has it."""
    told: dict[str, Any] = {
        "step": row.step,
        "epoch": (row.step - 1) // t.batches.per_epoch,
        "train/loss": row.loss,
        "lr": t.base_lr * row.factor,
        **(t.rates.others(row.step - 1) if t.rates.moves else {}),
    }
    if row.finite or t.gate.bad(row):
        told["grad_norm"] = row.grad_norm
    if row.finite and row.step % LAYERS_EVERY == 1:
        told |= {f"grad_norm/{name}": float(row.norms[place]) for name, place in t.layers.items()}
    if row.update_ratio is not None:
        told["update_ratio"] = row.update_ratio
    if row.scale is not None:
        told["loss_scale"] = row.scale
    if not row.finite:
        told["skipped_steps"] = 1
    told["clock"] = {"t": round(t.earlier + row.at, 6), "step_us": round(row.seconds * 1e6, 1), "mib": memory}
    return told


def _evaluate(t: Training) -> bool:
    """Evaluate, unless a signal comes in between; True if it was the best so far."""
    numbers, position, goals = t.randomness.mine(), t.position, t.goals
    values = t.evaluate()
    if values is None:
        t.randomness.take(numbers)  # the next time begins at the beginning
        return False
    told = {"step": position.step, **values, **position.reports}
    t.monitor.take([told], closed=True)
    if t.writer is not None:
        t.writer.rows([told])
    position.evaluated, position.last = position.step, values
    t.rates.observe(values)
    value, best = values[goals.metric], position.best.get("value")
    improved = not math.isnan(value) and (best is None or (value > best if goals.higher else value < best))
    if improved:
        position.best = {"metric": goals.metric, "value": value, "step": position.step}
    _judge(t, values)
    t.progress.evaluation(position, values, improved)
    return bool(improved)


def _judge(t: Training, values: dict[str, float]) -> None:
    """Is a goal reached, or has it become pointless to go on?"""
    position, goals = t.position, t.goals
    met = [values[m] >= v if up else values[m] <= v for m, (v, up) in goals.targets.items()]
    if met and all(met) and position.reached is None:
        position.reached = t.earlier + time.perf_counter() - t.opened
        position.ended = "target reached"
    for stopper in goals.stoppers:
        if stopper.should_stop(values[stopper.metric]) and not position.ended:
            position.ended = "early stopping"
    t.ending = t.ending or _by_monitor(t)


def _by_monitor(t: Training) -> Ending | None:
    """The end, if the monitor says so: the first process's, since clocks and memory of the others say other things."""
    found = t.monitor.stop
    told = t.world.tell("" if found is None else f"{found.code} {found.name}: {found.message}")
    return Ending("failed", told, Exit.TRAINING_FAILED) if told else None


def _fail_or_return(t: Training, bad: Row) -> None:
    """A bad step: end the run, or put everything back to the last checkpoint and go round the batch."""
    if t.nonfinite == "rollback" and t.position.rollbacks < MOST_ROLLBACKS:
        _roll_back(t, bad)
        return
    t.position.step = bad.step  # what came after it in the window changed nothing
    samples = t.batches.indices(bad.step - 1)
    t.objective.bare.train()
    mine = samples if t.world.size == 1 else []  # of several processes each has another part
    place, told = culprit.locate(t.objective, t.batches.at(bad.step - 1), bad, t.names, mine)
    of_loss = not math.isfinite(bad.loss)
    code, what = ("NUM301", "loss") if of_loss else ("NUM302", "gradient")
    if not of_loss and bad.scale is not None and bad.scale < LEAST_SCALE:  # the format is to blame, not the batch
        code, place = "NUM303", "loss_scale"
        told = (
            f"the loss scale is down to {bad.scale:g}, gradients overflow 16-bit floats at any scale; bf16 has no scale"
        )
    t.journal.event("nonfinite", step=bad.step, what=what, first_bad=place, detail=told, samples=samples)
    t.monitor.live.config["facts.first_bad"] = place
    times = f", the last of {t.position.skipped} such steps in a row" if t.position.skipped >= MOST_SKIPPED else ""
    of_batch = "" if mine and place in ("input", "target") else f"; {culprit.numbered(samples)}"
    t.ending = Ending(
        "failed",
        f"{code} non-finite {what} at step {bad.step}{times}: {told}{of_batch}",
        Exit.TRAINING_FAILED,
        _last_good(t),
    )


def _last_good(t: Training) -> str:
    saved = t.checkpoints.steps()
    return f"the last good checkpoint is {t.checkpoints.directory / f'step-{saved[-1]}'}" if saved else ""


def _roll_back(t: Training, bad: Row) -> None:
    """Go on from the last checkpoint with other samples in the place of the bad batch."""
    again, others = t.position.rollbacks + 1, t.batches.state_dict()
    t.window.forget()
    reached, step = t.position.step, t.restore()
    t.position.rollbacks, t.position.skipped = again, 0
    t.batches.load_state_dict(others)  # batches that were bad before are so still
    t.batches.replace(bad.step - 1, again)
    t.gate.lower()
    t.meter.back(reached - step)
    t.replay(step)
    if t.writer is not None:
        t.writer.go_on(step + 1)
    t.journal.event("rollback", step=step, bad=bad.step)
    t.progress.note(f"non-finite value at step {bad.step}: back to step {step}, with other samples in its place")
    reach(t)  # an evaluation that a signal had put off
