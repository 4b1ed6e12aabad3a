"""What the smoke checks work on: data, fresh models, and short trainings in a folder that is thrown away."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from optcli.recipe.patch import Patch
from optcli.recipe.problem import BadRecipe

if TYPE_CHECKING:
    from torch import Tensor, nn

    from optcli.recipe.recipe import Recipe
    from optcli.train.build import Built


class Bench:
    """One recipe on the workbench. Everything is made when it is first asked for; leaving it removes its files."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def folder(self) -> Path:
        """A temporary directory."""
        path = Path(tempfile.mkdtemp(prefix="optcli-smoke-"))
        self._stack.callback(shutil.rmtree, path, ignore_errors=True)
        return path

    @cached_property
    def world(self) -> Any:
        """Device and threads as in a training."""
        from optcli.train.world import World

        train = self.recipe.train
        return self._stack.enter_context(World(train.device, train.precision, train.deterministic))

    def build(self, *changes: tuple[str, Any]) -> Built:
        """Everything of a training but its files, with freshly initialized weights."""
        from optcli.train.build import build
        from optcli.train.signals import Signals

        recipe = Patch(dict(changes)).apply(self.recipe) if changes else self.recipe
        return build(recipe, self.world, Signals())

    @cached_property
    def built(self) -> Built:
        """One such training, shared by the checks that take no step."""
        return self.build()

    @cached_property
    def splits(self) -> Any:
        """Training and validation data as arrays, one row a sample."""
        return self.built.splits

    def model(self) -> tuple[nn.Module, Callable[[Any, Tensor], Tensor]]:
        """A fresh model without regularizers on its device, and the plain loss."""
        built = self.build(("regularizers", []))
        return built.objective.bare, built.objective.loss

    def batch(self, size: int, start: int = 0) -> tuple[Tensor, Tensor]:
        """Training samples `start` to before `start + size`, on the device."""
        x, y = (part[start : start + size] for part in (self.splits.train_x, self.splits.train_y))
        return self.tensor(x), self.tensor(y)

    def tensor(self, rows: Any) -> Tensor:
        """Rows of the data on the device, as the model gets them."""
        from optcli.train.inputs import host, owned

        moved: Tensor = self.world.cast(owned(self.world.tensor(host(rows))))
        return moved

    def train(self, name: str, recipe: Recipe, *, resume: bool = False) -> Path:
        """Train `recipe` quietly in `folder / name`; returns that run directory."""
        from optcli.train import session

        with contextlib.redirect_stderr(io.StringIO()):
            session.train(recipe, run_dir=self.folder / name, resume=resume)
        return self.folder / name

    def shortened(self, steps: int, every: int) -> Recipe:
        """The recipe over `steps` steps with a checkpoint and a validation each `every` steps.

        A schedule that doesn't fit into so few steps gives way to a constant rate.
        """
        changes = {
            "train.steps": steps,
            "train.eval_every": every,
            "train.checkpoint_every": every,
            "train.target": None,
        }
        changes |= {f"regularizers.{r.name}": None for r in self.recipe.regularizers if r.name == "early_stopping"}
        try:
            return Patch(changes).apply(self.recipe)
        except BadRecipe:
            return Patch({**changes, "schedule": "constant"}).apply(self.recipe)
