"""A training from beginning to end: directory, World, resume, `fit`, and what is left behind."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from optcli.diagnosis.diagnosis import Diagnosis
from optcli.diagnosis.live import Live
from optcli.exits import Exit, Failure
from optcli.parts.origin import PartFailed
from optcli.recipe.recipe import Recipe
from optcli.run import strict_json
from optcli.run.journal import Journal
from optcli.run.readers.journal import _dotted
from optcli.show import json_
from optcli.show.report import Report
from optcli.train import blame, checkpoint, energy, environment, milestones, where
from optcli.train.build import Built, build
from optcli.train.checkpoint import Checkpoints, NoCheckpoint
from optcli.train.energy import Energy
from optcli.train.evaluate import Evaluator
from optcli.train.events import Events
from optcli.train.goals import goals
from optcli.train.loop import fit
from optcli.train.meter import Meter
from optcli.train.monitor import Monitor
from optcli.train.objective import ModelFailed
from optcli.train.position import Agenda, Position
from optcli.train.progress import Progress
from optcli.train.restore import restore
from optcli.train.rundir import RunDir
from optcli.train.signals import Signals
from optcli.train.training import Ending, Training
from optcli.train.world import Unavailable, World


@dataclass(frozen=True)
class Outcome:
    """What a training came to. `summary` is what summary.json holds, `diagnosis` what was found."""

    path: Path
    ending: Ending
    summary: Mapping[str, Any]
    diagnosis: Diagnosis | None
    speaks: bool = True
    """Whether this process is the one that talks to the user."""


def train(
    recipe: Recipe,
    *,
    run_dir: Path | str | None = None,
    resume: bool = False,
    device: str | None = None,
    base: Path | str = "runs",
    imports: Mapping[str, str] | None = None,
) -> Outcome:
    """Train the recipe in a run directory and diagnose it on the way.

    Args:
        run_dir: the directory itself; without it a new one is made in `base`.
        resume: go on with the run that is there.
        device: overrides the recipe's.
        imports: path -> SHA-256 of the user's own files, for `environment.json`.

    Raises:
        Failure: what the recipe asks for can't be done here, or the user's model raised.
        CannotCreate, LockHeld, OSError: the run directory can't be made, is taken, or can't be written.
    """
    with ExitStack() as stack:
        try:
            signals = stack.enter_context(Signals())
            world = stack.enter_context(
                World(device or recipe.train.device, recipe.train.precision, recipe.train.deterministic)
            )
            wanted = None if run_dir is None else Path(run_dir)
            place = world.only(lambda: stack.enter_context(where.reserved(recipe, wanted, resume, Path(base))))
            return _Session(recipe, world, signals, place, dict(imports or {})).run(resume)
        except Unavailable as error:
            raise Failure(Exit.USAGE, str(error), error.help) from error
        except (ModelFailed, PartFailed, MemoryError, RuntimeError) as error:
            failure = _failure(error, recipe, device)
            if failure is None:
                raise
            raise failure from error


class _Session:
    """One run in its directory. Only the first process has one that writes."""

    def __init__(self, recipe: Recipe, world: World, signals: Signals, place: RunDir, imports: dict[str, str]) -> None:
        self.recipe, self.world, self.signals, self.place, self.imports = recipe, world, signals, place, imports
        self.path = Path(world.tell(str(place.path) if world.speaks else ""))
        self.opened = time.perf_counter()
        self.first, self.earlier = 1, 0.0  # this session's first step, and seconds of training before it

    def run(self, resume: bool) -> Outcome:
        recipe, world = self.recipe, self.world
        self._must_agree()
        done = _summary(self.path)
        if done.get("status") == "finished" and done.get("planned") == recipe.plan().steps:
            return Outcome(self.path, Ending("finished", "it had finished already"), done, None, world.speaks)
        begun = world.tell((self.path / "checkpoints").exists())
        loaded = self._newest(self._checkpoints()) if begun else None
        built = build(recipe, world, self.signals, loaded.info.get("chosen") if loaded else None)
        if loaded is None:
            built.try_out()
        training = self._training(built, self._checkpoints())
        if resume and loaded is None:
            training.progress.note(f"{self.path} held no run to go on with: a new one begins")
        for note in built.splits.notes:
            training.progress.note(f"data: {note}")
        said = len(built.notes)
        for note in built.notes:
            training.progress.note(note)
        self._begin(training, loaded)
        try:
            ending = fit(training)
        except KeyboardInterrupt:
            training.progress.note(f"stopped at once; go on with: {where.going_on(self.path)}")
            raise
        except Exception as error:
            self._broke_off(training, error)
            raise
        for note in built.notes[said:]:  # what only a step could show
            training.progress.note(note)
        return self._close(training, ending)

    def _broke_off(self, t: Training, error: Exception) -> None:
        """An error goes its way, but what is known of the run stays behind."""
        cause = error.__cause__ if isinstance(error, ModelFailed) else error
        if isinstance(error, ModelFailed):
            error.step = t.position.step + 1
        failure = _failure(error, self.recipe, None)
        code = failure.code if failure else Exit.IO_ERROR if isinstance(error, OSError) else Exit.BUG
        ending = Ending("failed", f"broke off: {type(cause).__name__}: {cause}"[:500], code)
        with suppress(Exception):  # the first error is the one to tell
            milestones.abandon(t, ending)
            self._close(t, ending)

    def _must_agree(self) -> None:
        if (self.path / "recipe.yaml").exists():
            where.must_agree(self.recipe, where.stored(self.path))
        self.world.barrier()

    def _checkpoints(self) -> Checkpoints:
        return self.world.only(lambda: Checkpoints(self.place.checkpoints, self.recipe.train.keep))

    def _newest(self, checkpoints: Checkpoints) -> checkpoint.Loaded | None:
        """The newest good checkpoint, read by every process."""
        loaded = None
        if self.world.speaks:
            try:
                loaded = checkpoints.load()
            except NoCheckpoint as error:
                if error.skipped:  # all are damaged: to begin anew is not for us to decide
                    raise
        found = self.world.tell(str(loaded.path) if loaded else "")
        if found and loaded is None:
            loaded = checkpoint.read(Path(found))
        return loaded

    def _training(self, built: Built, checkpoints: Checkpoints) -> Training:
        recipe, world, plan = self.recipe, self.world, self.recipe.plan()
        train = recipe.train
        agenda = Agenda(plan.steps, max(1, plan.of(train.eval_every)), max(1, plan.of(train.checkpoint_every)))
        position = Position()
        journal = world.only(lambda: Journal(self.place.journal))
        progress = world.only(lambda: Progress(plan.steps, built.batches.samples))
        config = {**_dotted(recipe.to_dict()), **_dotted({"facts": _facts(recipe)})}
        monitor = Monitor(
            journal,
            lambda: Live(plan.steps, config, ignore=recipe.monitor.ignore),
            recipe.monitor,
            progress.finding,
        )
        evaluator = Evaluator(
            built.objective, built.splits.val_x, built.splits.val_y, built.metrics, recipe.batch_size, world,
            lambda: self.world.size == 1 and self.signals.received is not None,
        )  # fmt: skip
        state = {"position": position, **built.state}
        self.monitor, self.journal, self.state, self.position, self.agenda = monitor, journal, state, position, agenda
        return Training(
            world=world, agenda=agenda, position=position, batches=built.batches, rates=built.rates,
            update=built.update, objective=built.objective, gate=built.gate, window=built.window, evaluate=evaluator,
            goals=goals(recipe, built.regularizers), monitor=monitor, journal=journal, checkpoints=checkpoints,
            state=state, randomness=built.randomness, signals=self.signals, progress=progress,
            meter=Meter(min(plan.steps_per_epoch, plan.steps // 3)), nonfinite=recipe.monitor.nonfinite,
            base_lr=recipe.optimizer.options.lr, names=built.names, layers=built.layers, info={"chosen": built.info},
            events=lambda: world.only(self._events),
            restore=lambda: self._restore(self._newest(checkpoints)), replay=self._replay,
            reports=[(n, r.report) for n, r in built.regularizers.items() if hasattr(r, "report")], opened=self.opened,
            energy=Energy(energy.counter(world.device)),
        )  # fmt: skip

    def _begin(self, t: Training, loaded: checkpoint.Loaded | None) -> None:
        """Go on from a checkpoint, or write the first one: what can't be saved should not be trained."""
        self.place.write("recipe.yaml", self.recipe.to_yaml())
        env = environment.environment(self.recipe.to_yaml(), device=str(self.world.device), imports=self.imports)
        self.place.write("environment.json", {**env, "facts": _facts(self.recipe), "world_size": self.world.size})
        if loaded is None:
            self.journal.cut(0)
            if not _has_start(self.path):
                self.journal.start(t.agenda.total, config={"facts": _facts(self.recipe)})
            milestones.save(t)
        else:
            for path, why in loaded.skipped:
                t.progress.note(f"{path.name} is damaged and was passed over: {why}")
            step = self._restore(loaded)
            self.first = step + 1
            t.earlier = self.earlier = t.position.wall
            self._replay(step)
            self.journal.event("resume", step=step, planned=t.agenda.total)
            t.progress.note(f"going on at step {step} of {t.agenda.total}")
        t.window.go_on(t.position.step)

    def _restore(self, loaded: checkpoint.Loaded | None) -> int:
        assert loaded is not None
        restore(self.state, loaded)
        return loaded.step

    def _replay(self, step: int) -> None:
        """Cut the journal back to a checkpoint and show the monitor what is left."""
        self.journal.cut(step, announced=self.position.saved == step)
        self.world.barrier()
        rows = list(_rows(self.path / "journal.jsonl"))
        self.monitor.replay(rows, closed=self.position.evaluated == step or not self.agenda.evaluates(step))

    def _events(self) -> Events:
        """TensorBoard's writer; the journal's clock began when the run's first session did."""
        began = time.time() - (time.perf_counter() - self.opened) - self.earlier
        return Events(self.place.tensorboard, first=self.first, began=began)

    def _close(self, t: Training, ending: Ending) -> Outcome:
        from optcli.train.summary import summary

        world = self.world
        if ending.status != "failed":  # one process alone may have failed, and nobody waits for the others then
            world.barrier()
        told = summary(self.recipe, t, ending)
        diagnosis = t.monitor.live.diagnosis("finished" if ending.status == "finished" else "stopped")
        diagnosis = replace(diagnosis, source=str(self.path), format="optcli")
        self.place.write("diagnosis.json", json_.render([Report(diagnosis)]))
        self.place.write("summary.json", told)
        return Outcome(self.path, ending, told, diagnosis, world.speaks)


def _failure(error: Exception, recipe: Recipe, device: str | None) -> Failure | None:
    names = {"model": recipe.model.name, "loss": recipe.loss.name}
    return blame.failure(error, names, device or recipe.train.device)


def _facts(recipe: Recipe) -> dict[str, Any]:
    return asdict(recipe.facts)


def _summary(path: Path) -> dict[str, Any]:
    try:
        found = strict_json.loads((path / "summary.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _rows(path: Path) -> Sequence[Mapping[str, Any]]:
    """The journal's rows, events left out."""
    parsed = (strict_json.loads(line) for line in path.read_bytes().splitlines())
    return [record for record in parsed if "event" not in record]


def _has_start(path: Path) -> bool:
    try:
        return b'"start"' in (path / "journal.jsonl").read_bytes()[:4096]
    except OSError:
        return False
